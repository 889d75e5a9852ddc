//! The log of requests with the reason of every error, and the rate budgets of the tokens.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::parts;
use crate::call_log::CallRecord;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::queries::budgets::Limits;
use crate::platform::records::Family;
use crate::platform::state;
use crate::primitives::time::Time;
use crate::runtime::Runtime;

/// How many requests the page lists.
const SHOWN: usize = 200;
/// How many rate budgets the page shows.
const MAX_BUDGETS: usize = 50;

pub(super) async fn page(State(runtime): SharedRuntime) -> Result<Response, ErrorResponse> {
    let rows: Vec<CallRecord> = runtime.call_log().iter().rev().take(SHOWN).cloned().collect();
    let page = runtime
        .read(|state, context| {
            let content = html! {
                h1 { "Requests" }
                (budgets(&runtime, state, context.now))
                @if rows.is_empty() { (parts::empty("There is no request yet. The requests of your integration appear here, with the reason of each error.")) }
                @else { (log(&rows)) }
            };
            parts::page(&runtime, state, "Requests", "/console/requests", &content)
        })
        .await?;
    Ok(page)
}

fn budgets(runtime: &Runtime, state: &state::State, now: Time) -> Markup {
    let live: Vec<&Family> = state
        .families
        .iter()
        .filter(|family| family.revoked.is_none())
        .take(MAX_BUDGETS)
        .collect();
    let budgets = runtime.budgets();
    html! {
        @if !live.is_empty() {
            section.card {
                h2 { "Rate budgets" }
                @for family in live {
                    @let limits = Limits::of(family.flow);
                    @let (hour, minute) = budgets.spent(&family.budget_id(), family.flow, now);
                    div.budget {
                        span { (family.flow.as_str()) " · " code { (family.event_id) } }
                        label { "last 60 s " meter min="0" max=(limits.minute) high=(limits.minute * 4 / 5) value=(minute) {} " " (minute) " of " (limits.minute) }
                        label { "this hour " meter min="0" max=(limits.hour) high=(limits.hour * 4 / 5) value=(hour) {} " " (hour) " of " (limits.hour) }
                        (chart(&budgets.minutes(&family.budget_id(), now), limits.minute))
                    }
                }
            }
        }
    }
}

/// A bar for each of the last sixty minutes. The height of the chart is the limit of a minute.
fn chart(minutes: &[usize; 60], limit: usize) -> Markup {
    const HEIGHT: usize = 32;
    let most = minutes.iter().max().copied().unwrap_or_default();
    let label = format!("Calls in each minute of the last hour, {most} of {limit} at most");
    html! {
        svg.chart viewBox={ "0 0 240 " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(label) {
            @for (place, calls) in minutes.iter().enumerate().filter(|(_, calls)| **calls > 0) {
                @let height = (calls * HEIGHT / limit.max(1)).clamp(1, HEIGHT);
                rect x=(place * 4) y=(HEIGHT - height) width="3" height=(height) {}
            }
        }
    }
}

fn log(rows: &[CallRecord]) -> Markup {
    html! {
        section.card {
            (parts::table("Requests", &["When", "Request", "Answer", "Reason", "Time"], &html! {
                @for row in rows {
                    tr {
                        td { (parts::time(&row.at)) }
                        td.long { strong { (row.method) } " " code title=(row.target) { (short(&row.target)) } br; span.quiet { (row.request_id) } }
                        td { span class={ "badge " (tone(row.status)) } { @if row.status == 0 { "no answer" } @else { (row.status) } } }
                        td {
                            @if let Some(error) = &row.error { code { (error) } br; }
                            @if let Some(reason) = &row.reason { (reason) }
                        }
                        td.nowrap { (row.duration_us / 1000) "." (row.duration_us / 100 % 10) " ms" }
                    }
                }
            }))
        }
    }
}

fn tone(status: u16) -> &'static str {
    match status {
        200..400 => "active",
        400..500 => "pending",
        _ => "failed",
    }
}

/// A target shortened to one line. The title has the whole of it.
fn short(target: &str) -> String {
    if target.chars().count() <= 80 {
        return target.to_owned();
    }
    let head: String = target.chars().take(79).collect();
    format!("{head}…")
}
