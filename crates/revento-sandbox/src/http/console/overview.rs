//! The first page: integrations with their credentials, counters, clock and events.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::{parts, receivers};
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::config::Integration;
use crate::platform::queries::{connections, integrations, milestones, secrets};
use crate::platform::records::{Listing, SecretKind};
use crate::platform::state;
use crate::primitives::time::Time;
use crate::runtime::Runtime;

pub(super) async fn page(State(runtime): SharedRuntime) -> Result<Response, ErrorResponse> {
    let page = runtime
        .read(|state, context| {
            let content = html! {
                h1 { "Overview" }
                (receivers::general_notices(&runtime, state, context, "/console"))
                (numbers(&runtime, state))
                (clock(&runtime, state, context.now))
                @for integration in &runtime.config.integrations { (self::integration(&runtime, state, context.now, integration)) }
                (events(state))
                section.card {
                    h2 { "Start over" }
                    p { "Restores the test data. Deletes connections, tokens and deliveries, and resets the clock." }
                    (parts::button(&runtime, "/console/reset", &[], "Reset the sandbox", "danger"))
                }
            };
            parts::page(&runtime, state, "Overview", "/console", &content)
        })
        .await?;
    Ok(page)
}

fn numbers(runtime: &Runtime, state: &state::State) -> Markup {
    let live = connections::count_live(state) as u64;
    let counts = runtime.request_counts();
    let tiles = [
        ("Connections", live),
        ("Tokens issued", state.counter("tokens_issued")),
        ("Refreshes", state.counter("refreshes")),
        ("Reuses", state.counter("reuses")),
        ("Families revoked", state.counter("families_revoked")),
        ("Deliveries", state.counter("deliveries")),
        ("Requests", counts.requests),
        ("Rate limited", counts.rate_limited),
    ];
    html! {
        dl.tiles {
            @for (name, value) in tiles {
                div.tile { dt { (name) } dd id={ "stat-" (name.to_lowercase().replace(' ', "-")) } { (value) } }
            }
        }
    }
}

fn clock(runtime: &Runtime, state: &state::State, now: Time) -> Markup {
    let ahead = state.clock_offset() / 1_000_000;
    html! {
        section.card {
            h2 { "Sandbox clock" }
            p.clock { (parts::time(now)) " UTC " span.quiet {
                @if ahead == 0 { "the real time" } @else { (duration(ahead)) " ahead" }
            } }
            p.quiet { "Tokens, retries, rate budgets and deadlines follow this clock. Webhook signatures keep the real time." }
            div.row {
                (parts::button(runtime, "/console/clock", &[("advance_s", "3660")], "+61 minutes", ""))
                (parts::button(runtime, "/console/clock", &[("advance_s", "86400")], "+1 day", ""))
                (parts::button(runtime, "/console/clock", &[("advance_s", "7776000")], "+90 days", ""))
                form.inline method="post" action="/console/clock" {
                    (parts::csrf(runtime))
                    label for="advance" { "or by" }
                    input #advance type="number" name="advance_s" min="1" max="316224000" required placeholder="seconds";
                    button type="submit" { "Advance" }
                }
            }
            (milestones(runtime, state, now))
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

fn integration(runtime: &Runtime, state: &state::State, now: Time, integration: &Integration) -> Markup {
    let newest = |kind| secrets::newest(state, now, integration, kind);
    let listing = integrations::listing(state, &integration.client_id);
    html! {
        section.card {
            h2 { (integration.name) " " (parts::badge(listing.as_str())) }
            dl.facts {
                dt { "Publisher" } dd { (integration.publisher) }
                dt { "Website" } dd { (integration.website) }
                dt { "Support" } dd { (integration.support) }
                dt { "Auth base" } dd { code { (runtime.config.auth_base) } }
                dt { "API base" } dd { code { (runtime.config.auth_base) "/api/v1" } }
                dt { "Client id" } dd { code { (integration.client_id) } }
                dt { "Client secret" } dd {
                    @match newest(SecretKind::Client) {
                        Some(secret) => { (reveal(&integration.client_id, "client-secret", secret.expose())) }
                        None => { "none, because this is a public client" }
                    }
                }
                dt { "Webhook secret" } dd {
                    @match newest(SecretKind::Webhook) {
                        Some(secret) => { (reveal(&integration.client_id, "webhook-secret", secret.expose())) }
                        None => { "none, because no webhook type is declared" }
                    }
                }
                dt { "Redirect URIs" } dd {
                    @if integration.redirect_uris.is_empty() { "none registered" }
                    ul { @for uri in &integration.redirect_uris { li { code { (uri) } } } }
                }
                dt { "Webhook URL" } dd {
                    @match &integration.webhook_url { Some(url) => { code { (url) } } None => { "none registered" } }
                }
                dt { "Connect URL" } dd {
                    @match &integration.connect_url { Some(url) => { code { (url) } } None => { "none registered" } }
                }
                dt { "Scopes" } dd {
                    ul { @for scope in &integration.scopes {
                        li { code { (scope.name) } " " span.quiet { @if scope.required { "required" } @else { "optional" } } }
                    } }
                }
                dt { "Webhook types" } dd { (integration.event_types.len()) " subscribed" }
            }
            (integration_actions(runtime, integration, listing))
        }
    }
}

fn integration_actions(runtime: &Runtime, integration: &Integration, listing: Listing) -> Markup {
    let act = |act: &str, label: &str, style: &str| {
        parts::button(
            runtime,
            "/console/integrations/act",
            &[("id", &integration.client_id), ("act", act)],
            label,
            style,
        )
    };
    html! {
        div.row.acts {
            @if integration.client_secret.is_some() { (act("rotate-client", "Rotate client secret", "small")) }
            @if integration.webhook_secret.is_some() { (act("rotate-webhook", "Rotate webhook secret", "small")) }
            @if listing == Listing::Published {
                (act("unpublish", "Unpublish", "danger small"))
                (act("suspend", "Suspend", "danger small"))
            } @else { (act("publish", "Publish again", "primary small")) }
        }
    }
}

/// The next milestone of each kind, with buttons to advance the clock to it.
fn milestones(runtime: &Runtime, state: &state::State, now: Time) -> Markup {
    let mut seen: Vec<&str> = Vec::new();
    let mut next = milestones::upcoming(state, now);
    next.retain(|milestone| {
        let first = !seen.contains(&milestone.kind);
        seen.push(milestone.kind);
        first
    });
    let go = |kind: &str, side: &str| {
        parts::button(
            runtime,
            "/console/travel",
            &[("to", kind), ("side", side)],
            side,
            "small",
        )
    };
    html! {
        @if !next.is_empty() {
            h3 { "Milestones ahead" }
            (parts::table("Milestones ahead", &["What", "When", "Advance to just"], &html! {
                @for milestone in next {
                    tr {
                        td { (milestone.kind.replace('_', " ")) }
                        td { (parts::time(milestone.at)) }
                        td { div.row { (go(milestone.kind, "before")) (go(milestone.kind, "after")) } }
                    }
                }
            }))
        }
    }
}

/// A test credential behind a “Show” button. The id keeps it open when the page updates.
fn reveal(client_id: &str, name: &str, value: &str) -> Markup {
    html! { details id={ (name) "-" (client_id) } { summary { "Show" } code { (value) } } }
}

fn events(state: &state::State) -> Markup {
    html! {
        section.card {
            h2 { "Events" }
            (parts::table("Events", &["Event", "Id", "Organization", "Starts", "Status"], &html! {
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
            }))
        }
    }
}
