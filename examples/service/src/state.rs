//! What the routes and pages share.

use std::fmt;

use axum::http::{Uri, request::Parts};
use revento::{
    Client, Scope, Scopes,
    inbox::Deletions,
    types::EventId,
    web::{AuthorizationFlow, FrameAncestors, LocalPath, WebviewSessions},
};

use crate::{feed::Feed, participants::Participants};

/// The parameter of an address that names an event. The platform's panel uses it, too (contract §2).
pub const EVENT_ID: &str = "event_id";
/// The page that begins Login with Revento.
pub const LOGIN: &str = "/login";
/// The page that says who is signed in.
pub const ME: &str = "/me";
/// The page in the platform's frame.
pub const WEBVIEW: &str = "/webview";

/// The scopes that an organizer is asked for.
pub fn connect_scopes() -> Scopes {
    Scopes::from([Scope::EventRead, Scope::ParticipantsRead, Scope::ProgramRead])
}

/// The scopes that a participant is asked for.
pub fn login_scopes() -> Scopes {
    Scopes::from([Scope::ProfileRead, Scope::EventAttendance])
}

/// What the routes share.
#[derive(Clone)]
pub struct State {
    /// The API client.
    pub client: Client,
    /// The flow outside of frames.
    pub flow: AuthorizationFlow,
    /// For a login in the platform's frame.
    pub framed_flow: AuthorizationFlow,
    /// The participants who are signed in.
    pub sessions: WebviewSessions,
    /// The handled webhooks.
    pub feed: Feed,
    /// The open deletion duties.
    pub deletions: Deletions,
    /// The participants of connected events.
    pub participants: Participants,
    /// The event that a page is about if its address names none.
    pub event_id: EventId,
    /// The URL by which browsers reach this integration.
    pub base_url: String,
    /// Who may show the page in a frame: the platform.
    pub platform_frame: FrameAncestors,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl State {
    /// The flow for a browser: inside of a frame it needs cookies of another kind.
    pub fn flow_for(&self, browser: &Parts) -> &AuthorizationFlow {
        if self.is_framed(browser) {
            &self.framed_flow
        } else {
            &self.flow
        }
    }

    fn is_framed(&self, browser: &Parts) -> bool {
        self.flow.leave_frame(browser).is_some()
    }

    /// The page of a connected event.
    pub fn event_page(&self, event_id: &EventId) -> LocalPath {
        if *event_id == self.event_id {
            LocalPath::root()
        } else {
            LocalPath::root().with_parameter(EVENT_ID, event_id.as_str())
        }
    }

    /// The page that shows whether somebody is signed in.
    pub fn participant_page(&self, browser: &Parts) -> &'static str {
        if self.is_framed(browser) { WEBVIEW } else { ME }
    }

    /// The page after a login.
    pub fn signed_in_page(&self, browser: &Parts) -> LocalPath {
        if self.is_framed(browser) {
            self.sessions.return_path(Some(WEBVIEW))
        } else {
            LocalPath::of(&Uri::from_static(ME))
        }
    }
}
