//! Reading a page of a list, and applying it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::join;
use revento_api::{Error, EventClient, List, OnBadItem};
use revento_core::{ApiErrorCode, Timestamp, WithJson};
use serde::de::DeserializeOwned;

use crate::{
    Mirror, MirrorError,
    advance::{Step, Turn},
    machine::{
        merge::{Batch, Content, Observation},
        pass::{self, PageRead},
    },
    store::{Marks, MirrorWrite, ResourceKind, RowKey, Stamp, Wish, WriteOutcome},
};

/// The clocks are compared by the `Date` of an answer, which is exact to a second or two.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);

/// How often a page is applied again after a conflict with a webhook.
const ATTEMPTS: usize = 16;

/// A page, read.
#[derive(Default)]
struct Page {
    items: Vec<Item>,
    /// The ids of items that cannot be read. They exist all the same.
    illegible: Vec<Option<Box<str>>>,
    next: Option<Box<str>>,
}

struct Item {
    id: Box<str>,
    json: Box<str>,
}

/// A page, and the time up to which everything that happened is on it.
type Fetched = Result<(Page, Stamp), Error>;

impl Turn<'_> {
    /// Reads pages from this cursor on and applies them. While one is applied, the next one is on its way, unless it has to wait.
    pub(crate) async fn read_pages(
        &mut self,
        kind: ResourceKind,
        cursor: Option<Box<str>>,
    ) -> Result<Step, MirrorError> {
        let mirror = self.mirror;
        let event = mirror.0.client.event(self.event.event_id.clone());
        let mut has_cursor = cursor.is_some();
        let mut fetched = fetch(mirror, &event, kind, cursor).await;
        loop {
            let (page, as_of) = match fetched {
                Ok(fetched) => fetched,
                Err(error) => return self.page_failed(kind, has_cursor, error).await,
            };
            let next = page.next.clone().filter(|_| self.reads_ahead());
            let ahead = async {
                match next {
                    Some(cursor) => Some(fetch(mirror, &event, kind, Some(cursor)).await),
                    None => None,
                }
            };
            let (applied, ahead) = join(self.apply_page(kind, page, as_of), ahead).await;
            match (applied?, ahead) {
                (Some(step), _) => return Ok(step),
                (None, None) => return Ok(Step::Again),
                (None, Some(next)) => fetched = next,
            }
            has_cursor = true;
        }
    }

    /// Whether the next page may be read at once, and under the same claim.
    fn reads_ahead(&self) -> bool {
        let has_no_gap = pass::gap(&self.progress, &self.mirror.0.rules).is_zero();
        has_no_gap && self.claim_is_fresh()
    }

    /// Applies a page. `None` if it is written.
    async fn apply_page(
        &mut self,
        kind: ResourceKind,
        page: Page,
        as_of: Stamp,
    ) -> Result<Option<Step>, MirrorError> {
        let pass_number = self.progress.last_pass;
        let key = |id: &str| RowKey { kind, id: id.into() };
        let keys: Vec<RowKey> = page.items.iter().map(|item| key(&item.id)).collect();
        let shown: BTreeSet<Box<str>> = page.items.iter().map(|item| item.id.clone()).collect();
        let legible = shown.len() as u64;
        let has_illegible = page.illegible.iter().any(Option::is_none);
        let marks = Marks {
            kind,
            pass: pass_number,
            as_of,
            ids: shown
                .into_iter()
                .chain(page.illegible.into_iter().flatten())
                .collect(),
        };
        for _ in 0..ATTEMPTS {
            let loaded = self.mirror.0.store.load(&self.event.event_id, &keys).await?;
            let mut batch = Batch::new(loaded.rows);
            for item in &page.items {
                batch.apply(&Observation {
                    key: key(&item.id),
                    stamp: as_of,
                    content: Content::Shown {
                        json: item.json.clone(),
                        pass: pass_number,
                    },
                    absent_as_of: None,
                });
            }
            let rows = batch.into_writes();
            let read = PageRead {
                as_of,
                next: page.next.clone(),
                rows: legible,
                changed: rows.iter().filter(|row| row.is_announced).count() as u64,
                has_illegible,
            };
            let progress = pass::page_read(&self.progress, read, self.mirror.now(), &self.mirror.0.rules);
            let write = MirrorWrite {
                progress: Some(progress.to_json()),
                rows,
                marks: Some(marks.clone()),
                ..self.empty_write()
            };
            match self.write_rows(&write).await? {
                WriteOutcome::Written { .. } => {
                    self.progress = progress;
                    return Ok(None);
                }
                WriteOutcome::Conflict => {}
                outcome => return Ok(Some(self.step_after(outcome))),
            }
        }
        Err(MirrorError::Contended)
    }

    /// What a failed read means for the progress.
    async fn page_failed(
        &mut self,
        kind: ResourceKind,
        has_cursor: bool,
        error: Error,
    ) -> Result<Step, MirrorError> {
        let now = self.mirror.now();
        let event_id = &self.event.event_id;
        match &error {
            Error::Refused { code, .. } if *code == ApiErrorCode::InsufficientScope => {
                tracing::warn!(%event_id, %kind, "the organizer has not granted the scope of this list: the mirror treats it as empty");
                // What was read under an earlier consent is removed, as what has vanished.
                let as_of = Stamp::read(platform_time(self.mirror, now));
                let applied = self.apply_page(kind, Page::default(), as_of).await?;
                Ok(applied.unwrap_or(Step::Again))
            }
            Error::Refused { code, .. } if *code == ApiErrorCode::InvalidRequest && has_cursor => {
                tracing::warn!(%event_id, %kind, "the platform does not take the stored cursor: the mirror begins this read again");
                let progress = pass::begin_again(&self.progress, now, &self.mirror.0.rules);
                self.note(progress, Wish::Keep, false).await
            }
            _ => {
                let connection = self.mirror.0.client.connection(event_id.clone()).await?;
                let is_live = connection.is_some_and(|it| it.status.is_live());
                // An end of the connection is no failure of the mirror: the next step follows it.
                if is_live {
                    Err(error.into())
                } else {
                    Ok(Step::Again)
                }
            }
        }
    }
}

async fn fetch(
    mirror: &Mirror,
    event: &EventClient,
    kind: ResourceKind,
    cursor: Option<Box<str>>,
) -> Fetched {
    let sent_at = mirror.now();
    let page = read(event, kind, cursor).await?;
    Ok((page, Stamp::read(platform_time(mirror, sent_at))))
}

/// A time of this machine's clock as a time that the platform's clock has certainly reached.
fn platform_time(mirror: &Mirror, at: Timestamp) -> Timestamp {
    let skew = mirror.0.client.clock_skew_seconds().unwrap_or(0);
    let by = Duration::from_secs(skew.unsigned_abs());
    let at = if skew < 0 {
        at.saturating_sub(by)
    } else {
        at.saturating_add(by)
    };
    at.saturating_sub(CLOCK_TOLERANCE)
}

async fn read(event: &EventClient, kind: ResourceKind, cursor: Option<Box<str>>) -> Result<Page, Error> {
    match kind {
        ResourceKind::Participant => page(event.participants(), cursor, |it| it.id.as_str()).await,
        ResourceKind::Activity => page(event.activities(), cursor, |it| it.id.as_str()).await,
        ResourceKind::Thread => page(event.threads(), cursor, |it| it.id.as_str()).await,
        ResourceKind::Location => page(event.locations(), cursor, |it| it.id.as_str()).await,
        ResourceKind::RegistrationWave => page(event.registration_waves(), cursor, |it| it.id.as_str()).await,
        ResourceKind::Event => {
            let event = event.get().await?;
            let json = serde_json::to_string(&event).unwrap_or_else(|_| "{}".to_owned());
            Ok(Page {
                items: vec![Item {
                    id: event.id.as_str().into(),
                    json: json.into(),
                }],
                illegible: Vec::new(),
                next: None,
            })
        }
    }
}

async fn page<T: DeserializeOwned + Send + 'static>(
    list: List<T>,
    cursor: Option<Box<str>>,
    id: impl Fn(&T) -> &str,
) -> Result<Page, Error> {
    let illegible = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&illegible);
    let list = list.with_json().on_bad_item(move |bad| {
        tracing::warn!(item = %bad, "the mirror leaves out an item that cannot be read");
        let id = bad.id().map(Box::from);
        noted.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        OnBadItem::Skip
    });
    let mut pages = list.pages();
    if let Some(cursor) = cursor {
        pages = pages.resume(cursor);
    }
    let items: Vec<WithJson<T>> = pages.next_page().await?.unwrap_or_default();
    let items = items
        .iter()
        .map(|item| Item {
            id: id(&item.value).into(),
            json: item.json().into(),
        })
        .collect();
    let illegible = std::mem::take(&mut *illegible.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Page {
        items,
        illegible,
        next: pages.cursor().map(Box::from),
    })
}
