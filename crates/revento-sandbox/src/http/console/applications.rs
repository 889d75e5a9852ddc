//! The organizer's applications to review.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use maud::{Markup, html};

use super::{parts, receivers};
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::oauth::params::Params;
use crate::platform::records::{ApplicationStatus, Participant, User};
use crate::platform::state;
use crate::runtime::Runtime;

/// How many applications the page lists.
const SHOWN: usize = 200;

const DECISIONS: [(&str, &str, ApplicationStatus); 3] = [
    ("approve", "Approve", ApplicationStatus::Approved),
    ("reject", "Reject", ApplicationStatus::Rejected),
    (
        "request-revision",
        "Request revision",
        ApplicationStatus::RevisionRequested,
    ),
];

pub(super) async fn page(
    State(runtime): SharedRuntime,
    RawQuery(query): RawQuery,
) -> Result<Response, ErrorResponse> {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let status = params.get("status").unwrap_or("pending").to_owned();
    let page = runtime
        .read(|state, context| {
            let event_id = parts::event_id(&params, state);
            let rows: Vec<&Participant> = state
                .participants
                .iter()
                .filter(|row| row.event_id == event_id && (status == "all" || row.status.as_str() == status))
                .take(SHOWN)
                .collect();
            let content = html! {
                h1 { "Applications" }
                (filter(state, &event_id, &status))
                (receivers::event_notices(&runtime, state, context, &event_id, &back(&event_id, &status)))
                @if rows.is_empty() { (parts::empty("There is no application with this status. Choose another status or event.")) }
                @else { (table(&runtime, state, &rows)) }
            };
            parts::page(&runtime, state, "Applications", "/console/applications", &content)
        })
        .await?;
    Ok(page)
}

/// Where the forms of this page return to.
fn back(event_id: &str, status: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("event_id", event_id), ("status", status)])
        .finish();
    format!("/console/applications?{query}")
}

fn filter(state: &state::State, event_id: &str, status: &str) -> Markup {
    html! {
        form.filter method="get" action="/console/applications" {
            label for="event_id" { "Event" }
            (parts::event_choice(state, event_id))
            label for="status" { "Status" }
            select id="status" name="status" {
                option value="all" selected[status == "all"] { "all" }
                @for known in ApplicationStatus::ALL {
                    option value=(known.as_str()) selected[known.as_str() == status] { (known.as_str().replace('_', " ")) }
                }
            }
            button type="submit" { "Show" }
        }
    }
}

fn table(runtime: &Runtime, state: &state::State, rows: &[&Participant]) -> Markup {
    html! {
            section.card {
                (parts::table("Applications", &["Applicant", "Answers", "Submitted", "Status", "Review"], &html! { @for row in rows { (line(runtime, state, row)) }
    }))
            }
        }
}

fn line(runtime: &Runtime, state: &state::State, row: &Participant) -> Markup {
    let name = state.users.get(&row.user_id).map_or_else(String::new, User::name);
    html! {
        tr id=(row.application_id) {
            td { strong { (name) } br; code { (row.application_id) } }
            td.answers {
                @for (field, value) in &row.custom_form_fields {
                    div { span.quiet { (field.replace('_', " ")) ": " } (value.as_str().map_or_else(|| value.to_string(), str::to_owned)) }
                }
            }
            td { (row.submitted_at.day()) }
            td { (parts::badge(row.status.as_str())) }
            td { div.row {
                @if row.status != ApplicationStatus::Cancelled {
                    @for (decision, label, leads_to) in DECISIONS {
                        @if leads_to != row.status {
                            @let style = if decision == "approve" { "primary small" } else { "small" };
                            (parts::button(runtime, "/console/applications/review",
                                &[("id", &row.application_id), ("decision", decision)], label, style))
                        }
                    }
                }
            } }
        }
    }
}
