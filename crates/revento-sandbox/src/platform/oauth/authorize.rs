//! Checking an authorization request (contract §2.1).

use crate::decisions;
use crate::platform::config::{Audience, Config, Integration, scope_info};
use crate::platform::context::Context;
use crate::platform::oauth::error::OAuthError;
use crate::platform::oauth::params::Params;
use crate::platform::queries::{connections, integrations};
use crate::platform::records::{Consent, Event, Flow, Listing, Organization, PublishStatus};
use crate::platform::state::State;
use crate::primitives::time::Time;

/// An error page, for a request that must not redirect.
#[derive(Debug)]
pub(crate) struct ErrorPage {
    pub(crate) title: &'static str,
    pub(crate) message: String,
    /// The wrong value of the request.
    pub(crate) sent: Option<String>,
    /// The values that would be right.
    pub(crate) registered: Vec<String>,
    pub(crate) next_step: String,
}

/// The outcome of an authorization request.
#[derive(Debug)]
pub(crate) enum AuthorizeOutcome {
    /// Shows an error page to the human.
    ShowError(ErrorPage),
    /// Redirects to the integration with an error.
    Redirect {
        redirect_uri: String,
        state: Option<String>,
        error: OAuthError,
    },
    /// Asks the human for consent.
    AskConsent(Consent),
}

/// Parameters that may be given once at most.
const SINGLE: [&str; 8] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "event_id",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// Checks a request. A consent to ask for gets the id `consent_id`.
pub(crate) fn evaluate(
    state: &State,
    context: Context<'_>,
    params: &Params,
    consent_id: String,
) -> AuthorizeOutcome {
    let (integration, redirect_uri) = match recipient(context.config, params) {
        Ok(found) => found,
        Err(page) => return AuthorizeOutcome::ShowError(page),
    };
    let echoed = params.get("state");
    match request(integration, state, context.now, params, &redirect_uri, consent_id) {
        Ok(consent) => AuthorizeOutcome::AskConsent(consent),
        Err(error) => AuthorizeOutcome::Redirect {
            redirect_uri,
            state: echoed.map(str::to_owned),
            error,
        },
    }
}

/// The integration and redirect URI that receive the answer. Without them nothing redirects (RFC 6749 §4.1.2.1).
fn recipient<'c>(config: &'c Config, params: &Params) -> Result<(&'c Integration, String), ErrorPage> {
    if let Some(name) = params.repeated(&["client_id", "redirect_uri"]) {
        return Err(ErrorPage {
            title: "This link is broken",
            message: format!("The parameter {name} is given more than once."),
            sent: None,
            registered: Vec::new(),
            next_step: format!("Send {name} exactly once."),
        });
    }
    let client_id = params.get("client_id");
    let Some(integration) = client_id.and_then(|id| config.integration(id)) else {
        return Err(ErrorPage {
            title: "Unknown integration",
            message: "No integration is registered under this client_id.".to_owned(),
            sent: Some(client_id.unwrap_or("(no client_id was sent)").to_owned()),
            registered: config
                .integrations
                .iter()
                .map(|known| known.client_id.clone())
                .collect(),
            next_step: "Copy the client_id from the developer console into your configuration.".to_owned(),
        });
    };
    let sent = params.get("redirect_uri");
    match sent.filter(|uri| integration.redirect_uris.iter().any(|known| known == uri)) {
        Some(uri) => Ok((integration, uri.to_owned())),
        None => Err(redirect_refusal(integration, sent)),
    }
}

fn redirect_refusal(integration: &Integration, sent: Option<&str>) -> ErrorPage {
    let slash = |uri: &str| uri.trim_end_matches('/').to_owned();
    let only_slash = sent.is_some_and(|sent| {
        integration
            .redirect_uris
            .iter()
            .any(|uri| slash(uri) == slash(sent))
    });
    let next_step = match (sent, only_slash, integration.redirect_uris.first()) {
        (_, _, None) => {
            "Register your redirect URI with the sandbox (its option --redirect-uri), then try again."
                .to_owned()
        }
        (None, _, Some(first)) => format!("Send redirect_uri={first}, percent-encoded."),
        (Some(_), true, _) => {
            "Only a trailing slash differs. URIs are compared byte for byte: send the registered one."
                .to_owned()
        }
        (Some(sent), false, _) => format!(
            "Send one of the registered URIs byte for byte, or register {sent} (the sandbox's option --redirect-uri)."
        ),
    };
    ErrorPage {
        title: "Redirect URI not registered",
        message: format!(
            "{} requested a redirect to an address that it has not registered, so the sandbox did not redirect.",
            integration.name
        ),
        sent: Some(sent.unwrap_or("(no redirect_uri was sent)").to_owned()),
        registered: integration.redirect_uris.clone(),
        next_step,
    }
}

fn request(
    integration: &Integration,
    state: &State,
    now: Time,
    params: &Params,
    redirect_uri: &str,
    consent_id: String,
) -> Result<Consent, OAuthError> {
    if let Some(name) = params.repeated(&SINGLE) {
        return Err(OAuthError::repeated(name));
    }
    match params.get("response_type") {
        Some("code") => {}
        Some(other) => {
            let text = format!("response_type is '{other}'. Only 'code' is supported.");
            return Err(OAuthError::new("unsupported_response_type", text));
        }
        None => {
            return Err(OAuthError::invalid_request(
                "response_type is missing. Send response_type=code.",
            ));
        }
    }
    let echoed = params.get("state").ok_or_else(|| {
        OAuthError::invalid_request(
            "state is missing. Send a new random value and compare it when the answer arrives.",
        )
    })?;
    let challenge = challenge(params)?;
    let (flow, scopes) = scopes(integration, params.get("scope").unwrap_or_default())?;
    let event_id = params.get("event_id").ok_or_else(|| {
        OAuthError::invalid_request("event_id is missing. Every authorization is for one event.")
    })?;
    let event = state.events.get(event_id).ok_or_else(|| {
        OAuthError::invalid_request(format!(
            "There is no event '{event_id}'. The console of the sandbox lists the event ids."
        ))
    })?;
    admission(integration, state, event, flow)?;
    Ok(Consent {
        id: consent_id,
        client_id: integration.client_id.clone(),
        event_id: event.id.clone(),
        flow,
        scopes,
        redirect_uri: redirect_uri.to_owned(),
        state: echoed.to_owned(),
        challenge,
        expires_at: now.plus_seconds(decisions::CONSENT_LIFETIME_S),
    })
}

fn challenge(params: &Params) -> Result<String, OAuthError> {
    let Some(challenge) = params.get("code_challenge") else {
        return Err(OAuthError::invalid_request(
            "PKCE required: send code_challenge and code_challenge_method=S256.",
        ));
    };
    if params.get("code_challenge_method") != Some("S256") {
        let text =
            "code_challenge_method must be S256. If it is absent, it means 'plain', which is not supported.";
        return Err(OAuthError::new(decisions::WRONG_PKCE_METHOD_ERROR, text));
    }
    let well_formed = challenge.len() == 43
        && challenge
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if well_formed {
        Ok(challenge.to_owned())
    } else {
        Err(OAuthError::invalid_request(
            "code_challenge is not an S256 challenge. It must have 43 characters of unpadded base64url.",
        ))
    }
}

/// The scopes and the flow. The flow follows from the scopes, which must all be of one token kind.
fn scopes(integration: &Integration, requested: &str) -> Result<(Flow, Vec<String>), OAuthError> {
    let mut scopes: Vec<String> = Vec::new();
    let mut flow = None;
    for name in requested.split(' ').filter(|name| !name.is_empty()) {
        let declared = integration.declared(name).and(scope_info(name)).ok_or_else(|| {
            let text = format!(
                "The scope '{name}' is not declared in the manifest of this integration. Declare it first."
            );
            OAuthError::new(decisions::UNDECLARED_SCOPE_ERROR, text)
        })?;
        if *flow.get_or_insert(declared.flow) != declared.flow {
            return Err(OAuthError::invalid_scope(
                "Scopes of both token kinds are mixed. Request either installation scopes (an organizer connects) \
                 or user scopes (a participant signs in).",
            ));
        }
        if !scopes.iter().any(|known| known == name) {
            scopes.push(name.to_owned());
        }
    }
    match flow {
        Some(flow) => Ok((flow, scopes)),
        None => Err(OAuthError::invalid_scope(
            "scope is missing. Request at least one declared scope.",
        )),
    }
}

/// Whether an organizer may connect an integration to an event; the error says why not.
pub(crate) fn may_connect(integration: &Integration, state: &State, event: &Event) -> Result<(), OAuthError> {
    admission(integration, state, event, Flow::Installation)
}

/// Whether the organizer may connect or the participant may sign in (contract §1, contract §2.1, contract §2.5).
pub(crate) fn admission(
    integration: &Integration,
    state: &State,
    event: &Event,
    flow: Flow,
) -> Result<(), OAuthError> {
    let listing = integrations::listing(state, &integration.client_id);
    if listing != Listing::Published {
        let text = format!(
            "This integration is {}, so nobody can authorize it now. Publish it again in the console, or with \
             POST /_sandbox/integrations/{}/publish.",
            listing.as_str(),
            integration.client_id
        );
        return Err(OAuthError::new(decisions::NOT_LISTED_ERROR, text));
    }
    let organization = state.organizations.get(&event.organization_id);
    let formal = organization.filter(|organization| organization.is_formal()).ok_or_else(|| {
        let name = organization.map_or("The organization", |organization| organization.name.as_str());
        let text = format!(
            "{name} is not a formal organization (it has no tax identifier) and cannot authorize integrations. \
             Choose an event of a formal organization."
        );
        OAuthError::new(decisions::NOT_FORMAL_ERROR, text)
    })?;
    if !may_use(integration, formal) {
        let text = format!(
            "This in-house integration is private to an organization other than {}.",
            formal.name
        );
        return Err(OAuthError::new(decisions::PRIVATE_ERROR, text));
    }
    if event.publish_status == PublishStatus::Archived {
        let text = format!(
            "The event '{}' is archived and accepts no authorization. Choose another event.",
            event.id
        );
        return Err(OAuthError::new(decisions::ARCHIVED_ERROR, text));
    }
    if flow == Flow::User && !connections::is_connected(state, &integration.client_id, &event.id) {
        let text = format!(
            "No organizer has connected this integration to '{}'. Connect it first; then participants can sign in.",
            event.id
        );
        return Err(OAuthError::new(decisions::NOT_ELIGIBLE_ERROR, text));
    }
    Ok(())
}

fn may_use(integration: &Integration, organization: &Organization) -> bool {
    match &integration.audience {
        Audience::Public => true,
        Audience::InHouse(owner) => *owner == organization.id,
    }
}
