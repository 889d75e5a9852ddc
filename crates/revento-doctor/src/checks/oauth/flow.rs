//! One authorization flow in a simulated browser, and what the integration did at its end.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use revento_sandbox::ConsentDecision;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::exam::{Exam, Problem, status_text};
use crate::exchange::Exchange;
use crate::integration::{Browser, redirect};
use crate::platform::world::Event;
use crate::platform::{Call, Endpoint};

/// A flow that has begun.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) browser: Browser,
    /// The authorization request.
    pub(crate) request: Url,
}

impl Flow {
    /// Begins an organizer's flow in a new browser.
    pub(crate) async fn begin(exam: &mut Exam) -> Result<Self, Problem> {
        Self::begin_in(exam, Browser::default()).await
    }

    /// Begins an organizer's flow in this browser.
    pub(crate) async fn begin_in(exam: &mut Exam, mut browser: Browser) -> Result<Self, Problem> {
        let event = exam.flow_event();
        let request = exam.begin(&mut browser, &event.id).await?;
        Ok(Self { browser, request })
    }

    /// Begins an organizer's flow for this event in a new browser.
    pub(crate) async fn begin_for(exam: &mut Exam, event: &Event) -> Result<Self, Problem> {
        let mut browser = Browser::default();
        let request = exam.begin(&mut browser, &event.id).await?;
        Ok(Self { browser, request })
    }

    /// Begins a participant's flow in this browser.
    pub(crate) async fn login_in(
        exam: &mut Exam,
        mut browser: Browser,
        event: &Event,
    ) -> Result<Self, Problem> {
        let url = exam.integration.login_url(&event.id);
        let url = url.ok_or_else(|| Problem::NotChecked("give --login-url".to_owned()))?;
        let request = exam.begin_at(&mut browser, &url).await?;
        match parameter(&request, "event_id") {
            Some(asked) if asked != event.id && !exam.integration.login_names_the_event() => {
                Err(Problem::Untestable(format!(
                    "the login page signs in to {asked:?}, and {:?} is connected: let --login-url name the event, as `{{event_id}}`",
                    event.id
                )))
            }
            _ => Ok(Self { browser, request }),
        }
    }

    /// A parameter of the authorization request.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        parameter(&self.request, name)
    }

    pub(crate) fn state(&self) -> String {
        self.parameter("state").unwrap_or_default()
    }

    /// The callback of an organizer who authorizes everything.
    pub(crate) async fn authorized(&self, exam: &mut Exam) -> Result<Url, Problem> {
        self.answered(exam, ConsentDecision::Authorize).await
    }

    /// The callback after this decision. A request that the platform refuses makes this untestable.
    pub(crate) async fn answered(&self, exam: &mut Exam, decision: ConsentDecision) -> Result<Url, Problem> {
        let declines = decision == ConsentDecision::Decline;
        let callback = exam.consent(&self.request, decision).await?;
        match parameter(&callback, "error") {
            Some(error) if !declines => Err(Problem::Untestable(format!(
                "the platform refuses the authorization request: {error} ({})",
                parameter(&callback, "error_description").unwrap_or_default()
            ))),
            _ => Ok(callback),
        }
    }

    /// Opens a callback in this browser, and follows its redirects.
    pub(crate) async fn open(&mut self, exam: &mut Exam, callback: &Url) -> Result<Ending, Problem> {
        let mark = exam.platform.mark();
        let exchanges = self.browser.follow(callback).await;
        let mut calls = exam.platform.calls_since(mark);
        calls.retain(|call| call.endpoint.is_token() && call.endpoint != Endpoint::Refresh);
        exam.evidence.extend(exchanges.iter().cloned());
        let base = exam.platform.base();
        exam.evidence.extend(calls.iter().map(|call| call.exchange(base)));
        let Some(first) = exchanges.first().cloned() else {
            return Err(Problem::Untestable("no request was sent".to_owned()));
        };
        let ending = Ending {
            first,
            exchanges,
            calls,
        };
        exam.connects |= ending.is_connected();
        if !ending.is_connected()
            && let Some(event_id) = self.parameter("event_id")
        {
            exam.forget_connection(&event_id);
        }
        Ok(ending)
    }

    /// Authorizes, and opens the callback.
    pub(crate) async fn finish(&mut self, exam: &mut Exam) -> Result<Ending, Problem> {
        let callback = self.authorized(exam).await?;
        self.open(exam, &callback).await
    }
}

/// The end of a flow.
#[derive(Debug)]
pub(crate) struct Ending {
    /// The answer of the callback.
    pub(crate) first: Exchange,
    /// The answer of the callback and of the pages that it redirects to.
    pub(crate) exchanges: Vec<Exchange>,
    /// The requests to the token endpoint, without refreshes.
    pub(crate) calls: Vec<Arc<Call>>,
}

impl Ending {
    /// Whether the code was exchanged, and the callback shows no error.
    pub(crate) fn is_connected(&self) -> bool {
        let exchanged = self.calls.iter().any(|call| call.status == Some(200));
        exchanged && matches!(self.first.status, Some(200..=399))
    }

    /// The answer of the callback, for a sentence.
    pub(crate) fn status(&self) -> String {
        status_text(self.first.status, &self.first)
    }

    /// The one token request. Without one there is nothing to judge.
    pub(crate) fn token_request(&self) -> Result<&Call, Problem> {
        match self.calls.as_slice() {
            [call] => Ok(call),
            calls => Err(Problem::Untestable(format!(
                "the callback made {} token requests and answered {}",
                calls.len(),
                self.status()
            ))),
        }
    }

    /// The one token request, with the fields of its form.
    pub(crate) fn token_form(&self) -> Result<&Call, Problem> {
        match self.token_request()? {
            call if call.endpoint == Endpoint::Code => Ok(call),
            _ => Err(Problem::Untestable(
                "the token request has no form with grant_type=authorization_code".to_owned(),
            )),
        }
    }

    /// Where the last page redirects to, if it leads to another site.
    pub(crate) fn leads_to(&self) -> Option<Url> {
        redirect(self.exchanges.last()?)
    }
}

/// Makes sure that the integration can be connected at all: otherwise it says nothing that it refuses something.
pub(crate) async fn working_connect(exam: &mut Exam) -> Result<(), Problem> {
    if exam.connects {
        return Ok(());
    }
    let mut flow = Flow::begin(exam).await?;
    let ending = flow.finish(exam).await?;
    connected(&ending)
}

/// A flow that did not connect is for another check.
pub(crate) fn connected(ending: &Ending) -> Result<(), Problem> {
    if ending.is_connected() {
        return Ok(());
    }
    let refused = ending.calls.iter().find_map(|call| {
        let error = call.json();
        let error = error.get("error")?.as_str()?.to_owned();
        Some(format!("the platform answered the token request with {error}"))
    });
    Err(Problem::Untestable(format!(
        "the integration does not connect: {}",
        refused.unwrap_or_else(|| format!("its callback answered {}", ending.status()))
    )))
}

/// A parameter of a URL.
pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut found = url.query_pairs().filter(|(known, _)| known == name);
    found
        .next()
        .map(|(_, value)| value.into_owned())
        .filter(|value| !value.is_empty())
}

/// The URL with another value of a parameter, or without it.
pub(crate) fn with_parameter(url: &Url, name: &str, value: Option<&str>) -> Url {
    let others: Vec<(String, String)> = url
        .query_pairs()
        .into_owned()
        .filter(|(known, _)| known != name)
        .collect();
    let mut changed = url.clone();
    changed
        .query_pairs_mut()
        .clear()
        .extend_pairs(others)
        .extend_pairs(value.map(|value| (name, value)));
    changed
}

/// The `S256` challenge of a verifier (RFC 7636 §4.2).
pub(crate) fn challenge_of(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_replaced_and_removed() {
        let url: Url = "http://localhost/callback?code=a%20b&state=x".parse().unwrap();
        assert_eq!(parameter(&url, "code").as_deref(), Some("a b"));
        let other = with_parameter(&url, "state", Some("y&z"));
        assert_eq!(other.as_str(), "http://localhost/callback?code=a+b&state=y%26z");
        let none = with_parameter(&url, "state", None);
        assert_eq!(none.as_str(), "http://localhost/callback?code=a+b");
    }

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(
            challenge_of(verifier),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
