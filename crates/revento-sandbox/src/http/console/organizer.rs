//! The organizer's event: publishing, activities and webview pages.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use maud::{Markup, html};

use super::{parts, receivers};
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::commands::webview_pages::VISIBILITIES;
use crate::platform::oauth::params::Params;
use crate::platform::records::{Activity, Event, PublishStatus};
use crate::platform::state;
use crate::runtime::Runtime;

pub(super) async fn page(
    State(runtime): SharedRuntime,
    RawQuery(query): RawQuery,
) -> Result<Response, ErrorResponse> {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let page = runtime
        .read(|state, context| {
            let event = state.events.get(&parts::event_id(&params, state))?;
            let content = html! {
                h1 { "Organizer" }
                form.filter method="get" action="/console/organizer" {
                    label for="event_id" { "Event" }
                    (parts::event_choice(state, &event.id))
                    button type="submit" { "Show" }
                }
                (receivers::event_notices(&runtime, state, context, &event.id, &back(event)))
                (publishing(&runtime, state, event))
                (webviews(&runtime, state, event))
                (activities(&runtime, state, event))
            };
            Some(parts::page(
                &runtime,
                state,
                "Organizer",
                "/console/organizer",
                &content,
            ))
        })
        .await?;
    page.ok_or_else(|| ErrorResponse::not_found("There is no such event."))
}

/// Where the forms of this page return to.
fn back(event: &Event) -> String {
    format!("/console/organizer?event_id={}", event.id)
}

fn publishing(runtime: &Runtime, state: &state::State, event: &Event) -> Markup {
    let back = back(event);
    let act = |act: &str, label: &str, style: &str| {
        let fields = [("event_id", event.id.as_str()), ("act", act), ("back", &back)];
        parts::button(runtime, "/console/events/act", &fields, label, style)
    };
    html! {
        section.card {
            h2 { (event.name) " " (parts::badge(event.publish_status.as_str())) }
            p.quiet { (event.description) }
            div.row {
                @match event.publish_status {
                    PublishStatus::Published => { (act("unpublish", "Unpublish", "")) (act("archive", "Archive", "danger")) }
                    PublishStatus::Unpublished => { (act("publish", "Publish", "primary")) (act("archive", "Archive", "danger")) }
                    PublishStatus::Archived => { span.quiet { "An archived event stays archived. A reset of the sandbox restores it." } }
                }
                (act("submit", "Submit an application", ""))
                (formal(runtime, state, event, &back))
            }
        }
    }
}

fn formal(runtime: &Runtime, state: &state::State, event: &Event, back: &str) -> Markup {
    let formal = state
        .organizations
        .get(&event.organization_id)
        .is_some_and(|row| row.is_formal());
    let (act, label) = match formal {
        true => ("lose-formal-status", "Organization loses its formal status"),
        false => ("gain-formal-status", "Organization becomes formal"),
    };
    let fields = [("event_id", event.id.as_str()), ("act", act), ("back", back)];
    parts::button(
        runtime,
        "/console/events/act",
        &fields,
        label,
        if formal { "danger" } else { "" },
    )
}

fn webviews(runtime: &Runtime, state: &state::State, event: &Event) -> Markup {
    let prefix = format!("web_{}_", event.slug);
    html! {
        section.card {
            h2 { "Webview pages" }
            @for page in state.webview_pages.range(&prefix, None) {
                div.row.entry {
                    a href={ "/events/" (event.id) "/pages/" (page.id) } { (page.title) }
                    code { (page.url) }
                    span.quiet { (page.visibility) @if page.requires_auth { " · requires sign-in" } }
                    (parts::button(runtime, "/console/webviews/remove", &[("id", &page.id), ("back", &back(event))], "Remove", "small"))
                }
            }
            form.fields method="post" action="/console/webviews/add" {
                (parts::csrf(runtime))
                input type="hidden" name="event_id" value=(event.id);
                input type="hidden" name="back" value=(back(event));
                label { "Title " input type="text" name="title" required maxlength="80"; }
                label { "URL " input type="text" name="url" required placeholder="http://localhost:3000/page"; }
                label { "Visible to " select name="visibility" { @for name in VISIBILITIES { option { (name) } } } }
                label.check { input type="checkbox" name="requires_auth" value="true"; " requires sign-in with Revento" }
                button type="submit" { "Add page" }
            }
        }
    }
}

fn activities(runtime: &Runtime, state: &state::State, event: &Event) -> Markup {
    let prefix = format!("act_{}_", event.slug);
    html! {
            section.card {
                h2 { "Activities" }
                (parts::table("Activities", &["Activity", "When", "Where", "Signups", "Change"], &html! { @for row in state.activities.range(&prefix, None) { (activity(runtime, state, event, row)) }
    }))
            }
        }
}

fn activity(runtime: &Runtime, state: &state::State, event: &Event, row: &Activity) -> Markup {
    let place = state
        .locations
        .get(&row.location_id)
        .map_or("–", |place| place.name.as_str());
    let other = if row.status == "cancelled" {
        "scheduled"
    } else {
        "cancelled"
    };
    html! {
        tr id=(row.id) {
            td { strong { (row.title) } " " (parts::badge(&row.status)) br; code { (row.id) } }
            td { (parts::time(row.starts_at)) }
            td { (place) }
            td { (row.signups) " of " (row.capacity) " " (parts::badge(row.capacity_state())) }
            td {
                form.inline method="post" action="/console/activities/change" {
                    (parts::csrf(runtime))
                    input type="hidden" name="id" value=(row.id);
                    input type="hidden" name="back" value=(back(event));
                    input type="number" name="signups" min="0" max="100000" value=(row.signups) aria-label={ "Signups of " (row.title) };
                    button.small type="submit" { "Set" }
                    button.small type="submit" name="status" value=(other) { @if other == "cancelled" { "Cancel" } @else { "Reinstate" } }
                }
            }
        }
    }
}
