//! Consenting in a test: with the consent page's answer, or at once.

use url::Url;

use super::error::ControlError;
use crate::platform::commands::CommandError;
use crate::platform::oauth::authorize::{AuthorizeOutcome, evaluate};
use crate::platform::oauth::consent;
use crate::platform::oauth::exchange::connect_at_once;
use crate::platform::oauth::params::Params;
use crate::platform::oauth::redirect::redirect_url;
use crate::platform::oauth::tokens::FreshPair;
use crate::platform::records::ConsentAnswer;
use crate::primitives::entropy::Purpose;
use crate::start::Sandbox;

/// What the human does on the consent page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsentDecision {
    /// The organizer authorizes all requested scopes.
    Authorize,
    /// The organizer authorizes the required scopes and only these of the optional ones.
    AuthorizeOnly(Vec<String>),
    /// The participant with this user id signs in and authorizes all requested scopes.
    SignIn(String),
    /// The human declines.
    Decline,
}

impl Sandbox {
    /// Connects an event to the first integration, as an organizer who authorizes all scopes would: webhooks are sent from now on.
    /// It is for receivers of webhooks that do not need a token. A client gets one with [`authorize`](Self::authorize).
    ///
    /// # Errors
    /// If there is no such event, or the platform would not let the integration connect it.
    pub async fn connect(&self, event_id: &str) -> Result<(), ControlError> {
        let fresh = FreshPair::draw(&self.runtime().config.entropy);
        let fresh = fresh.map_err(|error| ControlError::Conflict(error.to_string()))?;
        let connected = self.runtime().write(|state, context| {
            let integration = context.config.integrations.first();
            let integration = integration.ok_or_else(|| CommandError::missing("integration", ""))?;
            if !state.events.contains(event_id) {
                return Err(CommandError::missing("event", event_id));
            }
            connect_at_once(state, context.now, integration, event_id, None, fresh)
                .map(drop)
                .map_err(|refusal| CommandError::Conflict(refusal.description))
        });
        Ok(connected.await??)
    }

    /// Answers the consent page of an authorization URL without a browser. Returns the URL that the browser would be
    /// redirected to: the redirect URI with `code` and `state`, or with `error`.
    ///
    /// # Errors
    /// [`ControlError::Conflict`] if the platform would show an error page instead of redirecting.
    pub async fn authorize(
        &self,
        authorization_url: &str,
        decision: ConsentDecision,
    ) -> Result<String, ControlError> {
        let url = Url::parse(authorization_url)
            .map_err(|_| ControlError::Conflict(format!("'{authorization_url}' is not a URL.")))?;
        let params = Params::parse(url.query().unwrap_or_default().as_bytes());
        let entropy = &self.runtime().config.entropy;
        let drawn = || {
            let token = entropy.token(Purpose::Consent);
            token.map_err(|error| ControlError::Conflict(error.to_string()))
        };
        let (id, code) = (drawn()?, drawn()?);
        let (redirect_uri, state, result) = self
            .runtime()
            .write(|state, context| {
                let consent = match evaluate(state, context, &params, id.clone()) {
                    AuthorizeOutcome::AskConsent(consent) => consent,
                    AuthorizeOutcome::ShowError(page) => {
                        return Err(CommandError::Conflict(format!(
                            "{} {}",
                            page.message, page.next_step
                        )));
                    }
                    AuthorizeOutcome::Redirect {
                        redirect_uri,
                        state,
                        error,
                    } => return Ok((redirect_uri, state, Err(error))),
                };
                let answer = answer(decision, &consent.scopes);
                consent::await_answer(state, context.now, consent);
                let redirect = consent::answer(state, context, &id, &answer, code)
                    .ok_or_else(|| CommandError::Conflict("The consent page was used up.".to_owned()))?;
                Ok((redirect.redirect_uri, Some(redirect.state), redirect.result))
            })
            .await??;
        redirect_url(&redirect_uri, state.as_deref(), &result)
            .map(String::from)
            .ok_or_else(|| ControlError::Conflict(format!("The redirect URI '{redirect_uri}' is not a URL.")))
    }
}

fn answer(decision: ConsentDecision, requested: &[String]) -> ConsentAnswer {
    let (authorize, ticked, user_id) = match decision {
        ConsentDecision::Authorize => (true, requested.to_vec(), None),
        ConsentDecision::AuthorizeOnly(ticked) => (true, ticked, None),
        ConsentDecision::SignIn(user_id) => (true, requested.to_vec(), Some(user_id)),
        ConsentDecision::Decline => (false, Vec::new(), None),
    };
    ConsentAnswer {
        authorize,
        ticked,
        user_id,
    }
}
