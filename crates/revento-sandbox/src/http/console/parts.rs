//! Pieces that the pages of the console are made of.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::http::page;
use crate::platform::hub::Hub;
use crate::platform::records::DeliveryStatus;
use crate::platform::state::State;

/// What a page may load: only what the sandbox itself serves.
const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                   form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A page with the console's navigation around it.
pub(super) fn frame(state: &State, title: &str, here: &str, content: &Markup) -> Response {
    let with = |status| state.deliveries.iter().filter(|row| row.status == status).count();
    let connected = state.connections.iter().filter(|row| row.ended.is_none()).count();
    let nav = [
        ("/console", "Overview", None),
        ("/console/connections", "Connections", Some(connected)),
        ("/console/applications", "Applications", None),
        (
            "/console/deliveries",
            "Deliveries",
            Some(with(DeliveryStatus::Pending)),
        ),
        (
            "/console/dead-letters",
            "Dead letters",
            Some(with(DeliveryStatus::Dead)),
        ),
        ("/console/requests", "Requests", None),
        ("/console/audit", "Audit log", None),
        ("/console/faults", "Faults", None),
        ("/console/organizer", "Organizer", None),
        ("/console/participants", "Participant", None),
    ];
    (
        [(header::CONTENT_SECURITY_POLICY, CSP)],
        page::console(title, here, &nav, content),
    )
        .into_response()
}

/// A form with one button, and the token that proves that it comes from this console.
pub(super) fn button(hub: &Hub, action: &str, fields: &[(&str, &str)], label: &str, style: &str) -> Markup {
    html! {
        form.inline method="post" action=(action) {
            (csrf(hub))
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button class=(style) type="submit" { (label) }
        }
    }
}

pub(super) fn csrf(hub: &Hub) -> Markup {
    html! { input type="hidden" name="csrf" value=(hub.csrf); }
}

/// A time that people can read; the full one is in its title.
pub(super) fn time(at: impl ToString) -> Markup {
    let full = at.to_string();
    let short: String = full.replace('T', " ").chars().take(19).collect();
    html! { time datetime=(full) title=(full) { (short) } }
}

/// A status as a small label.
pub(super) fn badge(status: &str) -> Markup {
    html! { span class={ "badge " (status) } { (status.replace('_', " ")) } }
}

/// What an empty list says: why it is empty and how to fill it.
pub(super) fn empty(text: &str) -> Markup {
    html! { p.empty { (text) } }
}

/// A choice among all events.
pub(super) fn event_choice(state: &State, chosen: &str) -> Markup {
    html! {
        select id="event_id" name="event_id" {
            @for event in state.events.iter() {
                option value=(event.id) selected[event.id == chosen] { (event.name) }
            }
        }
    }
}
