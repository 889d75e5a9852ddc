//! Webhook deliveries: the log, the dead letters, and one delivery with its attempts.

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use super::{parts, receivers};
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::records::{Attempt, Delivery, DeliveryStatus, Listener};
use crate::runtime::Runtime;

/// How many deliveries a page lists.
const SHOWN: usize = 200;

pub(super) async fn log(State(runtime): SharedRuntime) -> Result<Response, ErrorResponse> {
    list(
        &runtime,
        "Deliveries",
        "/console/deliveries",
        "There is no webhook yet. Connect an event and review an application, or POST /_sandbox/deliveries/test.",
        |_| true,
    )
    .await
}

pub(super) async fn dead_letters(State(runtime): SharedRuntime) -> Result<Response, ErrorResponse> {
    let empty = "There are no dead letters. A delivery appears here when its last attempt has failed.";
    list(&runtime, "Dead letters", "/console/dead-letters", empty, |row| {
        row.status == DeliveryStatus::Dead
    })
    .await
}

async fn list(
    runtime: &Runtime,
    title: &str,
    here: &str,
    empty: &str,
    which: impl Fn(&Delivery) -> bool,
) -> Result<Response, ErrorResponse> {
    let page = runtime
        .read(|state, context| {
            let mut rows: Vec<&Delivery> = state.deliveries.iter().filter(|row| which(row)).collect();
            rows.sort_by_key(|row| std::cmp::Reverse(row.number));
            rows.truncate(SHOWN);
            let content = html! {
                div.headline {
                    h1 { (title) }
                    @if here == "/console/dead-letters" && !rows.is_empty() {
                        (parts::button(runtime, "/console/dead-letters/replay", &[], "Replay all", ""))
                    }
                }
                @for listener in state.listeners.iter().filter(|row| !row.is_gone(runtime.real_now())) { (self::listener(listener)) }
                @if here == "/console/deliveries" { (receivers::general_notices(runtime, state, context, here)) }
                @if rows.is_empty() { (parts::empty(empty)) } @else { (table(runtime, &rows, here)) }
            };
            parts::page(runtime, state, title, here, &content)
        })
        .await?;
    Ok(page)
}

/// Why the registered URL gets no webhooks.
fn listener(row: &Listener) -> Markup {
    html! {
        p.quiet {
            "A listener takes the webhooks of " code { (row.client_id) } " and forwards them to " code { (row.forwards_to) } "."
            @if let Some(since) = row.away_since { " It is away since " (parts::time(since)) "." }
        }
    }
}

fn table(runtime: &Runtime, rows: &[&Delivery], here: &str) -> Markup {
    html! {
        section.card {
            (parts::table("Deliveries", &["Type", "Event", "Created", "Attempts", "Status", "Next attempt", "Action"], &html! {
                @for row in rows {
                    tr {
                        td { a href={ "/console/deliveries/" (row.id) } { (row.event_type) } br; code { (row.id) } }
                        td { @match &row.event_id { Some(id) => { code { (id) } } None => { "–" } } }
                        td { (parts::time(row.created_at)) }
                        td { (row.attempts.len()) }
                        td { (parts::badge(row.status.as_str())) }
                        td { @match row.due_at() { Some(at) => { (parts::time(at)) } None => { "–" } } }
                        td { (replay(runtime, row, here)) }
                    }
                }
            }))
        }
    }
}

fn replay(runtime: &Runtime, row: &Delivery, back: &str) -> Markup {
    parts::button(
        runtime,
        "/console/deliveries/replay",
        &[("id", &row.id), ("back", back)],
        "Replay",
        "small",
    )
}

pub(super) async fn one(
    State(runtime): SharedRuntime,
    Path(id): Path<String>,
) -> Result<Response, ErrorResponse> {
    let page = runtime
        .read(|state, _| {
            let row = state.deliveries.get(&id)?;
            let content = html! {
                div.headline {
                    h1 { (row.event_type) " " (parts::badge(row.status.as_str())) }
                    (replay(&runtime, row, &format!("/console/deliveries/{id}")))
                }
                section.card {
                    dl.facts {
                        dt { "Delivery id" } dd { code { (row.id) } }
                        dt { "To" } dd { @if row.url.is_empty() { "a listener" } @else { code { (row.url) } } }
                        dt { "Created" } dd { (parts::time(row.created_at)) }
                        @if let Some(at) = row.due_at() { dt { "Next attempt" } dd { (parts::time(at)) } }
                    }
                    h2 { "Body" }
                    pre tabindex="0" { code { (pretty(&row.body)) } }
                }
                h2 { "Attempts" }
                @if row.attempts.is_empty() { (parts::empty("There is no attempt yet.")) }
                div.attempts { @for attempt in row.attempts.iter().rev() { (self::attempt(attempt)) } }
            };
            Some(parts::page(
                &runtime,
                state,
                &row.event_type,
                "/console/deliveries",
                &content,
            ))
        })
        .await?;
    page.ok_or_else(|| ErrorResponse::not_found(format!("There is no delivery '{id}'.")))
}

fn pretty(body: &str) -> String {
    serde_json::from_str::<serde_json::Value>(body)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| body.to_owned())
}

fn attempt(row: &Attempt) -> Markup {
    html! {
        article.card {
            h3 {
                "Attempt " (row.number) " "
                @if row.error.is_none() { (parts::badge("delivered")) } @else { (parts::badge("failed")) }
            }
            p.quiet {
                (parts::time(row.at)) " · " (row.duration_ms) " ms · "
                @if row.status == 0 { "no answer" } @else { "status " (row.status) }
                @if let Some(url) = &row.forwarded_to { " · forwarded to " code { (url) } }
            }
            @if let Some(error) = &row.error { p.next { (error) } }
            h4 { "Sent" }
            (headers(&row.request_headers))
            @if row.status != 0 {
                h4 { "Answered" }
                (headers(&row.response_headers))
                @if !row.response_body.is_empty() { pre tabindex="0" { code { (row.response_body) } } }
            }
        }
    }
}

fn headers(pairs: &[(String, String)]) -> Markup {
    html! { dl.headers { @for (name, value) in pairs { dt { (name) } dd { (value) } } } }
}
