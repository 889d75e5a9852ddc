//! The right to one call.

use std::sync::Arc;

use revento_core::pacing::{RateLimitHeaders, Ticket};

use super::token_queue::TokenQueue;

/// The right to one call. Dropping it says that nobody waits for the answer any more.
#[must_use = "dropping it frees the place only after a while"]
pub(crate) struct Permit(Option<(Arc<TokenQueue>, Ticket)>);

impl Permit {
    /// For calls that are not paced.
    pub(crate) fn unpaced() -> Self {
        Self(None)
    }

    pub(super) fn new(queue: Arc<TokenQueue>, ticket: Ticket) -> Self {
        Self(Some((queue, ticket)))
    }

    /// Whether the queue waits as long as the platform asks for.
    pub(crate) fn is_paced(&self) -> bool {
        self.0.is_some()
    }

    /// The call was answered.
    pub(crate) async fn answered(mut self, limits: &RateLimitHeaders) {
        if let Some((queue, ticket)) = self.0.take() {
            queue.answered(ticket, limits).await;
        }
    }

    /// The call never left this machine.
    pub(crate) async fn unsent(mut self) {
        if let Some((queue, ticket)) = self.0.take() {
            queue.unsent(ticket).await;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some((queue, ticket)) = self.0.take() {
            queue.abandon(ticket);
        }
    }
}
