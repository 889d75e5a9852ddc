//! Counters of the sandbox.

use serde::Serialize;

use crate::platform::queries::connections;
use crate::platform::records::DeliveryStatus;
use crate::platform::state::State;

/// Requests that were counted outside the state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestCounts {
    pub(crate) requests: u64,
    pub(crate) rate_limited: u64,
}

/// Counters of the sandbox since its state was created or last reset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Codes that were exchanged for tokens.
    pub exchanges: u64,
    /// Token pairs that were issued, by exchange or refresh.
    pub tokens_issued: u64,
    /// Refreshes that succeeded.
    pub refreshes: u64,
    /// Uses of a refresh token that had been used before.
    pub reuses: u64,
    /// Uses of a code that had been used before.
    pub code_reuses: u64,
    /// Token families that exist.
    pub families: u64,
    /// Token families that were revoked, for any reason.
    pub families_revoked: u64,
    /// Connections that have not ended.
    pub connections: u64,
    /// Connections that have ended.
    pub connections_ended: u64,
    /// Deliveries that were created.
    pub deliveries: u64,
    /// Deliveries that wait for an attempt.
    pub deliveries_pending: u64,
    /// Attempts that were answered with a 2xx.
    pub deliveries_succeeded: u64,
    /// Attempts that failed.
    pub attempts_failed: u64,
    /// Deliveries in the dead-letter queue.
    pub dead_letters: u64,
    /// Deliveries that were replayed.
    pub replays: u64,
    /// Secrets that were rotated.
    pub secrets_rotated: u64,
    /// Requests of every kind since the start or the last reset.
    pub requests: u64,
    /// Requests that were answered 429 since the start or the last reset.
    pub rate_limited: u64,
}

impl Stats {
    pub(crate) fn collect(state: &State, counts: RequestCounts) -> Self {
        let with = |status| state.deliveries.iter().filter(|row| row.status == status).count() as u64;
        Self {
            exchanges: state.counter("exchanges"),
            tokens_issued: state.counter("tokens_issued"),
            refreshes: state.counter("refreshes"),
            reuses: state.counter("reuses"),
            code_reuses: state.counter("code_reuses"),
            families: state.families.len() as u64,
            families_revoked: state.counter("families_revoked"),
            connections: connections::count_live(state) as u64,
            connections_ended: state.counter("connections_ended"),
            deliveries: state.counter("deliveries"),
            deliveries_pending: with(DeliveryStatus::Pending),
            deliveries_succeeded: state.counter("deliveries_succeeded"),
            attempts_failed: state.counter("attempts_failed"),
            dead_letters: with(DeliveryStatus::Dead),
            replays: state.counter("replays"),
            secrets_rotated: state.counter("secrets_rotated"),
            requests: counts.requests,
            rate_limited: counts.rate_limited,
        }
    }
}
