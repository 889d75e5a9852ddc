//! Endpoints for installation tokens.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::admission::{self, Needs};
use crate::http::Shared;
use crate::http::refusal::Refusal;
use crate::platform::hub::Hub;
use crate::platform::oauth::params::Params;
use crate::platform::read::pages::{BadPage, PageRequest};
use crate::platform::read::snapshot;
use crate::platform::records::{Event, Flow};
use crate::platform::state;

fn needs<'a>(endpoint: &'static str, event_id: &'a str, scope: &'static str) -> Needs<'a> {
    Needs {
        endpoint,
        paged: false,
        cursor: None,
        flow: Flow::Installation,
        event_id: Some(event_id),
        scope,
    }
}

fn find<'s>(state: &'s state::State, event_id: &str) -> Result<&'s Event, Refusal> {
    state
        .events
        .get(event_id)
        .ok_or_else(|| Refusal::not_found(format!("There is no event '{event_id}'.")))
}

pub(super) async fn event(
    State(hub): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    admission::answer(&hub, &headers, needs("event", &id, "event.read"), |state, _| {
        admission::text(&snapshot::event(find(state, &id)?))
    })
    .await
}

pub(super) async fn program(
    State(hub): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let needs = needs("program", &id, "program.read");
    admission::answer(&hub, &headers, needs, |state, _| {
        admission::text(&snapshot::program(state, find(state, &id)?))
    })
    .await
}

/// One page of the rows that belong to an event: those whose ids start with what `render` is given.
async fn page(
    hub: Arc<Hub>,
    headers: HeaderMap,
    query: Option<String>,
    needs: Needs<'_>,
    kind: &str,
    render: impl FnOnce(&state::State, &PageRequest, &str) -> Result<String, Refusal>,
) -> Result<Response, Refusal> {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let needs = Needs {
        paged: true,
        cursor: params.get("cursor"),
        ..needs
    };
    admission::answer(&hub, &headers, needs, |state, _| {
        let event = find(state, needs.event_id.unwrap_or_default())?;
        let prefix = format!("{kind}_{}_", event.slug);
        if let Some(name) = params.repeated(&["limit", "cursor"]) {
            let text = format!("The parameter {name} is given more than once.");
            return Err(Refusal::invalid(text).with("parameter", name));
        }
        let limit = params.all("limit").next();
        let request = PageRequest::parse(limit, params.get("cursor"), &prefix).map_err(bad_page)?;
        render(state, &request, &prefix)
    })
    .await
}

fn bad_page(bad: BadPage) -> Refusal {
    match bad {
        BadPage::Limit => Refusal::invalid("limit is a number from 1 to 50.").with("parameter", "limit"),
        BadPage::Cursor => Refusal::invalid(
            "This cursor is none of this list. Send next_cursor unchanged, or none to begin.",
        )
        .with("parameter", "cursor"),
    }
}

macro_rules! list {
    ($name:ident, $endpoint:literal, $kind:literal, $scope:literal, $show:expr) => {
        pub(super) async fn $name(
            State(hub): Shared,
            Path(id): Path<String>,
            RawQuery(query): RawQuery,
            headers: HeaderMap,
        ) -> Result<Response, Refusal> {
            page(
                hub,
                headers,
                query,
                needs($endpoint, &id, $scope),
                $kind,
                |state, request, prefix| {
                    admission::text(&request.answer(&state.$name, prefix, |row| $show(state, row)))
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
