//! The HTML pages. Their script only refreshes the webhooks.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use revento::{
    Error,
    types::{Connection, ConnectionStatus, EventId, error, resource::Participant, text::printable},
    web::{FlowError, WebviewSession},
};

use crate::{feed::Entry, participants::ParticipantList, state::State};

/// The icon of the pages, an SVG.
pub const ICON: &str = include_str!("icon.svg");
const STYLE: &str = include_str!("style.css");
/// How many webhooks the page lists.
const SHOWN: usize = 50;
const SCRIPT: &str = include_str!("live.js");

/// The index page.
pub fn index(
    state: &State,
    event_id: &EventId,
    connection: Option<&Connection>,
    list: Option<&Result<ParticipantList, Error>>,
) -> String {
    page(html! {
        h1 { "Example integration" }
        (status(state, event_id, connection))
        @match list {
            Some(Ok(list)) => (participants(list)),
            Some(Err(error)) => p.problem role="alert" { (error::chain(error)) "." },
            None => {},
        }
        (feed_section(state))
    })
}

/// The section that changes when a webhook is handled.
pub fn feed(state: &State) -> String {
    feed_section(state).into_string()
}

fn feed_section(state: &State) -> Markup {
    match state.feed.entries() {
        Ok(entries) => webhooks(&entries),
        Err(error) => html! { section #feed { p.problem role="alert" { (error::chain(&error)) "." } } },
    }
}

/// A page that shows an error.
pub fn problem(error: &(dyn std::error::Error + 'static)) -> String {
    page(html! {
        h1 { "Something went wrong" }
        p.problem role="alert" { (error::chain(error)) "." }
        p { a href="/" { "Back to the start" } }
    })
}

/// The page after a flow that led to no connection.
pub fn not_connected(error: &FlowError) -> String {
    page(html! {
        h1 { "Not connected" }
        p.problem role="alert" { (error::chain(error)) "." }
        p { a.button href="/" { "Back to the start" } }
    })
}

/// The page in the platform's frame.
pub fn webview(session: &WebviewSession) -> String {
    page(html! {
        h1 { "Example integration" }
        p.good { "You are signed in to " code { (session.event_id) } " as " code { (session.user_id) } "." }
    })
}

fn status(state: &State, event_id: &EventId, connection: Option<&Connection>) -> Markup {
    html! {
        @match connection {
            None => {
                p { "The event " code { (event_id) } " is not connected yet. You will be asked for consent on the platform." }
                p { (connect_button(state, event_id, "Connect")) }
            },
            Some(connection) if connection.status.is_live() => {
                p.good { "Connected to " code { (connection.key.event_id) } "." }
                p.small { "Granted: " @for scope in connection.scopes.iter() { code { (scope) } " " } }
            },
            Some(connection) => {
                p.problem role="status" { "The connection has ended" (reason(connection)) "." }
                @if connection.status == ConnectionStatus::Deleted {
                    p { "The data of this event has been deleted." }
                } @else if let Some(deadline) = connection.delete_by {
                    p { "The data of this event must be deleted by " strong { time { (deadline) } } "." }
                }
                @if connection.status == ConnectionStatus::Revoked {
                    p { "Nothing is read any more." }
                }
                p { (connect_button(state, event_id, "Connect again")) }
            },
        }
    }
}

fn reason(connection: &Connection) -> String {
    connection
        .reason
        .as_ref()
        .map(|reason| format!(" ({})", printable(reason.as_str())))
        .unwrap_or_default()
}

/// Links to the host of the redirect URI, so that the browser returns the flow's cookie.
fn connect_button(state: &State, event_id: &EventId, label: &str) -> Markup {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("event_id", event_id.as_str())
        .finish();
    html! { a.button href={ (state.base_url) "/connect?" (query) } { (label) } }
}

fn participants(list: &ParticipantList) -> Markup {
    html! {
        section {
            h2 { "Participants" }
            p.small { (list.participants.len()) " participants, read in " (list.pages) " pages" }
            div.scroll tabindex="0" role="region" aria-label="Participants" {
                table {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Application" } th scope="col" { "Id" } } }
                    tbody { @for person in &list.participants { (row(person)) } }
                }
            }
        }
    }
}

fn row(person: &Participant) -> Markup {
    html! {
        tr {
            td { (person.name.as_deref().unwrap_or("–")) }
            td { span.status data-status=(person.application_status) { (person.application_status) } }
            td { code { (person.id) } }
        }
    }
}

fn webhooks(entries: &[Entry]) -> Markup {
    html! {
        section #feed aria-live="polite" {
            h2 { "Webhooks handled" }
            @if entries.is_empty() {
                p.small { "None yet. Approve an application in the sandbox's console." }
            }
            ul.feed {
                @for entry in entries.iter().rev().take(SHOWN) {
                    li { code { (printable(&entry.event_type)) } " " span.small { (entry.occurred_at) } }
                }
            }
        }
    }
}

fn page(body: Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Example integration" }
                link rel="icon" type="image/svg+xml" href="/icon.svg";
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (body) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}
