//! Deleting what was kept of an event, well before the platform's deadline, and keeping the proof.
//!
//! The webhook `data.deletion_required` makes a duty in the ledger, which is in the database: no restart forgets it. Once an
//! hour [`Housekeeper::look`] deletes what it asks for and writes the proof.

use std::{sync::Arc, time::Duration};

use revento::{
    Client, Timestamp,
    inbox::{Deletions, means_data_of},
    store::{Clock, DeletionDuty, DeletionStore, StoreError},
    types::Connection,
};

use crate::feed::Feed;

/// How long data stays after its connection ended, for organizers who ended it by mistake. The platform allows 30 days.
const GRACE: Duration = Duration::from_secs(86_400);
const EVERY: Duration = Duration::from_secs(3600);

/// Keeps the deadlines.
#[derive(Clone)]
pub(crate) struct Housekeeper {
    ledger: Deletions,
    clock: Arc<dyn Clock>,
    client: Client,
    feed: Feed,
}

impl Housekeeper {
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

    /// What webhooks are recorded in.
    pub(crate) fn ledger(&self) -> &Deletions {
        &self.ledger
    }

    /// Looks once an hour, for ever. A ledger that is down is asked again in the next one: there are days left.
    pub(crate) async fn run(self) {
        let mut hours = tokio::time::interval(EVERY);
        loop {
            hours.tick().await;
            if let Err(error) = self.look().await {
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::error!(error, "nothing could be deleted; trying again in an hour");
            }
        }
    }

    /// Deletes what has had its day of grace. Reminds of what is still open two weeks before its deadline or later:
    /// then deleting has failed all the time, and somebody has to look.
    async fn look(&self) -> Result<(), StoreError> {
        for duty in self.ledger.to_remind().await? {
            // A real service tells its operators here.
            tracing::error!(event_id = ?duty.event_id, deadline_at = %duty.deadline_at, "data is still not deleted");
            self.ledger.reminded(&duty.envelope_id).await?;
        }
        for duty in self.ledger.open().await? {
            if duty.occurred_at.saturating_add(GRACE) <= self.clock.now() {
                let note = self.delete(&duty).await?;
                self.ledger.settle(&duty.envelope_id, note).await?;
            }
        }
        Ok(())
    }

    /// Deletes, and only then says so: after a crash in between it is done again, which changes nothing.
    ///
    /// What came with a newer consent stays, also where the webhook of the old connection came late.
    async fn delete(&self, duty: &DeletionDuty) -> Result<String, StoreError> {
        // A real service deletes rows here: `… WHERE event_id = $1 AND consented_at <= $2`.
        let entries = self.feed.forget(duty);
        let mut connections = 0;
        for connection in self.client.connections().await? {
            if speaks_of(duty, &connection) {
                self.client.mark_deleted(&connection.key).await?;
                connections += 1;
            }
        }
        Ok(format!(
            "entries of the feed: {entries}, connections: {connections}; by the hourly job"
        ))
    }
}

fn speaks_of(duty: &DeletionDuty, connection: &Connection) -> bool {
    is_of(
        duty,
        Some(connection.key.event_id.as_str()),
        connection.consented_at,
    )
}

/// Whether a duty means what was got at this time from this event.
pub(crate) fn is_of(duty: &DeletionDuty, event_id: Option<&str>, at: Timestamp) -> bool {
    let same_event = match &duty.event_id {
        Some(meant) => event_id == Some(meant.as_str()),
        None => true, // All events.
    };
    same_event && means_data_of(duty, at)
}

#[cfg(test)]
mod tests;
