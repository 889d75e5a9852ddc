//! Forwards an attempt to the receiver, byte for byte, and reads its answer.

use std::{error::Error, time::Duration};

use anyhow::{Context, Result};
use reqwest::{Client, ClientBuilder, Response, header, redirect::Policy};
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::{
    connection::{Attempt, Header},
    random_failure::RandomFailure,
};

/// How long a receiver may take (contract §4.1).
const TIMEOUT: Duration = Duration::from_secs(10);
/// How much of an answer the delivery log shows.
const MAX_BODY: usize = 16 * 1024;
const MAX_HEADERS: usize = 40;
const MAX_VALUE: usize = 400;

/// What became of an attempt.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// The status of the receiver; `None` if there was no answer.
    pub(super) status: Option<u16>,
    pub(super) headers: Vec<Header>,
    pub(super) body: String,
    /// Where the receiver redirects to.
    pub(super) location: Option<String>,
    /// Why there was no whole answer.
    pub(super) error: Option<String>,
    pub(super) took: Duration,
}

impl Outcome {
    fn failed(error: String) -> Self {
        Self {
            error: Some(error),
            ..Self::default()
        }
    }

    /// What the sandbox is told.
    pub(super) fn answer(&self) -> Value {
        json!({
            "status": self.status.unwrap_or_default(),
            "headers": self.headers,
            "body": self.body,
            "error": self.error,
        })
    }

    pub(super) fn is_success(&self) -> bool {
        self.error.is_none() && self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Forwards attempts to one URL.
pub(super) struct Forwarder {
    target: Option<Url>,
    plain: Client,
    title_case: Client,
    failures: RandomFailure,
}

impl Forwarder {
    pub(super) fn new(target: Option<Url>, insecure: bool, failures: RandomFailure) -> Result<Self> {
        let builder = || {
            Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .timeout(TIMEOUT)
                .tls_danger_accept_invalid_certs(insecure)
                .user_agent(concat!("Revento-Sandbox/", env!("CARGO_PKG_VERSION")))
        };
        let build = |builder: ClientBuilder| builder.build().context("the HTTP client cannot be built");
        Ok(Self {
            target,
            plain: build(builder())?,
            title_case: build(builder().http1_title_case_headers())?,
            failures,
        })
    }

    pub(super) fn target(&self) -> Option<&Url> {
        self.target.as_ref()
    }

    pub(super) async fn forward(&self, attempt: &Attempt) -> Outcome {
        if self.failures.strikes() {
            return Outcome::failed("not forwarded: --fail-rate of the listener lets it fail".to_owned());
        }
        let Some(target) = &self.target else {
            return Outcome {
                status: Some(204),
                ..Outcome::default()
            };
        };
        let began = Instant::now();
        let outcome = self.send(target, attempt).await;
        Outcome {
            took: began.elapsed(),
            ..outcome
        }
    }

    async fn send(&self, target: &Url, attempt: &Attempt) -> Outcome {
        let client = match attempt.title_case {
            true => &self.title_case,
            false => &self.plain,
        };
        let mut request = client.post(target.clone()).body(attempt.body.clone());
        for header in &attempt.headers {
            request = request.header(&header.name, &header.value);
        }
        match request.send().await {
            Ok(response) => receive(response).await,
            Err(error) => Outcome::failed(explain(&error)),
        }
    }
}

async fn receive(mut response: Response) -> Outcome {
    let location = response
        .status()
        .is_redirection()
        .then(|| text(&response, &header::LOCATION));
    let mut outcome = Outcome {
        status: Some(response.status().as_u16()),
        headers: headers(&response),
        location: location.flatten(),
        ..Outcome::default()
    };
    let mut body = Vec::new();
    while body.len() < MAX_BODY {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => {
                outcome.error = Some(explain(&error));
                break;
            }
        }
    }
    body.truncate(MAX_BODY);
    outcome.body = String::from_utf8_lossy(&body).into_owned();
    outcome
}

fn text(response: &Response, name: &header::HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The headers for the delivery log. Cookies are nobody's business there.
fn headers(response: &Response) -> Vec<Header> {
    let shown = response
        .headers()
        .iter()
        .filter(|(name, _)| *name != header::SET_COOKIE);
    shown
        .take(MAX_HEADERS)
        .map(|(name, value)| Header {
            name: name.to_string(),
            value: String::from_utf8_lossy(value.as_bytes())
                .chars()
                .take(MAX_VALUE)
                .collect(),
        })
        .collect()
}

/// Why there is no answer, and what to do about it.
fn explain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer within 10 seconds; answer first and do the work later".to_owned();
    }
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let certificate = cause.to_string().contains("certificate");
    match (error.is_connect(), certificate) {
        (_, true) => {
            format!("the receiver's certificate is not trusted ({cause}); accept it with --insecure-receiver")
        }
        (true, false) => format!("could not connect ({cause}); is the receiver running?"),
        (false, false) => format!("the connection failed ({cause})"),
    }
}
