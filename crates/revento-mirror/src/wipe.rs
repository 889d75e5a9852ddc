//! Wiping the data of ended connections, with evidence.

use std::fmt;

use revento_core::{EventId, Timestamp};
use revento_inbox::{Deletions, covers_consent};
use revento_store::DeletionDuty;
use sha2::{Digest, Sha256};

use crate::{
    Mirror, MirrorError,
    advance::SLICE,
    machine::progress::{Ended, Evidence, Kind, Progress},
    store::{MirrorWrite, MirroredEvent, ResourceKind, RowCounts, RowQuery, Wish, WriteOutcome},
};

/// How often wiping begins again when another replica wipes at the same time.
const ATTEMPTS: usize = 16;

/// What was wiped. Its text is the note for the deletion ledger: numbers and a digest, and no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WipeEvidence {
    /// The event.
    pub event_id: EventId,
    /// When, by the client's clock.
    pub at: Timestamp,
    /// How much was deleted.
    pub deleted: RowCounts,
    /// The SHA-256 over kinds, ids and contents of the deleted rows in their order, in hexadecimal digits.
    pub digest: String,
}

impl WipeEvidence {
    fn new(event_id: &EventId, evidence: Evidence) -> Self {
        Self {
            event_id: event_id.clone(),
            at: evidence.at,
            deleted: RowCounts {
                rows: evidence
                    .rows
                    .into_iter()
                    .map(|(kind, count)| (kind.0, count))
                    .collect(),
                answers: evidence.answers,
                marks: evidence.marks,
                changes: evidence.changes,
            },
            digest: evidence.digest,
        }
    }
}

impl fmt::Display for WipeEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "revento-mirror deleted all data of the event {}: ",
            self.event_id
        )?;
        for kind in ResourceKind::ALL {
            let count = self.deleted.of(kind);
            if count > 0 || kind == ResourceKind::Participant {
                write!(f, "{count} {kind} rows, ")?;
            }
        }
        let RowCounts {
            answers,
            marks,
            changes,
            ..
        } = &self.deleted;
        write!(
            f,
            "{answers} answers, {marks} marks, {changes} changes; 0 are left; sha256 {}",
            self.digest
        )
    }
}

impl Mirror {
    /// Wipes the mirrored data that open deletion duties cover, and marks these duties as done, with the evidence as note. Returns the
    /// evidence. [`run`](Self::run) does not call it: call it once an hour or so.
    ///
    /// Use it if the mirror has all that your program keeps of an event. If other tables have data, too, call
    /// [`wipe`](Self::wipe) for each duty, delete the rest, and then
    /// [`mark_deleted`](Deletions::mark_deleted) yourself.
    ///
    /// # Errors
    /// The store failed. What was wiped stays wiped: call again.
    pub async fn fulfil(&self, deletions: &Deletions) -> Result<Vec<WipeEvidence>, MirrorError> {
        let mut all = Vec::new();
        for duty in deletions.open().await? {
            let evidence = self.wipe(&duty).await?;
            if duty.event_id.is_none() || self.is_clear_of(&duty).await? {
                let note = match evidence.as_slice() {
                    [] => "revento-mirror: nothing that was read under the ended consent is left".to_owned(),
                    all => all.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
                };
                deletions.mark_deleted(&duty.envelope_id, note).await?;
            }
            all.extend(evidence);
        }
        Ok(all)
    }

    /// Wipes the mirrored data that a duty covers: of its event, or of all mirrored events if it names none. Data that was read under
    /// a later consent stays (invariant T8). Returns what was wiped.
    ///
    /// # Errors
    /// The store failed. Call again.
    pub async fn wipe(&self, duty: &DeletionDuty) -> Result<Vec<WipeEvidence>, MirrorError> {
        let events = match &duty.event_id {
            Some(event_id) => self
                .0
                .store
                .load(event_id, &[])
                .await?
                .event
                .into_iter()
                .collect(),
            None => self.all_events().await?,
        };
        let mut all = Vec::new();
        for event in events {
            let progress = Progress::of(&event)?;
            if !covers_consent(duty, progress.consented_at) {
                continue;
            }
            if progress.ended.is_none() {
                self.stop_for_good(&event.event_id, duty.occurred_at).await?;
            }
            all.extend(self.wipe_ended(&event.event_id).await?);
        }
        Ok(all)
    }

    /// Whether nothing is left that the duty covers: the data is wiped, or all of it was read again under a later consent.
    async fn is_clear_of(&self, duty: &DeletionDuty) -> Result<bool, MirrorError> {
        let Some(event_id) = &duty.event_id else {
            return Ok(false);
        };
        let Some(event) = self.0.store.load(event_id, &[]).await?.event else {
            return Ok(true);
        };
        let progress = Progress::of(&event)?;
        if covers_consent(duty, progress.consented_at) {
            return Ok(progress.ended.is_some_and(|ended| ended.is_wiped));
        }
        // Rows from before the consent are gone when a read after it is complete and confirmed.
        let is_read_again = progress.complete.is_some_and(|complete| !complete.unconfirmed);
        Ok(is_read_again || self.0.store.counts(event_id).await?.is_empty())
    }

    /// Ends the epoch of an event, so that nothing but wiping follows.
    async fn stop_for_good(&self, event_id: &EventId, at: Timestamp) -> Result<(), MirrorError> {
        for _ in 0..ATTEMPTS {
            let Some(event) = self.0.store.load(event_id, &[]).await?.event else {
                return Ok(());
            };
            let progress = Progress::of(&event)?;
            if progress.ended.is_some() || self.stop(&event, &progress, at).await? {
                return Ok(());
            }
        }
        Err(MirrorError::Contended)
    }

    /// Wipes an event whose connection has ended. `None` if it has not ended. The evidence is the same, however often it is called.
    pub(crate) async fn wipe_ended(&self, event_id: &EventId) -> Result<Option<WipeEvidence>, MirrorError> {
        for _ in 0..ATTEMPTS {
            let Some(event) = self.0.store.load(event_id, &[]).await?.event else {
                return Ok(None);
            };
            let progress = Progress::of(&event)?;
            let Some(ended) = progress.ended.clone() else {
                return Ok(None);
            };
            let evidence = match &ended.evidence {
                Some(evidence) => evidence.clone(),
                None => self.evidence(&event).await?,
            };
            if ended.is_wiped {
                return Ok(Some(WipeEvidence::new(event_id, evidence)));
            }
            if ended.evidence.is_none() {
                let ended = Ended {
                    evidence: Some(evidence),
                    ..ended
                };
                self.note_ended(&event, &progress, ended, false).await?;
                continue;
            }
            let at = self.now();
            if self.0.store.wipe(event_id, event.epoch, at).await?.is_none() {
                continue;
            }
            let ended = Ended {
                is_wiped: true,
                ..ended
            };
            self.note_ended(&event, &progress, ended, true).await?;
            self.0.changed.notify_waiters();
            let evidence = WipeEvidence::new(event_id, evidence);
            tracing::info!(%event_id, "{evidence}");
            return Ok(Some(evidence));
        }
        Err(MirrorError::Contended)
    }

    async fn note_ended(
        &self,
        event: &MirroredEvent,
        progress: &Progress,
        ended: Ended,
        ends_epoch: bool,
    ) -> Result<(), MirrorError> {
        let noted = Progress {
            ended: Some(ended),
            complete: None,
            ..progress.clone()
        };
        let write = MirrorWrite {
            progress: Some(noted.to_json()),
            ends_epoch,
            wish: Wish::Clear,
            ..MirrorWrite::nothing(event, self.now())
        };
        // Another replica may have noted it first.
        let _: WriteOutcome = self.0.store.write(&write).await?;
        Ok(())
    }

    /// Counts and digests what there is to wipe. Nothing is written to an event that has ended, so both stay true.
    async fn evidence(&self, event: &MirroredEvent) -> Result<Evidence, MirrorError> {
        let digest = self.digest(event).await?;
        let counts = self.0.store.counts(&event.event_id).await?;
        Ok(Evidence {
            at: self.now(),
            rows: counts
                .rows
                .iter()
                .map(|(kind, count)| (Kind(*kind), *count))
                .collect(),
            answers: counts.answers,
            marks: counts.marks,
            changes: counts.changes,
            digest,
        })
    }

    async fn digest(&self, event: &MirroredEvent) -> Result<String, MirrorError> {
        let mut hasher = Sha256::new();
        for kind in ResourceKind::ALL {
            let mut query = RowQuery {
                event_id: event.event_id.clone(),
                kind,
                conditions: Vec::new(),
                after: None,
                limit: SLICE,
            };
            loop {
                let rows = self.0.store.rows(&query).await?;
                for stored in &rows {
                    for part in [kind.as_str(), &stored.row.id, &stored.row.json] {
                        hasher.update((part.len() as u64).to_be_bytes());
                        hasher.update(part);
                    }
                }
                match rows.last() {
                    Some(last) if rows.len() == SLICE => query.after = Some(last.row.id.clone()),
                    _ => break,
                }
            }
        }
        Ok(hex::encode(hasher.finalize()))
    }

    /// All events of the store.
    pub(crate) async fn all_events(&self) -> Result<Vec<MirroredEvent>, MirrorError> {
        let mut all: Vec<MirroredEvent> = Vec::new();
        loop {
            let after = all.last().map(|event| &event.event_id);
            let page = self.0.store.events(after, SLICE).await?;
            let is_last = page.len() < SLICE;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }
}
