//! Endpoints for user tokens.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::admission::{self, Needs};
use crate::http::Shared;
use crate::http::refusal::Refusal;
use crate::platform::oauth::tokens;
use crate::platform::read::snapshot;
use crate::platform::records::Flow;

fn needs(endpoint: &'static str, scope: &'static str) -> Needs<'static> {
    Needs {
        endpoint,
        paged: false,
        cursor: None,
        flow: Flow::User,
        event_id: None,
        scope,
    }
}

pub(super) async fn profile(State(hub): Shared, headers: HeaderMap) -> Result<Response, Refusal> {
    admission::answer(
        &hub,
        &headers,
        needs("profile", "profile.read"),
        |state, family| {
            let user = family.user_id.as_deref().and_then(|id| state.users.get(id));
            let user = user.ok_or_else(|| Refusal::not_found("The user of this token is gone."))?;
            admission::text(&snapshot::profile(user))
        },
    )
    .await
}

pub(super) async fn application(State(hub): Shared, headers: HeaderMap) -> Result<Response, Refusal> {
    admission::answer(
        &hub,
        &headers,
        needs("application", "event.attendance"),
        |state, family| {
            let user_id = family.user_id.as_deref().unwrap_or_default();
            let row = tokens::application(state, &family.event_id, user_id);
            let gone = || Refusal::not_found("This user has no application to the event any more.");
            admission::text(&snapshot::application(row.ok_or_else(gone)?))
        },
    )
    .await
}
