//! What the routes and pages share.

use revento::{Client, inbox::Deletions, with_axum::AuthorizationFlow};

use crate::feed::Feed;

/// The state of the router.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) client: Client,
    pub(crate) flow: AuthorizationFlow,
    pub(crate) feed: Feed,
    pub(crate) deletions: Deletions,
    pub(crate) event_id: String,
    pub(crate) base_url: String,
}
