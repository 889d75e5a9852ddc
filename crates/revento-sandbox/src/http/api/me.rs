//! The endpoints for user tokens.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::admission::{self, Requirements};
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::queries::applications;
use crate::platform::queries::snapshot;
use crate::platform::records::Flow;

fn requirements(endpoint: &'static str, scope: &'static str) -> Requirements<'static> {
    Requirements {
        endpoint,
        paged: false,
        cursor: None,
        flow: Flow::User,
        event_id: None,
        scope,
    }
}

pub(super) async fn profile(
    State(runtime): SharedRuntime,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    admission::answer(
        &runtime,
        &headers,
        requirements("profile", "profile.read"),
        |state, family| {
            let user = family.user_id.as_deref().and_then(|id| state.users.get(id));
            let user =
                user.ok_or_else(|| ErrorResponse::not_found("The user of this token no longer exists."))?;
            admission::to_json(&snapshot::profile(user))
        },
    )
    .await
}

pub(super) async fn application(
    State(runtime): SharedRuntime,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    admission::answer(
        &runtime,
        &headers,
        requirements("application", "event.attendance"),
        |state, family| {
            let user_id = family.user_id.as_deref().unwrap_or_default();
            let row = applications::of_user(state, &family.event_id, user_id);
            let missing = || ErrorResponse::not_found("This user no longer has an application to the event.");
            admission::to_json(&snapshot::application(row.ok_or_else(missing)?))
        },
    )
    .await
}
