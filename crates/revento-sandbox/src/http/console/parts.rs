//! Parts that the pages of the console share.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::platform::oauth::params::Params;
use crate::platform::queries::connections;
use crate::platform::records::DeliveryStatus;
use crate::platform::seed;
use crate::platform::state::State;
use crate::runtime::Runtime;

/// A page may load only what the sandbox itself serves.
const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                   form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A page with the navigation of the console.
pub(super) fn page(runtime: &Runtime, state: &State, title: &str, here: &str, content: &Markup) -> Response {
    let with = |status| state.deliveries.iter().filter(|row| row.status == status).count();
    let connected = connections::count_live(state);
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
        ("/console/audit", "Audit", None),
        ("/console/faults", "Faults", None),
        ("/console/integrations", "Integrations", None),
        ("/console/organizer", "Organizer", None),
        ("/console/participants", "Participant", None),
    ];
    (
        [(header::CONTENT_SECURITY_POLICY, CSP)],
        crate::http::page::console(title, here, *runtime.changes.borrow(), &nav, content),
    )
        .into_response()
}

/// A form with one button and the CSRF token.
pub(super) fn button(
    runtime: &Runtime,
    action: &str,
    fields: &[(&str, &str)],
    label: &str,
    style: &str,
) -> Markup {
    html! {
        form.inline method="post" action=(action) {
            (csrf(runtime))
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button class=(style) type="submit" { (label) }
        }
    }
}

pub(super) fn csrf(runtime: &Runtime) -> Markup {
    html! { input type="hidden" name="csrf" value=(runtime.csrf_token); }
}

/// A time to the second. The title has the full time.
pub(super) fn time(at: impl ToString) -> Markup {
    let full = at.to_string();
    let short: String = full.replace('T', " ").chars().take(19).collect();
    html! { time datetime=(full) title=(full) { (short) } }
}

/// A status as a small label.
pub(super) fn badge(status: &str) -> Markup {
    html! { span class={ "badge " (status) } { (status.replace('_', " ")) } }
}

/// The text of an empty list: why it is empty and how to fill it.
pub(super) fn empty(text: &str) -> Markup {
    html! { p.empty { (text) } }
}

/// A selection of all events.
pub(super) fn event_choice(state: &State, chosen: &str) -> Markup {
    html! {
        select id="event_id" name="event_id" {
            @for event in state.events.iter() {
                option value=(event.id) selected[event.id == chosen] { (event.name) }
            }
        }
    }
}

/// A table that scrolls inside its card. `label` names it for screen readers.
pub(super) fn table(label: &str, columns: &[&str], rows: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(label) {
            table {
                thead { tr { @for column in columns { th { (column) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// The id of the event that a page shows: the one of the query, or the first.
pub(super) fn event_id(params: &Params, state: &State) -> String {
    params
        .get("event_id")
        .map(str::to_owned)
        .or_else(|| seed::event_ids(state).into_iter().next())
        .unwrap_or_default()
}
