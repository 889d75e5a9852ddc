//! Arming and disarming faults.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::parts;
use crate::faults::{ArmedFault, FaultArea, FaultKind};
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::runtime::Runtime;

const AREAS: [(FaultArea, &str); 4] = [
    (FaultArea::Answer, "Answers"),
    (FaultArea::Page, "Pages of lists"),
    (FaultArea::Token, "Token answers"),
    (FaultArea::Webhook, "Webhook deliveries"),
];

pub(super) async fn page(State(runtime): SharedRuntime) -> Result<Response, ErrorResponse> {
    let armed = runtime.faults().list().to_vec();
    let page = runtime
        .read(|state, _| {
            let content = html! {
                h1 { "Faults" }
                (self::armed(&runtime, &armed))
                (arm(&runtime))
                @for (area, name) in AREAS { (kinds(area, name)) }
            };
            parts::page(&runtime, state, "Faults", "/console/faults", &content)
        })
        .await?;
    Ok(page)
}

fn armed(runtime: &Runtime, armed: &[ArmedFault]) -> Markup {
    html! {
        section.card {
            h2 { "Armed" }
            @if armed.is_empty() { p.quiet { "No fault is armed." } }
            @for row in armed {
                div.row.entry {
                    code { (row.spec.fault.name()) }
                    span.quiet {
                        @if let Some(endpoint) = &row.spec.endpoint { " at " (endpoint) }
                        @if let Some(event) = &row.spec.event_id { " for " (event) }
                        " · triggered " (row.triggered) " times · "
                        @match row.spec.times { Some(0) => { "used up" } Some(times) => { (times) " left" } None => { "unlimited" } }
                    }
                    (parts::button(runtime, "/console/faults/disarm", &[("id", &row.id.to_string())], "Disarm", "small"))
                }
            }
        }
    }
}

fn arm(runtime: &Runtime) -> Markup {
    html! {
        section.card {
            h2 { "Arm a fault" }
            form.fields method="post" action="/console/faults/arm" {
                (parts::csrf(runtime))
                label { "Fault " select name="fault" { @for kind in FaultKind::ALL { option { (kind.name()) } } } }
                label { "Endpoint " input type="text" name="endpoint" placeholder="any" maxlength="40"; }
                label { "Times " input type="number" name="times" min="1" max="100000" value="1"; }
                button type="submit" { "Arm" }
            }
        }
    }
}

fn kinds(area: FaultArea, name: &str) -> Markup {
    html! {
        section.card {
            h2 { (name) }
            dl.facts { @for kind in FaultKind::ALL.iter().filter(|kind| kind.area() == area) { dt { code { (kind.name()) } } dd { (kind.description()) } } }
        }
    }
}
