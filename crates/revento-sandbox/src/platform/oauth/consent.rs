//! The answer to a consent page (contract §2.1, contract §2.2, contract §2.5).

use crate::decisions;
use crate::platform::config::Integration;
use crate::platform::context::Context;
use crate::platform::oauth::error::OAuthError;
use crate::platform::queries::{applications, connections};
use crate::platform::records::{AnsweredConsent, AuditEntry, Code, Consent, ConsentAnswer, Flow};
use crate::platform::state::State;
use crate::primitives::digest;
use crate::primitives::secret::Secret;
use crate::primitives::time::Time;

/// The redirect that answers the browser.
#[derive(Debug)]
pub(crate) struct ConsentRedirect {
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    pub(crate) result: Result<String, OAuthError>,
}

/// Stores a consent page until it is answered, and deletes those that have expired.
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

/// Answers a consent page. The same answer again, as after a double click, gets the same redirect. `None` if the page is
/// unknown, expired, or was answered in another way.
pub(crate) fn answer(
    state: &mut State,
    context: Context<'_>,
    id: &str,
    answer: &ConsentAnswer,
    code: String,
) -> Option<ConsentRedirect> {
    if let Some(known) = state.answered.repeated(id, answer, context.now) {
        return Some(repeated(known));
    }
    let consent = state.consents.remove(id)?;
    let integration = context.config.integration(&consent.client_id)?;
    if consent.expires_at <= context.now {
        return None;
    }
    let result = decide(state, context.now, integration, &consent, answer, code);
    let answered = AnsweredConsent {
        answer: answer.clone(),
        redirect_uri: consent.redirect_uri.clone(),
        state: consent.state.clone(),
        result: match &result {
            Ok(code) => Ok(Secret::new(code.clone())),
            Err(error) => Err((error.code, error.description.clone())),
        },
        expires_at: consent.expires_at,
    };
    state.answered.remember(id.to_owned(), answered, context.now);
    Some(ConsentRedirect {
        redirect_uri: consent.redirect_uri,
        state: consent.state,
        result,
    })
}

fn repeated(known: AnsweredConsent) -> ConsentRedirect {
    ConsentRedirect {
        redirect_uri: known.redirect_uri,
        state: known.state,
        result: match known.result {
            Ok(code) => Ok(code.expose().to_owned()),
            Err((code, description)) => Err(OAuthError { code, description }),
        },
    }
}

fn decide(
    state: &mut State,
    now: Time,
    integration: &Integration,
    consent: &Consent,
    answer: &ConsentAnswer,
    code: String,
) -> Result<String, OAuthError> {
    let user_id = match consent.flow {
        Flow::Installation => None,
        Flow::User => answer.user_id.clone(),
    };
    if !answer.authorize {
        audit(state, now, consent, user_id, "consent_declined", "");
        return Err(OAuthError::new(
            "access_denied",
            "The request was declined on the consent page.",
        ));
    }
    if consent.flow == Flow::User {
        check_eligible(state, &consent.client_id, &consent.event_id, user_id.as_deref())?;
    }
    let scopes: Vec<String> = consent
        .scopes
        .iter()
        .filter(|scope| integration.requires(scope) || answer.ticked.contains(scope))
        .cloned()
        .collect();
    if scopes.is_empty() {
        return Err(OAuthError::new(
            decisions::NOTHING_GRANTED_ERROR,
            "Every scope was unticked, so there is nothing to authorize.",
        ));
    }
    audit(
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
        burned: false,
    });
    Ok(code)
}

/// A participant can sign in with an application to the event, in any status.
pub(crate) fn check_eligible(
    state: &State,
    client_id: &str,
    event_id: &str,
    user_id: Option<&str>,
) -> Result<(), OAuthError> {
    let denied = |text: &str| Err(OAuthError::new(decisions::NOT_ELIGIBLE_ERROR, text));
    let Some(user_id) = user_id else {
        return denied("No participant was chosen. Choose one on the consent page.");
    };
    if !connections::is_connected(state, client_id, event_id) {
        return denied("The organizer's connection to this event has ended. Connect it again first.");
    }
    if applications::of_user(state, event_id, user_id).is_none() {
        return denied("This user has no application to the event. Choose a user who has applied.");
    }
    Ok(())
}

fn audit(
    state: &mut State,
    now: Time,
    consent: &Consent,
    user_id: Option<String>,
    action: &str,
    detail: &str,
) {
    state.append_audit(AuditEntry {
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
