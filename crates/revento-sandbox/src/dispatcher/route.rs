//! Where an attempt goes: to the registered URL, or to a listener.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};

use super::clients::Clients;
use super::delivery_faults::OutgoingRequest;
use super::explain::explain;
use crate::decisions;
use crate::listeners::{Answer, Handed};
use crate::platform::commands::listening;
use crate::platform::config::Integration;
use crate::platform::queries::listeners;
use crate::platform::records::Delivery;
use crate::platform::rules;
use crate::runtime::Runtime;

/// How long a listener may take. It measures the ten seconds of the receiver itself (contract §4.1), so this is more.
const LISTENER_TIMEOUT: Duration = Duration::from_secs(12);

/// Where an attempt goes.
pub(super) enum Route<'a> {
    /// To this URL.
    Url { client: reqwest::Client, url: &'a str },
    /// To the listener of the integration.
    Listener {
        runtime: &'a Runtime,
        delivery: &'a Delivery,
        attempt: u32,
        forwards_to: String,
        title_case: bool,
    },
}

/// A registered URL, or a listener.
pub(super) enum Destination<'a> {
    Url(&'a str),
    Listener(String),
}

/// Where the delivery goes now, or why it goes nowhere.
pub(super) async fn destination<'a>(
    runtime: &'a Runtime,
    integration: &'a Integration,
    delivery: &'a Delivery,
) -> Result<Destination<'a>, String> {
    let (client_id, event_type) = (&delivery.client_id, &delivery.event_type);
    let listener = runtime
        .read(|state, context| listeners::taking(state, context, client_id, event_type).cloned())
        .await
        .unwrap_or_default();
    match listener {
        Some(listener) if listener.away_since.is_some() => Err(listening::AWAY.to_owned()),
        Some(listener) => Ok(Destination::Listener(listener.forwards_to)),
        None => registered(runtime, integration, delivery).map(Destination::Url),
    }
}

/// The URL that is registered now: it may differ from the one before a restart.
fn registered<'a>(
    runtime: &Runtime,
    integration: &'a Integration,
    delivery: &'a Delivery,
) -> Result<&'a str, String> {
    let url = integration.webhook_url.as_deref().unwrap_or(&delivery.url);
    if url.is_empty() {
        return Err("not sent: no webhook URL is registered, and no listener is connected".to_owned());
    }
    match rules::webhook_objection(url, runtime.config.remote_webhooks) {
        Some(objection) => Err(format!("not sent: {objection}")),
        None => Ok(url),
    }
}

impl<'a> Destination<'a> {
    /// The route of one attempt.
    pub(super) fn route(
        self,
        runtime: &'a Runtime,
        clients: &Clients,
        delivery: &'a Delivery,
        attempt: u32,
        title_case: bool,
    ) -> Result<Route<'a>, String> {
        match self {
            Self::Url(url) => {
                let client = match title_case {
                    true => clients.in_title_case(url).map_err(|error| explain(&error, url))?,
                    false => clients.for_receiver(url).clone(),
                };
                Ok(Route::Url { client, url })
            }
            Self::Listener(forwards_to) => Ok(Route::Listener {
                runtime,
                delivery,
                attempt,
                forwards_to,
                title_case,
            }),
        }
    }
}

impl Route<'_> {
    /// Where a listener forwards the attempt to.
    pub(super) fn forwarded_to(&self) -> Option<String> {
        match self {
            Self::Url { .. } => None,
            Self::Listener { forwards_to, .. } => Some(forwards_to.clone()),
        }
    }

    /// Sends a request, and reads an answer of limited size.
    pub(super) async fn send(&self, request: OutgoingRequest) -> Answer {
        match self {
            Self::Url { client, url } => over_http(client, url, request).await,
            Self::Listener {
                runtime,
                delivery,
                attempt,
                title_case,
                ..
            } => {
                let handed = Handed {
                    delivery_id: delivery.id.clone(),
                    event_type: delivery.event_type.clone(),
                    event_id: delivery.event_id.clone(),
                    attempt: *attempt,
                    headers: request.headers,
                    body: request.body,
                    title_case: *title_case,
                };
                by_listener(runtime, &delivery.client_id, handed).await
            }
        }
    }
}

async fn by_listener(runtime: &Runtime, client_id: &str, request: Handed) -> Answer {
    let Some(answer) = runtime.listeners.hand_over(client_id, request) else {
        return failed(listening::AWAY.to_owned());
    };
    match tokio::time::timeout(LISTENER_TIMEOUT, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => failed(listening::LEFT.to_owned()),
        Err(_) => failed("the listener did not answer in time".to_owned()),
    }
}

fn failed(error: String) -> Answer {
    Answer {
        status: 0,
        headers: Vec::new(),
        body: String::new(),
        error: Some(error),
    }
}

async fn over_http(client: &reqwest::Client, url: &str, outgoing: OutgoingRequest) -> Answer {
    let mut request = client.post(url).body(outgoing.body);
    for (name, value) in &outgoing.headers {
        request = request.header(name, value);
    }
    match request.send().await {
        Ok(response) => receive(response, url).await,
        Err(error) => failed(explain(&error, url)),
    }
}

async fn receive(mut response: reqwest::Response, url: &str) -> Answer {
    let mut answer = Answer {
        status: response.status().as_u16(),
        headers: header_list(response.headers()),
        body: String::new(),
        error: None,
    };
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() < decisions::MAX_LOGGED_ANSWER => body.extend_from_slice(&chunk),
            Ok(_) => break,
            Err(error) => {
                answer.error = Some(explain(&error, url));
                break;
            }
        }
    }
    answer.body = logged(body);
    answer
}

/// An answer as text for the log. One that is too long is cut between two characters.
fn logged(mut body: Vec<u8>) -> String {
    if body.len() > decisions::MAX_LOGGED_ANSWER {
        body.truncate(decisions::MAX_LOGGED_ANSWER);
        if let Err(error) = std::str::from_utf8(&body)
            && error.error_len().is_none()
        {
            body.truncate(error.valid_up_to());
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

fn header_list(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| *name == CONTENT_TYPE || !name.as_str().eq_ignore_ascii_case("set-cookie"))
        .take(40)
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes())
                    .chars()
                    .take(400)
                    .collect(),
            )
        })
        .collect()
}
