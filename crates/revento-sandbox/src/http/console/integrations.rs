//! The organizer's panel of integrations: connecting an event begins here (contract §2).

use axum::extract::{RawQuery, State};
use axum::response::Response;
use maud::{Markup, html};
use url::Url;

use super::parts;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::config::{Audience, Integration, scope_info};
use crate::platform::context::Context;
use crate::platform::oauth::authorize;
use crate::platform::oauth::params::Params;
use crate::platform::queries::{connections, integrations};
use crate::platform::records::{Event, Flow};
use crate::platform::state;
use crate::runtime::Runtime;

pub(super) async fn page(
    State(runtime): SharedRuntime,
    RawQuery(query): RawQuery,
) -> Result<Response, ErrorResponse> {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let page = runtime
        .read(|state, context| {
            let event = state.events.get(&parts::event_id(&params, state))?;
            let organization = state.organizations.get(&event.organization_id)?;
            let listed: Vec<&Integration> = context
                .config
                .integrations
                .iter()
                .filter(|row| match &row.audience {
                    Audience::Public => true,
                    Audience::InHouse(owner) => *owner == organization.id,
                })
                .collect();
            let content = html! {
                h1 { "Integrations" }
                form.filter method="get" action="/console/integrations" {
                    label for="event_id" { "Event" }
                    (parts::event_choice(state, &event.id))
                    button type="submit" { "Show" }
                }
                p.lead { strong { (event.name) } " of " (organization.name) ", seen by " (organization.organizer_name) ", organizer" }
                @if !organization.is_formal() {
                    (parts::empty("The panel is not offered: the organization has no tax identifier, so it cannot authorize integrations."))
                } @else if listed.is_empty() {
                    (parts::empty("No integration is offered to this organization."))
                } @else {
                    @for integration in listed { (card(&runtime, state, context, event, integration)) }
                }
            };
            Some(parts::page(&runtime, state, "Integrations", "/console/integrations", &content))
        })
        .await?;
    page.ok_or_else(|| ErrorResponse::not_found("There is no such event."))
}

fn card(
    runtime: &Runtime,
    state: &state::State,
    context: Context<'_>,
    event: &Event,
    integration: &Integration,
) -> Markup {
    let status = state
        .connections
        .get(&connections::id(&integration.client_id, &event.id))
        .map(|row| connections::status(state, context, row));
    let page = connect_page(state, event, integration);
    html! {
        section.card {
            div.headline {
                h2 { (integration.name) " " (parts::badge(status.unwrap_or("not_connected"))) }
                (actions(runtime, event, integration, status, page.as_ref().ok()))
            }
            dl.facts {
                dt { "Publisher" } dd { (integration.publisher) }
                dt { "Website" } dd { (integration.website) }
                dt { "It will ask for" } dd { (scopes(integration)) }
            }
            @if let Err(reason) = page { p.quiet.acts { (reason) } }
        }
    }
}

/// What the organizer can do. *Connect* is a link: the browser comes to the integration's page by GET.
fn actions(
    runtime: &Runtime,
    event: &Event,
    integration: &Integration,
    status: Option<&str>,
    connect_page: Option<&Url>,
) -> Markup {
    let back = format!("/console/integrations?event_id={}", event.id);
    let fields = [
        ("client_id", integration.client_id.as_str()),
        ("event_id", &event.id),
        ("back", &back),
    ];
    let (label, style) = match status {
        Some("active") => ("Connect again", "button"),
        Some("consent_required") => ("Connect again", "button primary"),
        _ => ("Connect", "button primary"),
    };
    html! {
        div.row {
            @if let Some(page) = connect_page { a class=(style) href=(page) { (label) } }
            @if matches!(status, Some("active" | "consent_required")) {
                (parts::button(runtime, "/console/connections/revoke", &fields, "Disconnect", "danger"))
            }
        }
    }
}

/// The page that *Connect* opens, or why there is none.
fn connect_page(state: &state::State, event: &Event, integration: &Integration) -> Result<Url, String> {
    authorize::may_connect(integration, state, event).map_err(|refusal| refusal.description)?;
    integrations::connect_page(integration, &event.id).ok_or_else(|| {
        "No connect URL is registered: set --connect-url or connect_url, or begin at the integration's own site."
            .to_owned()
    })
}

fn scopes(integration: &Integration) -> Markup {
    let asked = integration
        .scopes
        .iter()
        .filter(|declared| scope_info(&declared.name).is_some_and(|scope| scope.flow == Flow::Installation));
    html! {
        ul { @for declared in asked {
            li { code { (declared.name) } " " span.quiet { @if declared.required { "required" } @else { "optional" } } }
        } }
    }
}
