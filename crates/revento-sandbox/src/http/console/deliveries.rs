//! Webhook deliveries: the log, the dead letters, and each attempt of one.

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use super::parts;
use crate::http::Shared;
use crate::http::refusal::Refusal;
use crate::platform::hub::Hub;
use crate::platform::records::{Attempt, Delivery, DeliveryStatus};

/// How many deliveries a page lists.
const SHOWN: usize = 200;

pub(super) async fn log(State(hub): Shared) -> Result<Response, Refusal> {
    list(
        &hub,
        "Deliveries",
        "/console/deliveries",
        "No webhook yet. Connect an event, then review an application.",
        |_| true,
    )
    .await
}

pub(super) async fn dead(State(hub): Shared) -> Result<Response, Refusal> {
    let empty = "No dead letters. A delivery comes here when the last attempt of its schedule has failed.";
    list(&hub, "Dead letters", "/console/dead-letters", empty, |row| {
        row.status == DeliveryStatus::Dead
    })
    .await
}

async fn list(
    hub: &Hub,
    title: &str,
    here: &str,
    empty: &str,
    which: impl Fn(&Delivery) -> bool,
) -> Result<Response, Refusal> {
    let page = hub
        .read(|state, _| {
            let mut rows: Vec<&Delivery> = state.deliveries.iter().filter(|row| which(row)).collect();
            rows.sort_by_key(|row| std::cmp::Reverse(row.number));
            rows.truncate(SHOWN);
            let content = html! {
                div.headline {
                    h1 { (title) }
                    @if here == "/console/dead-letters" && !rows.is_empty() {
                        (parts::button(hub, "/console/dead-letters/replay", &[], "Replay all", ""))
                    }
                }
                @if rows.is_empty() { (parts::empty(empty)) } @else { (table(hub, &rows, here)) }
            };
            parts::frame(state, title, here, &content)
        })
        .await?;
    Ok(page)
}

fn table(hub: &Hub, rows: &[&Delivery], here: &str) -> Markup {
    html! {
        section.card {
            div.scroll tabindex="0" role="region" aria-label="Deliveries" {
                table {
                    thead { tr { th { "Type" } th { "Event" } th { "Created" } th { "Attempts" } th { "Status" } th { "Next attempt" } th { "Action" } } }
                    tbody {
                        @for row in rows {
                            tr {
                                td { a href={ "/console/deliveries/" (row.id) } { (row.event_type) } br; code { (row.id) } }
                                td { @match &row.event_id { Some(id) => { code { (id) } } None => { "–" } } }
                                td { (parts::time(row.created_at)) }
                                td { (row.attempts.len()) }
                                td { (parts::badge(row.status.as_str())) }
                                td { @match row.next_attempt_at { Some(at) => { (parts::time(at)) } None => { "–" } } }
                                td { (replay(hub, row, here)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn replay(hub: &Hub, row: &Delivery, back: &str) -> Markup {
    parts::button(
        hub,
        "/console/deliveries/replay",
        &[("id", &row.id), ("back", back)],
        "Replay",
        "small",
    )
}

pub(super) async fn one(State(hub): Shared, Path(id): Path<String>) -> Result<Response, Refusal> {
    let page = hub
        .read(|state, _| {
            let row = state.deliveries.get(&id)?;
            let content = html! {
                div.headline {
                    h1 { (row.event_type) " " (parts::badge(row.status.as_str())) }
                    (replay(&hub, row, &format!("/console/deliveries/{id}")))
                }
                section.card {
                    dl.facts {
                        dt { "Delivery id" } dd { code { (row.id) } }
                        dt { "To" } dd { code { (row.url) } }
                        dt { "Created" } dd { (parts::time(row.created_at)) }
                        @if let Some(at) = row.next_attempt_at { dt { "Next attempt" } dd { (parts::time(at)) } }
                    }
                    h2 { "Body" }
                    pre tabindex="0" { code { (pretty(&row.body)) } }
                }
                h2 { "Attempts" }
                @if row.attempts.is_empty() { (parts::empty("None yet.")) }
                div.attempts { @for attempt in row.attempts.iter().rev() { (self::attempt(attempt)) } }
            };
            Some(parts::frame(state, &row.event_type, "/console/deliveries", &content))
        })
        .await?;
    page.ok_or_else(|| Refusal::not_found(format!("There is no delivery '{id}'.")))
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
