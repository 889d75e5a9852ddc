//! Reading a page of a list, and applying it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use revento_api::{Error, EventClient, List, OnBadItem};
use revento_core::{ApiErrorCode, Timestamp, WithJson};
use serde::de::DeserializeOwned;

use crate::{
    MirrorError,
    advance::{Step, Turn},
    machine::{
        merge::{Batch, Content, Observation},
        pass::{self, PageRead},
    },
    store::{Marks, MirrorWrite, ResourceKind, RowKey, Stamp, Wish},
};

/// The clocks are compared by the `Date` of an answer, which is exact to a second or two.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);

/// How often a page is applied again after a conflict with a webhook.
const ATTEMPTS: usize = 16;

/// A page, read.
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

impl Turn<'_> {
    /// Reads the page behind a cursor and applies it.
    pub(crate) async fn read_page(
        &mut self,
        kind: ResourceKind,
        cursor: Option<Box<str>>,
    ) -> Result<Step, MirrorError> {
        let sent_at = self.mirror.now();
        let event = self.mirror.0.client.event(self.event.event_id.clone());
        let page = match read(&event, kind, cursor.clone()).await {
            Ok(page) => page,
            Err(error) => return self.page_failed(kind, cursor.is_some(), error).await,
        };
        let as_of = Stamp::read(self.platform_time(sent_at));
        self.apply_page(kind, page, as_of).await
    }

    /// A time of this machine's clock as a time that the platform's clock has certainly reached.
    fn platform_time(&self, at: Timestamp) -> Timestamp {
        let skew = self.mirror.0.client.clock_skew_seconds().unwrap_or(0);
        let by = Duration::from_secs(skew.unsigned_abs());
        let at = if skew < 0 {
            at.saturating_sub(by)
        } else {
            at.saturating_add(by)
        };
        at.saturating_sub(CLOCK_TOLERANCE)
    }

    async fn apply_page(
        &mut self,
        kind: ResourceKind,
        page: Page,
        as_of: Stamp,
    ) -> Result<Step, MirrorError> {
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
            if let Some(step) = self.write_unless_in_conflict(&write).await? {
                return Ok(step);
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
                tracing::warn!(%event_id, %kind, "the organizer has not granted the scope of this list: the mirror leaves it out");
                let progress = pass::skip_list(&self.progress, now);
                self.note(progress, Wish::Keep, false).await
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
