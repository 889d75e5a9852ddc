//! The log of requests with the reason of every refusal, and the budgets of the tokens.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::parts;
use crate::decisions;
use crate::http::Shared;
use crate::http::refusal::Refusal;
use crate::laboratory::exchanges::Exchange;
use crate::machine::time::Time;
use crate::platform::hub::Hub;
use crate::platform::read::budgets::Limits;
use crate::platform::records::Family;
use crate::platform::state;

/// How many requests a page lists.
const SHOWN: usize = 200;
/// How many tokens' budgets it shows.
const BUDGETS: usize = 50;

pub(super) async fn page(State(hub): Shared) -> Result<Response, Refusal> {
    let rows: Vec<Exchange> = hub.exchanges().iter().rev().take(SHOWN).cloned().collect();
    let page = hub
        .read(|state, now| {
            let content = html! {
                h1 { "Requests" }
                (budgets(&hub, state, now))
                @if rows.is_empty() { (parts::empty("No request yet. What your integration asks appears here, with the reason when it is refused.")) }
                @else { (log(&rows)) }
            };
            parts::frame(state, "Requests", "/console/requests", &content)
        })
        .await?;
    Ok(page)
}

fn budgets(hub: &Hub, state: &state::State, now: Time) -> Markup {
    let live: Vec<&Family> = state
        .families
        .iter()
        .filter(|family| family.revoked.is_none())
        .take(BUDGETS)
        .collect();
    let budgets = hub.budgets();
    html! {
        @if !live.is_empty() {
            section.card {
                h2 { "Rate budgets" }
                @for family in live {
                    @let limits = Limits::of(family.flow);
                    @let (hour, minute) = budgets.spent(decisions::budget_of(family), now);
                    div.budget {
                        span { (family.flow.as_str()) " · " code { (family.event_id) } }
                        label { "last 60 s " meter min="0" max=(limits.minute) high=(limits.minute * 4 / 5) value=(minute) {} " " (minute) " of " (limits.minute) }
                        label { "last hour " meter min="0" max=(limits.hour) high=(limits.hour * 4 / 5) value=(hour) {} " " (hour) " of " (limits.hour) }
                        (chart(&budgets.minutes(decisions::budget_of(family), now), limits.minute))
                    }
                }
            }
        }
    }
}

/// A bar for each of the last sixty minutes; one as high as the chart is a minute's whole budget.
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

fn log(rows: &[Exchange]) -> Markup {
    html! {
        section.card {
            div.scroll tabindex="0" role="region" aria-label="Requests" {
                table {
                    thead { tr { th { "When" } th { "Request" } th { "Answer" } th { "Reason" } th { "Time" } } }
                    tbody {
                        @for row in rows {
                            tr {
                                td { (parts::time(&row.at)) }
                                td.long { strong { (row.method) } " " code title=(row.target) { (short(&row.target)) } br; span.quiet { (row.request_id) } }
                                td { span class={ "badge " (tone(row.status)) } { @if row.status == 0 { "hung up" } @else { (row.status) } } }
                                td {
                                    @if let Some(error) = &row.error { code { (error) } br; }
                                    @if let Some(reason) = &row.reason { (reason) }
                                }
                                td.nowrap { (row.duration_us / 1000) "." (row.duration_us / 100 % 10) " ms" }
                            }
                        }
                    }
                }
            }
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

/// A target that fits a line; the whole of it is in the title.
fn short(target: &str) -> String {
    if target.chars().count() <= 80 {
        return target.to_owned();
    }
    let head: String = target.chars().take(79).collect();
    format!("{head}…")
}
