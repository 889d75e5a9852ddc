//! The consent page: an HTML form that works without a script.

use axum::response::Response;
use maud::{Markup, html};

use crate::http::page;
use crate::platform::config::{Config, Integration, scope_info};
use crate::platform::oauth::authorize::ErrorPage;
use crate::platform::records::{Consent, Event, Flow, Organization};
use crate::platform::state::State;

/// How many participants the page lists at most.
const MAX_CHOICES: usize = 1_000;

/// The consent page. The sandbox has no log-in: the human acts as the organizer, or chooses a participant.
pub(super) fn ask(config: &Config, state: &State, consent: &Consent) -> Response {
    let integration = config.integration(&consent.client_id);
    let event = state.events.get(&consent.event_id);
    let organization = event.and_then(|event| state.organizations.get(&event.organization_id));
    let (Some(integration), Some(event), Some(organization)) = (integration, event, organization) else {
        return used_up();
    };
    let title = match consent.flow {
        Flow::Installation => format!("Connect {} to {}?", integration.name, event.name),
        Flow::User => format!("Sign in to {} with Revento?", integration.name),
    };
    let content = html! {
        form.card.consent method="post" action="/oauth/authorize" {
            (heading(integration, &title, consent.flow))
            (parties(event, organization, consent.flow))
            input type="hidden" name="consent_request" value=(consent.id);
            @if consent.flow == Flow::User { (user_choice(state, event)) }
            (scopes(integration, consent))
            div.decide {
                button.primary type="submit" name="decision" value="authorize" { "Authorize" }
                button type="submit" name="decision" value="decline" { "Decline" }
            }
            p.quiet {
                "You will return to " code { (consent.redirect_uri) } ". "
                "You can revoke this at any time. Support: " (integration.support)
            }
        }
    };
    page::bare(&title, &content)
}

fn heading(integration: &Integration, title: &str, flow: Flow) -> Markup {
    html! {
        div.marks aria-hidden="true" {
            span.mark { (integration.name.chars().next().unwrap_or('?')) }
            span.link {}
            span.mark.revento { "R" }
        }
        h1 { (title) }
        p.lead {
            strong { (integration.name) } " by " (integration.publisher) " requests "
            @match flow {
                Flow::Installation => { "read access to one event of your organization." }
                Flow::User => { "access to your profile at this event." }
            }
        }
    }
}

fn parties(event: &Event, organization: &Organization, flow: Flow) -> Markup {
    html! {
        dl.facts {
            dt { "Event" } dd { (event.name) " " code { (event.id) } }
            dt { "Organization" } dd { (organization.name) }
            @if flow == Flow::Installation { dt { "Signed in as" } dd { (organization.organizer_name) ", organizer" } }
        }
    }
}

fn user_choice(state: &State, event: &Event) -> Markup {
    let prefix = format!("par_{}_", event.slug);
    html! {
        p.field {
            label for="user_id" { "Sign in as" }
            select id="user_id" name="user_id" required {
                @for row in state.participants.range(&prefix, None).take(MAX_CHOICES) {
                    @if let Some(user) = state.users.get(&row.user_id) {
                        option value=(user.id) { (user.name()) " – application " (row.status.as_str().replace('_', " ")) }
                    }
                }
            }
        }
    }
}

fn scopes(integration: &Integration, consent: &Consent) -> Markup {
    html! {
        fieldset.scopes {
            legend { "It will be able to" }
            @for scope in &consent.scopes {
                @let required = integration.requires(scope);
                @let id = format!("scope-{scope}");
                div.scope {
                    @if required {
                        input type="checkbox" id=(id) checked disabled;
                    } @else {
                        input type="checkbox" id=(id) name="scope" value=(scope) checked;
                    }
                    label for=(id) {
                        span { (scope_info(scope).map_or(scope.as_str(), |info| info.description)) }
                        span.quiet { code { (scope) } @if required { " · required" } @else { " · optional" } }
                    }
                }
            }
        }
    }
}

/// An error page, for requests that must not redirect.
pub(super) fn show_error(error: &ErrorPage) -> Response {
    let content = html! {
        section.card.refusal {
            h1 { (error.title) }
            p.lead { (error.message) }
            dl.facts {
                @if let Some(sent) = &error.sent { dt { "Sent" } dd { code { (sent) } } }
                @if !error.registered.is_empty() {
                    dt { "Registered" } dd { ul { @for known in &error.registered { li { code { (known) } } } } }
                }
            }
            p.next { strong { "What to do: " } (error.next_step) }
        }
    };
    page::bare(error.title, &content)
}

pub(super) fn used_up() -> Response {
    show_error(&ErrorPage {
        title: "This consent page can no longer be answered",
        message: "It was answered in another way, or it is older than ten minutes.".to_owned(),
        sent: None,
        registered: Vec::new(),
        next_step: "Go back to the integration and start again.".to_owned(),
    })
}
