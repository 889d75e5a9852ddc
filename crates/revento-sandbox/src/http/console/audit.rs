//! The audit log of token issuance. It names token families and generations, never a token.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::parts;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::state;

/// How many entries the page lists.
const MAX_ENTRIES: usize = 300;

pub(super) async fn page(State(runtime): SharedRuntime) -> Result<Response, ErrorResponse> {
    let page = runtime
        .read(|state, _| {
            let content = html! {
                h1 { "Audit log" }
                @if state.audit.len() == 0 { (parts::empty("There is no consent and no token yet.")) }
                @else { section.card { (table(state)) } }
            };
            parts::page(&runtime, state, "Audit log", "/console/audit", &content)
        })
        .await?;
    Ok(page)
}

fn table(state: &state::State) -> Markup {
    let columns = ["When", "What", "Event", "User", "Family", "Generation", "Detail"];
    parts::table(
        "Audit log",
        &columns,
        &html! {
            @for row in state.audit.iter().rev().take(MAX_ENTRIES) {
                tr {
                    td { (parts::time(row.at)) }
                    td { (row.action.replace('_', " ")) }
                    td { @if let Some(id) = &row.event_id { code { (id) } } }
                    td { @if let Some(id) = &row.user_id { code { (id) } } }
                    td { @if let Some(id) = &row.family_id { code title=(id) { (id.chars().take(12).collect::<String>()) "…" } } }
                    td { @if let Some(generation) = row.generation { (generation) } }
                    td { (row.detail.replace('_', " ")) }
                }
            }
        },
    )
}
