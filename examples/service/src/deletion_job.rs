//! Deletes the data of an ended connection before the platform's deadline, and keeps the proof.
//!
//! The webhook `data.deletion_required` adds a duty to the deletion ledger. The ledger is in the database, so a restart
//! does not lose the duty. Once an hour [`DeletionJob::run_once`] deletes the data of each duty that is due and records
//! the proof (contract §2.6).

use std::{sync::Arc, time::Duration};

use futures_util::TryStreamExt as _;
use revento::{
    Client, Timestamp,
    inbox::{Deletions, covers_consent},
    store::{Clock, DeletionDuty, DeletionStore, StoreError, StoreErrorReason},
    types::error::chain,
};

use crate::feed::Feed;

/// How long the data stays after its connection ended, in case the organizer ended it by mistake. The platform allows
/// 30 days.
const GRACE_PERIOD: Duration = Duration::from_secs(86_400);
const INTERVAL: Duration = Duration::from_secs(3600);

/// The job that fulfils deletion duties.
#[derive(Clone)]
pub(crate) struct DeletionJob {
    ledger: Deletions,
    clock: Arc<dyn Clock>,
    client: Client,
    feed: Feed,
}

impl DeletionJob {
    pub(crate) fn new(
        store: Arc<dyn DeletionStore>,
        clock: Arc<dyn Clock>,
        client: Client,
        feed: Feed,
    ) -> Self {
        Self {
            ledger: Deletions::new(store).clock(Arc::clone(&clock)),
            clock,
            client,
            feed,
        }
    }

    /// The ledger that the webhook handlers write to.
    pub(crate) fn ledger(&self) -> &Deletions {
        &self.ledger
    }

    /// Runs once an hour until the future is dropped. If the ledger fails, the job tries again in an hour.
    pub(crate) async fn run(self) {
        let mut interval = tokio::time::interval(INTERVAL);
        loop {
            interval.tick().await;
            if let Err(error) = self.run_once().await {
                tracing::error!(error = %chain(&error), "the deletion job failed; it runs again in an hour");
            }
        }
    }

    /// Fulfils each duty whose grace period is over.
    ///
    /// Also logs each duty that is still open two weeks before its deadline or later: its deletion has failed every
    /// hour since, so a person has to look.
    async fn run_once(&self) -> Result<(), StoreError> {
        for duty in self.ledger.due_reminders().await? {
            // A real service tells its operators here.
            tracing::error!(event_id = ?duty.event_id, deadline_at = %duty.deadline_at, "data is still not deleted");
            self.ledger.mark_reminded(&duty.envelope_id).await?;
        }
        for duty in self.ledger.open().await? {
            if duty.occurred_at.saturating_add(GRACE_PERIOD) <= self.clock.now() {
                let note = self.delete(&duty).await?;
                self.ledger.mark_deleted(&duty.envelope_id, note).await?;
            }
        }
        Ok(())
    }

    /// Deletes the data of one duty. Returns the note for the proof.
    ///
    /// The caller records the proof afterwards. A crash in between repeats the deletion, which changes nothing. Data
    /// that came with a newer consent stays, even if the webhook about the old connection arrives late.
    async fn delete(&self, duty: &DeletionDuty) -> Result<String, StoreError> {
        // A real service deletes rows here: `… WHERE event_id = $1 AND consented_at <= $2`.
        let entries = self
            .feed
            .remove(|entry| covers(duty, entry.event_id.as_deref(), entry.occurred_at))
            .map_err(|error| {
                StoreError::write(StoreErrorReason::Unavailable, "shortening the feed", error)
            })?;
        let mut connections = 0;
        let mut all = self.client.connections();
        while let Some(connection) = all.try_next().await? {
            if covers(
                duty,
                Some(connection.key.event_id.as_str()),
                connection.consented_at,
            ) {
                self.client.confirm_deletion(&connection.key).await?;
                connections += 1;
            }
        }
        Ok(format!(
            "entries of the feed: {entries}, connections: {connections}; by the hourly job"
        ))
    }
}

/// Whether a duty covers data that was received from this event at this time.
fn covers(duty: &DeletionDuty, event_id: Option<&str>, received_at: Timestamp) -> bool {
    let same_event = match &duty.event_id {
        Some(expected) => event_id == Some(expected.as_str()),
        None => true, // The duty covers all events.
    };
    same_event && covers_consent(duty, received_at)
}

#[cfg(test)]
mod tests;
