//! The participant: profile, applications, and integrations with access.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use maud::{Markup, html};

use super::parts;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::oauth::params::Params;
use crate::platform::records::{ApplicationStatus, Event, Participant, PublishStatus, User};
use crate::platform::state;
use crate::runtime::Runtime;

/// How many users the page lists. `?user_id=` reaches the others.
const SHOWN: usize = 1_000;

pub(super) async fn page(
    State(runtime): SharedRuntime,
    RawQuery(query): RawQuery,
) -> Result<Response, ErrorResponse> {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let wanted = params.get("user_id").map(str::to_owned);
    let page = runtime
        .read(|state, _| {
            let user = match &wanted {
                Some(id) => state.users.get(id)?,
                None => state.users.iter().next()?,
            };
            let content = html! {
                h1 { "Participant" }
                form.filter method="get" action="/console/participants" {
                    label for="user_id" { "Signed in as" }
                    select id="user_id" name="user_id" {
                        @for known in state.users.iter().take(SHOWN) {
                            option value=(known.id) selected[known.id == user.id] { (known.name()) }
                        }
                    }
                    button type="submit" { "Switch" }
                }
                (profile(&runtime, user))
                (access(&runtime, state, user))
                (applications(&runtime, state, user))
            };
            Some(parts::page(
                &runtime,
                state,
                "Participant",
                "/console/participants",
                &content,
            ))
        })
        .await?;
    page.ok_or_else(|| ErrorResponse::not_found("There is no such user."))
}

fn back(user: &User) -> String {
    format!("/console/participants?user_id={}", user.id)
}

fn profile(runtime: &Runtime, user: &User) -> Markup {
    html! {
        section.card {
            h2 { "Profile" }
            p.quiet { code { (user.id) } " · " (user.email) }
            form.fields method="post" action="/console/users/rename" {
                (parts::csrf(runtime))
                input type="hidden" name="id" value=(user.id);
                input type="hidden" name="back" value=(back(user));
                label { "Given name " input type="text" name="given_name" required maxlength="80" value=(user.given_name); }
                label { "Family name " input type="text" name="family_name" required maxlength="80" value=(user.family_name); }
                button type="submit" { "Save" }
            }
        }
    }
}

fn access(runtime: &Runtime, state: &state::State, user: &User) -> Markup {
    let with_access: Vec<_> = runtime
        .config
        .integrations
        .iter()
        .filter(|integration| {
            state.families.iter().any(|family| {
                family.revoked.is_none()
                    && family.client_id == integration.client_id
                    && family.user_id.as_deref() == Some(&user.id)
            })
        })
        .collect();
    html! {
        section.card {
            h2 { "Apps with access" }
            @if with_access.is_empty() { p.quiet { "No app has access. Sign in to an integration with Revento, and it appears here." } }
            @for integration in with_access {
                div.row.entry {
                    strong { (integration.name) } code { (integration.client_id) }
                    (parts::button(runtime, "/console/users/revoke",
                        &[("id", &user.id), ("client_id", &integration.client_id), ("back", &back(user))], "Revoke access", "danger small"))
                }
            }
        }
    }
}

fn applications(runtime: &Runtime, state: &state::State, user: &User) -> Markup {
    html! {
        section.card {
            h2 { "Events" }
            (parts::table("Events", &["Event", "Application", "Action"], &html! {
                @for event in state.events.iter() {
                    @let prefix = format!("par_{}_", event.slug);
                    @let row = state.participants.range(&prefix, None).find(|row| row.user_id == user.id);
                    tr {
                        td { (event.name) " " (parts::badge(event.publish_status.as_str())) }
                        td { @match row { Some(row) => { (parts::badge(row.status.as_str())) @if row.registered_at.is_some() { " registered" } } None => { "–" } } }
                        td { div.row { (actions(runtime, user, event, row)) } }
                    }
                }
            }))
        }
    }
}

fn actions(runtime: &Runtime, user: &User, event: &Event, row: Option<&Participant>) -> Markup {
    let back = back(user);
    let act = |act: &str, id: &str, label: &str| {
        let fields = [
            ("act", act),
            ("id", id),
            ("event_id", &event.id),
            ("user_id", &user.id),
            ("back", &back),
        ];
        parts::button(runtime, "/console/participants/act", &fields, label, "small")
    };
    html! {
        @match row {
            None => { @if event.publish_status == PublishStatus::Published { (act("submit", "", "Apply")) } }
            Some(row) => {
                @if row.status == ApplicationStatus::Approved && row.registered_at.is_none() { (act("register", &row.id, "Register")) }
                @if row.status != ApplicationStatus::Cancelled { (act("cancel", &row.application_id, "Withdraw")) }
            }
        }
    }
}
