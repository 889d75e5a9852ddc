//! Arming faults by hand.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::parts;
use crate::http::Shared;
use crate::http::refusal::Refusal;
use crate::laboratory::book::Armed;
use crate::laboratory::kinds::{Area, Kind};
use crate::platform::hub::Hub;

const AREAS: [(Area, &str); 4] = [
    (Area::Answer, "Answers"),
    (Area::Page, "Pages of lists"),
    (Area::Token, "Token answers"),
    (Area::Webhook, "Webhook deliveries"),
];

pub(super) async fn page(State(hub): Shared) -> Result<Response, Refusal> {
    let armed = hub.faults().list().to_vec();
    let page = hub
        .read(|state, _| {
            let content = html! {
                h1 { "Faults" }
                (self::armed(&hub, &armed))
                (arm(&hub))
                @for (area, name) in AREAS { (kinds(area, name)) }
            };
            parts::frame(state, "Faults", "/console/faults", &content)
        })
        .await?;
    Ok(page)
}

fn armed(hub: &Hub, armed: &[Armed]) -> Markup {
    html! {
        section.card {
            h2 { "Armed" }
            @if armed.is_empty() { p.quiet { "Nothing: the sandbox behaves." } }
            @for row in armed {
                p.row {
                    code { (row.order.fault.name()) }
                    span.quiet {
                        @if let Some(endpoint) = &row.order.endpoint { " at " (endpoint) }
                        @if let Some(event) = &row.order.event_id { " for " (event) }
                        " · struck " (row.struck) " times · "
                        @match row.order.times { Some(0) => { "used up" } Some(times) => { (times) " left" } None => { "without end" } }
                    }
                    (parts::button(hub, "/console/faults/disarm", &[("id", &row.id.to_string())], "Disarm", "small"))
                }
            }
        }
    }
}

fn arm(hub: &Hub) -> Markup {
    html! {
        section.card {
            h2 { "Arm a fault" }
            form.fields method="post" action="/console/faults/arm" {
                (parts::csrf(hub))
                label { "Fault " select name="fault" { @for kind in Kind::ALL { option { (kind.name()) } } } }
                label { "Endpoint " input type="text" name="endpoint" placeholder="any" maxlength="40"; }
                label { "Times " input type="number" name="times" min="1" max="100000" value="1"; }
                button type="submit" { "Arm" }
            }
        }
    }
}

fn kinds(area: Area, name: &str) -> Markup {
    html! {
        section.card {
            h2 { (name) }
            dl.facts { @for kind in Kind::ALL.iter().filter(|kind| kind.area() == area) { dt { code { (kind.name()) } } dd { (kind.says()) } } }
        }
    }
}
