//! An access token in memory, and how long it may be used without asking the store.

use std::time::Duration;

use revento_core::{AccessToken, Connection, ConnectionStatus, Timestamp};
use revento_oauth::refresh::{LoadedConnection, Timing};

/// How long to trust a token that expires soon while another replica is refreshing it.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// How long the store has had a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenAge {
    /// This process has just stored it.
    JustIssued,
    /// It came out of the store.
    Stored,
}

/// An access token that can be used.
pub(crate) struct CachedToken {
    pub(crate) access: AccessToken,
    pub(crate) generation: u64,
    /// Until then nobody has to ask the store.
    pub(super) trusted_until: Timestamp,
    /// Until then the platform accepts it, as far as this client knows.
    pub(crate) usable_until: Timestamp,
}

impl CachedToken {
    /// `None` when the connection has no tokens.
    pub(super) fn new(
        loaded: &LoadedConnection,
        age: TokenAge,
        timing: &Timing,
        now: Timestamp,
    ) -> Option<Self> {
        let tokens = loaded.tokens.as_ref()?;
        let connection = &loaded.connection;
        let usable_until = usable_until(connection, timing);
        let refresh_at = match (&connection.status, &tokens.refresh, age) {
            // Nothing is sent before the token expires, so there is nothing to ask the store for.
            (ConnectionStatus::InDoubt, ..) | (_, None, _) => usable_until,
            (_, _, TokenAge::Stored) => refresh_at(connection, timing),
            // A short-lived token must not be refreshed as soon as it is there.
            (_, _, TokenAge::JustIssued) => {
                refresh_at(connection, timing).max(now.saturating_add(usable_until.saturating_since(now) / 2))
            }
        };
        Some(Self {
            access: tokens.access.clone(),
            generation: connection.generation,
            trusted_until: refresh_at
                .max(now.saturating_add(ASK_AGAIN_AFTER))
                .min(usable_until),
            usable_until,
        })
    }

    pub(super) fn trusted_a_little_longer(&self, now: Timestamp) -> Self {
        Self {
            access: self.access.clone(),
            generation: self.generation,
            trusted_until: now.saturating_add(ASK_AGAIN_AFTER).min(self.usable_until),
            usable_until: self.usable_until,
        }
    }
}

fn usable_until(connection: &Connection, timing: &Timing) -> Timestamp {
    connection.access_expires_at.saturating_sub(timing.clock_skew)
}

fn refresh_at(connection: &Connection, timing: &Timing) -> Timestamp {
    connection
        .access_expires_at
        .saturating_sub(timing.lead_time_for(connection))
}
