//! What the routes and pages share.

use revento::{Client, inbox::Deletions, types::EventId, with_axum::AuthorizationFlow};

use crate::{feed::Feed, participants::Participants};

/// The state of the router.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) client: Client,
    pub(crate) flow: AuthorizationFlow,
    pub(crate) feed: Feed,
    pub(crate) deletions: Deletions,
    pub(crate) participants: Participants,
    /// The event that a page is about if its address names none.
    pub(crate) event_id: EventId,
    pub(crate) base_url: String,
}
