//! What the routes and pages share.

use axum::http::request::Parts;
use revento::{
    Client,
    inbox::Deletions,
    types::EventId,
    with_axum::{AuthorizationFlow, WebviewSessions},
};

use crate::{feed::Feed, participants::Participants};

/// The state of the router.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) client: Client,
    pub(crate) flow: AuthorizationFlow,
    /// For a login in the platform's frame.
    pub(crate) framed_flow: AuthorizationFlow,
    /// The participants who are signed in.
    pub(crate) sessions: WebviewSessions,
    pub(crate) feed: Feed,
    pub(crate) deletions: Deletions,
    pub(crate) participants: Participants,
    /// The event that a page is about if its address names none.
    pub(crate) event_id: EventId,
    pub(crate) base_url: String,
}

impl State {
    /// The flow for a browser: inside of a frame it needs cookies of another kind.
    pub(crate) fn flow_for(&self, browser: &Parts) -> &AuthorizationFlow {
        match self.flow.leave_frame(browser) {
            Some(_) => &self.framed_flow,
            None => &self.flow,
        }
    }
}
