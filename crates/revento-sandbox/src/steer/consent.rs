//! Playing the human at the consent page.

use url::Url;

use super::SteerError;
use crate::http::return_address;
use crate::machine::entropy::Purpose;
use crate::platform::acts::Refused;
use crate::platform::oauth::authorize::{Verdict, judge};
use crate::platform::oauth::consent::{self, Answer};
use crate::platform::oauth::params::Params;
use crate::start::Sandbox;

/// What the human does at the consent page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Authorizes with every scope that was asked for.
    Authorize,
    /// Authorizes with only these of the optional scopes.
    AuthorizeOnly(Vec<String>),
    /// A participant signs in, with every scope that was asked for.
    SignIn(String),
    /// Declines.
    Decline,
}

impl Sandbox {
    /// Answers the consent page of an authorization URL as a human would, without a browser, and returns where the
    /// browser would go: the redirect URI with `code` and `state`, or with `error`.
    ///
    /// # Errors
    /// [`SteerError::Conflict`] where a human would see an error page instead of being redirected.
    pub async fn authorize(&self, authorization_url: &str, decision: Decision) -> Result<String, SteerError> {
        let url = Url::parse(authorization_url)
            .map_err(|_| SteerError::Conflict(format!("'{authorization_url}' is no URL.")))?;
        let params = Params::parse(url.query().unwrap_or_default().as_bytes());
        let entropy = &self.hub().config.entropy;
        let drawn = || {
            let token = entropy.token(Purpose::Consent);
            token.map_err(|error| SteerError::Conflict(error.to_string()))
        };
        let (id, code) = (drawn()?, drawn()?);
        let went = self
            .hub()
            .write(|state, scene| {
                let asked = match judge(scene.config, state, scene.now, &params, id.clone()) {
                    Verdict::Ask(asked) => asked,
                    Verdict::Page(page) => {
                        return Err(Refused::Conflict(format!("{} {}", page.message, page.next_step)));
                    }
                    Verdict::Redirect {
                        redirect_uri,
                        state,
                        fault,
                    } => {
                        return Ok((redirect_uri, state, Err(fault)));
                    }
                };
                let answer = answer(decision, &asked.scopes);
                consent::await_answer(state, scene.now, asked);
                let onward = consent::answer(scene.config, state, scene.now, &id, &answer, code)
                    .ok_or_else(|| Refused::Conflict("The consent page was used up.".to_owned()))?;
                Ok((onward.redirect_uri, Some(onward.state), onward.result))
            })
            .await??;
        let (redirect_uri, state, result) = went;
        return_address(&redirect_uri, state.as_deref(), &result)
            .map(String::from)
            .ok_or_else(|| SteerError::Conflict(format!("The redirect URI '{redirect_uri}' is no URL.")))
    }
}

fn answer(decision: Decision, asked: &[String]) -> Answer {
    let (authorize, ticked, user_id) = match decision {
        Decision::Authorize => (true, asked.to_vec(), None),
        Decision::AuthorizeOnly(ticked) => (true, ticked, None),
        Decision::SignIn(user_id) => (true, asked.to_vec(), Some(user_id)),
        Decision::Decline => (false, Vec::new(), None),
    };
    Answer {
        authorize,
        ticked,
        user_id,
    }
}
