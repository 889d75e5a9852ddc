//! Connections with their token families.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::{parts, receivers};
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::context::Context;
use crate::platform::queries::connections;
use crate::platform::records::{Connection, Family};
use crate::platform::state;
use crate::runtime::Runtime;

/// How many families of a connection the page lists, and how many generations of a family: the newest ones.
const SHOWN: usize = 200;

pub(super) async fn page(State(runtime): SharedRuntime) -> Result<Response, ErrorResponse> {
    let page = runtime
        .read(|state, context| {
            let content = html! {
                h1 { "Connections" }
                (receivers::general_notices(&runtime, state, context, "/console/connections"))
                @for connection in state.connections.iter() { (card(&runtime, state, context, connection)) }
            };
            parts::page(&runtime, state, "Connections", "/console/connections", &content)
        })
        .await?;
    Ok(page)
}

fn card(runtime: &Runtime, state: &state::State, context: Context<'_>, connection: &Connection) -> Markup {
    let event = state
        .events
        .get(&connection.event_id)
        .map_or("?", |event| event.name.as_str());
    let fields = [
        ("client_id", connection.client_id.as_str()),
        ("event_id", connection.event_id.as_str()),
    ];
    html! {
        section.card {
            div.headline {
                h2 { (event) " " (parts::badge(connections::status(state, context, connection))) }
                @if connection.ended.is_none() {
                    (parts::button(runtime, "/console/connections/revoke", &fields, "Revoke", "danger"))
                }
            }
            dl.facts {
                dt { "Event" } dd { code { (connection.event_id) } }
                dt { "Integration" } dd { code { (connection.client_id) } }
                dt { "Scopes" } dd { @for scope in &connection.scopes { code { (scope) } " " } }
                dt { "Connected" } dd { (parts::time(connection.connected_at)) }
                @if let Some(ended) = &connection.ended {
                    dt { "Ended" } dd { (parts::time(ended.at)) " · " (ended.reason.replace('_', " ")) }
                }
            }
            (families(state, connection))
        }
    }
}

fn families(state: &state::State, connection: &Connection) -> Markup {
    let mut families: Vec<&Family> = state
        .families
        .iter()
        .filter(|family| family.client_id == connection.client_id && family.event_id == connection.event_id)
        .collect();
    families.sort_by_key(|family| std::cmp::Reverse(family.refreshed_at));
    families.truncate(SHOWN);
    html! {
        h3 { "Token families" }
        (parts::table("Token families", &["Family", "Kind", "Generation", "Access until", "Refresh until", "Status"], &html! {
            @for family in families {
                tr {
                    td { code { (family.id.chars().take(12).collect::<String>()) "…" } }
                    td { (family.flow.as_str()) @if let Some(user) = &family.user_id { " · " code { (user) } } }
                    td { (generations(state, family)) }
                    td { (parts::time(family.access_expires_at)) }
                    td { (parts::time(family.refresh_expires_at)) }
                    td {
                        @match &family.revoked {
                            Some(revoked) => { (parts::badge("revoked")) " " (revoked.reason.replace('_', " ")) }
                            None => { (parts::badge("active")) }
                        }
                    }
                }
            }
        }))
    }
}

/// The refresh tokens of a family, the oldest first.
fn generations(state: &state::State, family: &Family) -> Markup {
    let mut tokens: Vec<_> = state
        .refresh_tokens
        .iter()
        .filter(|token| token.family_id == family.id)
        .collect();
    tokens.sort_by_key(|token| token.generation);
    tokens.drain(..tokens.len().saturating_sub(SHOWN));
    html! {
        details id={ "tree-" (family.id) } {
            summary { (family.generation) }
            ol.tree {
                @for token in tokens {
                    li {
                        "generation " (token.generation) " "
                        @match token.used_at {
                            Some(at) => { span.quiet { "used " (parts::time(at)) } }
                            None => { span.quiet { "unused, until " (parts::time(token.expires_at)) } }
                        }
                    }
                }
            }
        }
    }
}
