//! The first page: what runs here, with which credentials, and what has happened.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::parts;
use crate::http::Shared;
use crate::http::refusal::Refusal;
use crate::machine::time::Time;
use crate::platform::acts::{lifecycle, rotation, travel};
use crate::platform::config::Integration;
use crate::platform::hub::Hub;
use crate::platform::records::{Listing, SecretKind};
use crate::platform::state;

pub(super) async fn page(State(hub): Shared) -> Result<Response, Refusal> {
    let page = hub
        .read(|state, now| {
            let content = html! {
                h1 { "Overview" }
                (numbers(&hub, state))
                (clock(&hub, state, now))
                @for integration in &hub.config.integrations { (self::integration(&hub, state, now, integration)) }
                (events(state))
                section.card {
                    h2 { "Start over" }
                    p { "Restores the seed data and forgets connections, tokens, deliveries and the moved clock." }
                    (parts::button(&hub, "/console/reset", &[], "Reset the sandbox", "danger"))
                }
            };
            parts::frame(state, "Overview", "/console", &content)
        })
        .await?;
    Ok(page)
}

fn numbers(hub: &Hub, state: &state::State) -> Markup {
    let live = state.connections.iter().filter(|row| row.ended.is_none()).count() as u64;
    let tiles = [
        ("Connections", live),
        ("Tokens issued", state.counter("tokens_issued")),
        ("Refreshes", state.counter("refreshes")),
        ("Reuses", state.counter("reuses")),
        ("Families revoked", state.counter("families_revoked")),
        ("Deliveries", state.counter("deliveries")),
        ("Requests", hub.requests.load(Ordering::Relaxed)),
        ("Rate limited", hub.rate_limited.load(Ordering::Relaxed)),
    ];
    html! {
        dl.tiles {
            @for (name, value) in tiles {
                div.tile { dt { (name) } dd id={ "stat-" (name.to_lowercase().replace(' ', "-")) } { (value) } }
            }
        }
    }
}

fn clock(hub: &Hub, state: &state::State, now: Time) -> Markup {
    let ahead = state.clock_offset() / 1_000_000;
    html! {
        section.card {
            h2 { "Sandbox clock" }
            p.clock { (parts::time(now)) " UTC " span.quiet {
                @if ahead == 0 { "the real time" } @else { (duration(ahead)) " ahead" }
            } }
            p.quiet { "Tokens, retries, budgets and deadlines follow this clock. Signatures keep the real time." }
            div.row {
                (parts::button(hub, "/console/clock", &[("advance_s", "3660")], "+61 minutes", ""))
                (parts::button(hub, "/console/clock", &[("advance_s", "86400")], "+1 day", ""))
                (parts::button(hub, "/console/clock", &[("advance_s", "7776000")], "+90 days", ""))
                form.inline method="post" action="/console/clock" {
                    (parts::csrf(hub))
                    label for="advance" { "or by" }
                    input #advance type="number" name="advance_s" min="1" max="316224000" required placeholder="seconds";
                    button type="submit" { "Advance" }
                }
            }
            (milestones(hub, state, now))
        }
    }
}

fn duration(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "min")];
    let text: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    if text.is_empty() {
        format!("{seconds} s")
    } else {
        text.join(" ")
    }
}

fn integration(hub: &Hub, state: &state::State, now: Time, integration: &Integration) -> Markup {
    let newest = |kind| rotation::newest(state, now, integration, kind);
    let listing = lifecycle::listing(state, &integration.client_id);
    html! {
        section.card {
            h2 { (integration.name) " " (parts::badge(listing.as_str())) }
            dl.facts {
                dt { "Publisher" } dd { (integration.publisher) }
                dt { "Website" } dd { (integration.website) }
                dt { "Support" } dd { (integration.support) }
                dt { "Auth base" } dd { code { (hub.config.auth_base) } }
                dt { "API base" } dd { code { (hub.config.auth_base) "/api/v1" } }
                dt { "Client id" } dd { code { (integration.client_id) } }
                dt { "Client secret" } dd {
                    @match newest(SecretKind::Client) {
                        Some(secret) => { (reveal(&integration.client_id, "client-secret", secret.expose())) }
                        None => { "none: a public client" }
                    }
                }
                dt { "Webhook secret" } dd {
                    @if let Some(secret) = newest(SecretKind::Webhook) { (reveal(&integration.client_id, "webhook-secret", secret.expose())) }
                }
                dt { "Redirect URIs" } dd {
                    @if integration.redirect_uris.is_empty() { "none registered" }
                    ul { @for uri in &integration.redirect_uris { li { code { (uri) } } } }
                }
                dt { "Webhook URL" } dd {
                    @match &integration.webhook_url { Some(url) => { code { (url) } } None => { "none registered" } }
                }
                dt { "Scopes" } dd {
                    ul { @for scope in &integration.scopes {
                        li { code { (scope.name) } " " span.quiet { @if scope.required { "required" } @else { "optional" } } }
                    } }
                }
                dt { "Webhook types" } dd { (integration.event_types.len()) " subscribed" }
            }
            (integration_acts(hub, integration, listing))
        }
    }
}

fn integration_acts(hub: &Hub, integration: &Integration, listing: Listing) -> Markup {
    let act = |act: &str, label: &str, style: &str| {
        parts::button(
            hub,
            "/console/integrations/act",
            &[("id", &integration.client_id), ("act", act)],
            label,
            style,
        )
    };
    html! {
        div.row.acts {
            @if integration.client_secret.is_some() { (act("rotate-client", "Rotate client secret", "small")) }
            (act("rotate-webhook", "Rotate webhook secret", "small"))
            @if listing == Listing::Published {
                (act("unpublish", "Unpublish", "danger small"))
                (act("suspend", "Suspend", "danger small"))
            } @else { (act("publish", "Publish again", "primary small")) }
        }
    }
}

/// What the clock can be sent to.
fn milestones(hub: &Hub, state: &state::State, now: Time) -> Markup {
    let mut seen: Vec<&str> = Vec::new();
    let mut next = travel::ahead(state, now);
    next.retain(|milestone| {
        let first = !seen.contains(&milestone.kind);
        seen.push(milestone.kind);
        first
    });
    let go = |kind: &str, side: &str| {
        parts::button(
            hub,
            "/console/travel",
            &[("to", kind), ("side", side)],
            side,
            "small",
        )
    };
    html! {
        @if !next.is_empty() {
            h3 { "Ahead" }
            div.scroll tabindex="0" role="region" aria-label="What lies ahead" {
                table {
                    thead { tr { th { "What" } th { "When" } th { "Go to just" } } }
                    tbody {
                        @for milestone in next {
                            tr {
                                td { (milestone.kind.replace('_', " ")) }
                                td { (parts::time(milestone.at)) }
                                td { div.row { (go(milestone.kind, "before")) (go(milestone.kind, "after")) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A test credential, shown when asked for. The id keeps it open across live updates.
fn reveal(client_id: &str, name: &str, value: &str) -> Markup {
    html! { details id={ (name) "-" (client_id) } { summary { "Show" } code { (value) } } }
}

fn events(state: &state::State) -> Markup {
    html! {
        section.card {
            h2 { "Events" }
            div.scroll tabindex="0" role="region" aria-label="Events" {
                table {
                    thead { tr { th { "Event" } th { "Id" } th { "Organization" } th { "Starts" } th { "Status" } } }
                    tbody {
                        @for event in state.events.iter() {
                            tr {
                                td { (event.name) }
                                td { code { (event.id) } }
                                td {
                                    @if let Some(organization) = state.organizations.get(&event.organization_id) {
                                        (organization.name)
                                        @if !organization.is_formal() { " " (parts::badge("not_formal")) }
                                    }
                                }
                                td { (event.starts_at.day()) }
                                td { (parts::badge(event.publish_status.as_str())) }
                            }
                        }
                    }
                }
            }
        }
    }
}
