//! The right to one call.

use std::sync::Arc;

use revento_core::pacing::{RateLimitHeaders, Ticket};

use super::lane::Lane;
use crate::client::Shared;

/// The right to one call. Dropping it says that nobody waits for the answer any more.
#[must_use = "dropping it frees the place only after a while"]
pub(crate) struct Permit(Option<Held>);

struct Held {
    lane: Arc<Lane>,
    ticket: Ticket,
    client: Arc<Shared>,
}

impl Permit {
    /// Where nothing is paced.
    pub(crate) fn free() -> Self {
        Self(None)
    }

    pub(super) fn new(lane: Arc<Lane>, ticket: Ticket, client: Arc<Shared>) -> Self {
        Self(Some(Held { lane, ticket, client }))
    }

    /// Whether somebody else sees to it that the platform's waits are kept.
    pub(crate) fn is_paced(&self) -> bool {
        self.0.is_some()
    }

    /// The call was answered.
    pub(crate) async fn done(mut self, told: &RateLimitHeaders) {
        if let Some(held) = self.0.take() {
            let now = held.client.clock.now();
            held.lane
                .report(&held.client, |budget| budget.done(held.ticket, now, told))
                .await;
        }
    }

    /// The call never left this machine.
    pub(crate) async fn unsent(mut self) {
        if let Some(held) = self.0.take() {
            held.lane
                .report(&held.client, |budget| budget.unsent(held.ticket))
                .await;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(held) = self.0.take() {
            held.lane.lost(held.ticket, held.client.clock.now());
        }
    }
}
