//! Asks the store whether the connection of a session still exists.

use std::time::Duration;

use revento_api::Client;
use revento_core::{EventId, Timestamp, UserId};
use revento_store::StoreError;

use crate::recent::Recent;

/// How many answers are remembered at most, in each of two generations.
const CAPACITY: usize = 10_000;

/// Remembers for some seconds that a connection is live. That a connection has ended is not remembered, since a login on another
/// replica can replace it at any time.
#[derive(Debug)]
pub(super) struct ConnectionChecks {
    interval: Duration,
    live: Recent<(EventId, UserId), Timestamp>,
}

impl ConnectionChecks {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            live: Recent::new(interval, CAPACITY),
        }
    }

    pub(super) async fn is_live(
        &self,
        client: &Client,
        event_id: &EventId,
        user_id: &UserId,
    ) -> Result<bool, StoreError> {
        let key = (event_id.clone(), user_id.clone());
        let now = client.now();
        let is_recent =
            |checked_at: Timestamp| checked_at <= now && now < checked_at.saturating_add(self.interval);
        if self.live.get(&key).is_some_and(is_recent) {
            return Ok(true);
        }
        let connection = client.user_connection(event_id.clone(), user_id.clone()).await?;
        let is_live = connection.is_some_and(|connection| connection.status.is_live());
        if is_live {
            self.live.insert(key, now, now);
        }
        Ok(is_live)
    }
}
