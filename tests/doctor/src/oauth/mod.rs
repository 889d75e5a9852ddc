//! The authorization code flow with PKCE, for organizers and for participants (contract §2).

mod begin;
mod callback;
mod exchange;
mod unguarded;

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;

pub(crate) use begin::begin;
pub(crate) use callback::callback;

use crate::app::App;
use crate::pages::{self, sentence};

/// How long a person may take, in seconds: longer than a consent page and a code together.
const FLOW_S: i64 = 1800;

/// Who consents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Organizer,
    Participant,
}

impl Kind {
    fn scopes(self) -> &'static str {
        match self {
            Self::Organizer => "event.read participants.read program.read",
            Self::Participant => "profile.read event.attendance",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Organizer => "organizer",
            Self::Participant => "participant",
        }
    }

    /// Whether the mistake of this kind's flow is made.
    fn makes(self, app: &App, organizer: &str, participant: &str) -> bool {
        app.mistakes.has(match self {
            Self::Organizer => organizer,
            Self::Participant => participant,
        })
    }
}

/// `GET /connect[?event_id=…]`: from our first page, or from the platform's panel.
pub(crate) async fn connect(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if let Some(answer) = pages::not_a_visit(&method, &headers)
        && !app.mistakes.has("oauth-prefetch")
    {
        return answer;
    }
    if app.mistakes.has("oauth-begin-cross-site")
        && headers
            .get("sec-fetch-site")
            .is_some_and(|site| site == "cross-site")
    {
        return sentence(StatusCode::FORBIDDEN, "Not from here", "Begin at our own site.");
    }
    if pages::cookie(&headers, unguarded::BUSY).is_some() {
        return sentence(
            StatusCode::CONFLICT,
            "In progress",
            "This event is being connected.",
        );
    }
    let Some(event_id) = pages::event_id(&app, query.as_deref()) else {
        return sentence(
            StatusCode::BAD_REQUEST,
            "Which event?",
            "The address has to name one event.",
        );
    };
    begin(&app, Kind::Organizer, &event_id, false, query.as_deref()).await
}
