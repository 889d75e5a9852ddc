//! Judging an authorization request (contract section 2.1).

use crate::decisions;
use crate::machine::time::Time;
use crate::platform::acts::lifecycle;
use crate::platform::config::{Audience, Config, Integration, scope_info};
use crate::platform::oauth::fault::Fault;
use crate::platform::oauth::params::Params;
use crate::platform::records::{Consent, Event, Flow, Listing, Organization, PublishStatus};
use crate::platform::state::State;

/// A refusal that must not redirect: a page for the human who sees it.
#[derive(Debug)]
pub(crate) struct PageRefusal {
    pub(crate) title: &'static str,
    pub(crate) message: String,
    pub(crate) sent: Option<String>,
    pub(crate) registered: Vec<String>,
    pub(crate) next_step: String,
}

/// What becomes of an authorization request.
#[derive(Debug)]
pub(crate) enum Verdict {
    Page(PageRefusal),
    Redirect {
        redirect_uri: String,
        state: Option<String>,
        fault: Fault,
    },
    Ask(Consent),
}

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

/// Judges a request; a consent that is to be asked for bears `consent_id`.
pub(crate) fn judge(
    config: &Config,
    state: &State,
    now: Time,
    params: &Params,
    consent_id: String,
) -> Verdict {
    let (integration, redirect_uri) = match addressee(config, params) {
        Ok(found) => found,
        Err(page) => return Verdict::Page(page),
    };
    let echoed = params
        .get("state")
        .filter(|state| state.len() <= decisions::MAX_STATE_LEN);
    match request(integration, state, now, params, &redirect_uri, consent_id) {
        Ok(consent) => Verdict::Ask(consent),
        Err(fault) => Verdict::Redirect {
            redirect_uri,
            state: echoed.map(str::to_owned),
            fault,
        },
    }
}

/// Where an answer may go at all. Until this is known, nothing redirects (RFC 6749 section 4.1.2.1).
fn addressee<'c>(config: &'c Config, params: &Params) -> Result<(&'c Integration, String), PageRefusal> {
    if let Some(name) = params.repeated(&["client_id", "redirect_uri"]) {
        return Err(PageRefusal {
            title: "This link is broken",
            message: format!(
                "The parameter {name} is given more than once, so it is unclear which one is meant."
            ),
            sent: None,
            registered: Vec::new(),
            next_step: format!("Send {name} exactly once."),
        });
    }
    let client_id = params.get("client_id");
    let Some(integration) = client_id.and_then(|id| config.integration(id)) else {
        return Err(PageRefusal {
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

fn redirect_refusal(integration: &Integration, sent: Option<&str>) -> PageRefusal {
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
            "Only a trailing slash differs, and it makes another URI: send the registered form.".to_owned()
        }
        (Some(sent), false, _) => format!(
            "Send one of the registered URIs byte for byte, or register {sent} (the sandbox's option --redirect-uri)."
        ),
    };
    PageRefusal {
        title: "Redirect URI not registered",
        message: format!(
            "{} asked to be answered at an address that it has not registered, so nothing was sent there.",
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
) -> Result<Consent, Fault> {
    if let Some(name) = params.repeated(&SINGLE) {
        return Err(Fault::request(format!(
            "The parameter {name} is given more than once. Send it once."
        )));
    }
    match params.get("response_type") {
        Some("code") => {}
        Some(other) => {
            let text = format!("response_type is '{other}'. Only 'code' is supported.");
            return Err(Fault::new("unsupported_response_type", text));
        }
        None => {
            return Err(Fault::request(
                "response_type is missing. Send response_type=code.",
            ));
        }
    }
    let echoed = params.get("state").ok_or_else(|| {
        Fault::request("state is missing. Send a fresh random value and compare it when the answer arrives.")
    })?;
    if echoed.len() > decisions::MAX_STATE_LEN {
        return Err(Fault::request(format!(
            "state is longer than {} bytes.",
            decisions::MAX_STATE_LEN
        )));
    }
    let challenge = challenge(params)?;
    let (flow, scopes) = scopes(integration, params.get("scope").unwrap_or_default())?;
    let event_id = params
        .get("event_id")
        .ok_or_else(|| Fault::request("event_id is missing. Every authorization is for one event."))?;
    let event = state.events.get(event_id).ok_or_else(|| {
        Fault::request(format!(
            "There is no event '{event_id}'. Take an event id from the console of the sandbox."
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

fn challenge(params: &Params) -> Result<String, Fault> {
    let Some(challenge) = params.get("code_challenge") else {
        return Err(Fault::request(
            "PKCE required: send code_challenge and code_challenge_method=S256.",
        ));
    };
    if params.get("code_challenge_method") != Some("S256") {
        let text =
            "code_challenge_method must be S256 (left out it would mean 'plain', which is not supported).";
        return Err(Fault::new(decisions::WRONG_PKCE_METHOD_ERROR, text));
    }
    let well_formed = challenge.len() == 43
        && challenge
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if well_formed {
        Ok(challenge.to_owned())
    } else {
        Err(Fault::request(
            "code_challenge is no S256 challenge: 43 characters of unpadded base64url are expected.",
        ))
    }
}

/// The flow follows from the scopes: all of one token kind.
fn scopes(integration: &Integration, requested: &str) -> Result<(Flow, Vec<String>), Fault> {
    let mut scopes: Vec<String> = Vec::new();
    let mut flow = None;
    for name in requested.split(' ').filter(|name| !name.is_empty()) {
        let declared = integration.declared(name).and(scope_info(name)).ok_or_else(|| {
            let text = format!(
                "The scope '{name}' is not declared in the manifest of this integration. Declare it first."
            );
            Fault::new(decisions::UNDECLARED_SCOPE_ERROR, text)
        })?;
        if *flow.get_or_insert(declared.flow) != declared.flow {
            return Err(Fault::scope(
                "Scopes of both token kinds are mixed. Ask for installation scopes (an organizer connects) \
                 or for user scopes (a participant signs in), not for both at once.",
            ));
        }
        if !scopes.iter().any(|known| known == name) {
            scopes.push(name.to_owned());
        }
    }
    match flow {
        Some(flow) => Ok((flow, scopes)),
        None => Err(Fault::scope(
            "scope is missing. Ask for at least one declared scope.",
        )),
    }
}

/// Who may connect or sign in (contract sections 1, 2.1 and 2.5).
fn admission(integration: &Integration, state: &State, event: &Event, flow: Flow) -> Result<(), Fault> {
    let listing = lifecycle::listing(state, &integration.client_id);
    if listing != Listing::Published {
        let text = format!(
            "This integration is {}; nobody can authorize it now.",
            listing.as_str()
        );
        return Err(Fault::new(decisions::NOT_LISTED_ERROR, text));
    }
    let organization = state.organizations.get(&event.organization_id);
    let formal = organization.filter(|organization| organization.is_formal()).ok_or_else(|| {
        let name = organization.map_or("The organization", |organization| organization.name.as_str());
        let text = format!(
            "{name} is not a formal organization (it has no tax identifier) and cannot authorize integrations. \
             Choose an event of a formal organization."
        );
        Fault::new(decisions::NOT_FORMAL_ERROR, text)
    })?;
    if !may_use(integration, formal) {
        let text = format!(
            "This in-house integration is private to another organization than {}.",
            formal.name
        );
        return Err(Fault::new(decisions::PRIVATE_ERROR, text));
    }
    if event.publish_status == PublishStatus::Archived {
        let text = format!(
            "The event '{}' is archived and accepts no authorization. Choose another event.",
            event.id
        );
        return Err(Fault::new(decisions::ARCHIVED_ERROR, text));
    }
    if flow == Flow::User && !super::tokens::is_connected(state, &integration.client_id, &event.id) {
        let text = format!(
            "No organizer has connected this integration to '{}' yet. Connect it first; then participants can sign in.",
            event.id
        );
        return Err(Fault::new(decisions::NOT_ELIGIBLE_ERROR, text));
    }
    Ok(())
}

fn may_use(integration: &Integration, organization: &Organization) -> bool {
    match &integration.audience {
        Audience::Public => true,
        Audience::InHouse(owner) => *owner == organization.id,
    }
}
