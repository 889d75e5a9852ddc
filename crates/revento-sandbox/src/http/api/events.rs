//! The endpoints for installation tokens.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::admission::{self, Requirements};
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::oauth::params::Params;
use crate::platform::queries::pages::{BadPage, PageRequest};
use crate::platform::queries::snapshot;
use crate::platform::records::{Event, Flow};
use crate::platform::state;
use crate::runtime::Runtime;

fn requirements<'a>(endpoint: &'static str, event_id: &'a str, scope: &'static str) -> Requirements<'a> {
    Requirements {
        endpoint,
        paged: false,
        cursor: None,
        flow: Flow::Installation,
        event_id: Some(event_id),
        scope,
    }
}

fn find<'s>(state: &'s state::State, event_id: &str) -> Result<&'s Event, ErrorResponse> {
    state
        .events
        .get(event_id)
        .ok_or_else(|| ErrorResponse::not_found(format!("There is no event '{event_id}'.")))
}

pub(super) async fn event(
    State(runtime): SharedRuntime,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    admission::answer(
        &runtime,
        &headers,
        requirements("event", &id, "event.read"),
        |state, _| admission::to_json(&snapshot::event(find(state, &id)?)),
    )
    .await
}

pub(super) async fn program(
    State(runtime): SharedRuntime,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    let requirements = requirements("program", &id, "program.read");
    admission::answer(&runtime, &headers, requirements, |state, _| {
        admission::to_json(&snapshot::program(state, find(state, &id)?))
    })
    .await
}

/// One page of the rows that belong to an event: `render` gets the prefix of their ids.
async fn page(
    runtime: Arc<Runtime>,
    headers: HeaderMap,
    query: Option<String>,
    requirements: Requirements<'_>,
    kind: &str,
    render: impl FnOnce(&state::State, &PageRequest, &str) -> Result<String, ErrorResponse>,
) -> Result<Response, ErrorResponse> {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let requirements = Requirements {
        paged: true,
        cursor: params.get("cursor"),
        ..requirements
    };
    admission::answer(&runtime, &headers, requirements, |state, _| {
        let event = find(state, requirements.event_id.unwrap_or_default())?;
        let prefix = format!("{kind}_{}_", event.slug);
        if let Some(name) = params.repeated(&["limit", "cursor"]) {
            let text = format!("The parameter {name} is given more than once.");
            return Err(ErrorResponse::invalid(text).with("parameter", name));
        }
        let limit = params.all("limit").next();
        let request = PageRequest::parse(limit, params.get("cursor"), &prefix).map_err(bad_page)?;
        render(state, &request, &prefix)
    })
    .await
}

fn bad_page(bad: BadPage) -> ErrorResponse {
    match bad {
        BadPage::Limit => ErrorResponse::invalid("limit must be a number from 1 to 50.").with("parameter", "limit"),
        BadPage::Cursor => ErrorResponse::invalid(
            "This cursor does not belong to this list. Send next_cursor unchanged, or no cursor for the first page.",
        )
        .with("parameter", "cursor"),
    }
}

/// Declares the handler of a list.
macro_rules! list {
    ($name:ident, $endpoint:literal, $kind:literal, $scope:literal, $show:expr) => {
        pub(super) async fn $name(
            State(runtime): SharedRuntime,
            Path(id): Path<String>,
            RawQuery(query): RawQuery,
            headers: HeaderMap,
        ) -> Result<Response, ErrorResponse> {
            page(
                runtime,
                headers,
                query,
                requirements($endpoint, &id, $scope),
                $kind,
                |state, request, prefix| {
                    admission::to_json(&request.answer(&state.$name, prefix, |row| $show(state, row)))
                },
            )
            .await
        }
    };
}

list!(
    participants,
    "participants",
    "par",
    "participants.read",
    snapshot::participant_view
);
list!(activities, "activities", "act", "program.read", |_, row| {
    snapshot::activity(row)
});
list!(threads, "threads", "thr", "program.read", |_, row| {
    snapshot::thread(row)
});
list!(locations, "locations", "loc", "program.read", |_, row| {
    snapshot::location(row)
});
list!(waves, "registration-waves", "wav", "program.read", |_, row| {
    snapshot::wave(row)
});
