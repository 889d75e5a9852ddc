//! The answer to a consent page (contract sections 2.1, 2.2 and 2.5).

use crate::decisions;
use crate::machine::digest;
use crate::machine::time::Time;
use crate::platform::config::Config;
use crate::platform::oauth::fault::Fault;
use crate::platform::records::{AuditEntry, Code, Consent, Flow};
use crate::platform::state::State;

/// What a human answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) authorize: bool,
    /// The optional scopes that stayed ticked.
    pub(crate) ticked: Vec<String>,
    /// Who signs in, in the participants' flow.
    pub(crate) user_id: Option<String>,
}

/// Where the browser goes now.
#[derive(Debug)]
pub(crate) struct Onward {
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    pub(crate) result: Result<String, Fault>,
}

/// Remembers a consent page until it is answered, and forgets those that nobody answered in time.
pub(crate) fn await_answer(state: &mut State, now: Time, consent: Consent) {
    let stale: Vec<String> = state
        .consents
        .iter()
        .filter(|row| row.expires_at <= now)
        .map(|row| row.id.clone())
        .collect();
    for id in stale {
        state.consents.remove(&id);
    }
    state.consents.put(consent);
}

/// Takes the answer to a consent page, once; `None` when the page is unknown, answered or too old.
pub(crate) fn answer(
    config: &Config,
    state: &mut State,
    now: Time,
    id: &str,
    answer: &Answer,
    code: String,
) -> Option<Onward> {
    let consent = state.consents.remove(id)?;
    let integration = config.integration(&consent.client_id)?;
    if consent.expires_at <= now {
        return None;
    }
    let result = decide(state, now, integration, &consent, answer, code);
    Some(Onward {
        redirect_uri: consent.redirect_uri,
        state: consent.state,
        result,
    })
}

fn decide(
    state: &mut State,
    now: Time,
    integration: &crate::platform::config::Integration,
    consent: &Consent,
    answer: &Answer,
    code: String,
) -> Result<String, Fault> {
    let user_id = match consent.flow {
        Flow::Installation => None,
        Flow::User => answer.user_id.clone(),
    };
    if !answer.authorize {
        note(state, now, consent, user_id, "consent_declined", "");
        return Err(Fault::new(
            "access_denied",
            "The request was declined on the consent page.",
        ));
    }
    if consent.flow == Flow::User {
        eligible(state, consent, user_id.as_deref())?;
    }
    let scopes: Vec<String> = consent
        .scopes
        .iter()
        .filter(|scope| integration.requires(scope) || answer.ticked.contains(scope))
        .cloned()
        .collect();
    if scopes.is_empty() {
        return Err(Fault::new(
            decisions::NOTHING_GRANTED_ERROR,
            "Every scope was unticked, so there is nothing to authorize.",
        ));
    }
    note(
        state,
        now,
        consent,
        user_id.clone(),
        "consent_given",
        &scopes.join(" "),
    );
    state.codes.put(Code {
        hash: digest::fingerprint(&code),
        client_id: consent.client_id.clone(),
        event_id: consent.event_id.clone(),
        flow: consent.flow,
        user_id,
        scopes,
        redirect_uri: consent.redirect_uri.clone(),
        challenge: consent.challenge.clone(),
        expires_at: now.plus_seconds(decisions::CODE_LIFETIME_S),
        used_for: None,
    });
    Ok(code)
}

/// A participant signs in with an application to the event, in any status.
fn eligible(state: &State, consent: &Consent, user_id: Option<&str>) -> Result<(), Fault> {
    let denied = |text: &str| Err(Fault::new(decisions::NOT_ELIGIBLE_ERROR, text));
    let Some(user_id) = user_id else {
        return denied("Nobody was chosen to sign in. Choose a participant on the consent page.");
    };
    if !super::tokens::is_connected(state, &consent.client_id, &consent.event_id) {
        return denied("The organizer's connection to this event has ended. Connect it again first.");
    }
    if super::tokens::application(state, &consent.event_id, user_id).is_none() {
        return denied("This person has no application to the event. Choose somebody who applied.");
    }
    Ok(())
}

fn note(
    state: &mut State,
    now: Time,
    consent: &Consent,
    user_id: Option<String>,
    action: &str,
    detail: &str,
) {
    state.note(AuditEntry {
        id: String::new(),
        at: now,
        client_id: consent.client_id.clone(),
        action: action.to_owned(),
        family_id: None,
        generation: None,
        event_id: Some(consent.event_id.clone()),
        user_id,
        detail: detail.to_owned(),
    });
}
