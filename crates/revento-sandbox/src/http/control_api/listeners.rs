//! Listeners: a stream of signed attempts, and their answers.
//!
//! The stream has one JSON document in each line, and empty lines while nothing happens. The first document is
//! `{"listening": …}`, each other is `{"attempt": …}` and has a `number`, by which the listener answers.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::answer::{Answer, ok};
use crate::decisions::MAX_LOGGED_ANSWER;
use crate::http::body::JsonBody;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::listeners::{self, Handed, Requests};
use crate::platform::commands::{CommandError, listening};
use crate::platform::records::Listener;
use crate::primitives::entropy::{Entropy, Purpose};
use crate::runtime::Runtime;

/// How often an idle stream shows that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// The longest texts that a listener may give.
const MAX_TEXT: usize = 2_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Registration {
    /// Where the listener forwards webhooks to, for the delivery log.
    forwards_to: String,
    client_id: Option<String>,
    /// The types that it takes; all, if absent or empty.
    #[serde(default)]
    event_types: Vec<String>,
    /// The id that the sandbox gave to the listener when it connected before.
    id: Option<String>,
}

/// Connects a listener. The answer is the stream of attempts; its end is the end of the connection.
pub(super) async fn connect(
    State(runtime): SharedRuntime,
    JsonBody(sent): JsonBody<Registration>,
) -> Result<Response, ErrorResponse> {
    let client_id = match &sent.client_id {
        Some(id) => Some(id.as_str()),
        None => runtime
            .config
            .integrations
            .first()
            .map(|row| row.client_id.as_str()),
    };
    let integration = client_id
        .and_then(|id| runtime.config.integration(id))
        .ok_or_else(|| CommandError::missing("integration", client_id.unwrap_or_default()))?;
    listening::check_types(integration, &sent.event_types)?;
    let texts = [Some(&sent.forwards_to), sent.id.as_ref()];
    if texts.into_iter().flatten().any(|text| text.len() > MAX_TEXT) {
        return Err(ErrorResponse::invalid("forwards_to or id is too long."));
    }
    let id = match sent.id {
        Some(id) => id,
        // Not from the seeded ids of the platform: a listener must not change what a test gets.
        None => Entropy::default().uuid(Purpose::Request)?,
    };
    let client_id = integration.client_id.clone();
    let connected = runtime.listeners.connect(&client_id, &id);
    let (generation, requests) = connected.ok_or_else(|| in_use(&client_id))?;
    let line = Line {
        runtime: Arc::clone(&runtime),
        client_id: client_id.clone(),
        id: id.clone(),
        generation,
        requests,
    };
    let listener = Listener {
        client_id: client_id.clone(),
        id: id.clone(),
        forwards_to: sent.forwards_to,
        event_types: sent.event_types,
        away_since: None,
    };
    let resumed = runtime
        .write(|state, context| listening::begin(state, context, listener))
        .await?;
    let greeting = json!({ "listening": { "id": id, "client_id": client_id, "resumed": resumed } });
    Ok(respond(greeting, line))
}

fn in_use(client_id: &str) -> ErrorResponse {
    let text = format!(
        "Another listener takes the webhooks of '{client_id}'. Stop it first, or listen for another integration."
    );
    ErrorResponse::new(409, "conflict", text)
}

fn respond(greeting: Value, line: Line) -> Response {
    let stopping = line.runtime.stopping.subscribe();
    let lines = stream::unfold(
        (Some(greeting), line, stopping),
        |(greeting, mut line, mut stopping)| async move {
            let text = match greeting {
                Some(greeting) => format!("{greeting}\n"),
                None => line.next(&mut stopping).await?,
            };
            Some((
                Ok::<_, std::convert::Infallible>(Bytes::from(text)),
                (None, line, stopping),
            ))
        },
    );
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson")];
    (headers, Body::from_stream(lines)).into_response()
}

/// The sandbox's end of a listener's connection. Dropping it means that the listener is away.
struct Line {
    runtime: Arc<Runtime>,
    client_id: String,
    id: String,
    generation: u64,
    requests: Requests,
}

impl Line {
    /// The next line of the stream; `None` at its end.
    async fn next(&mut self, stopping: &mut watch::Receiver<bool>) -> Option<String> {
        tokio::select! {
            request = self.requests.recv() => {
                let (number, request) = request?;
                Some(format!("{}\n", attempt(number, &request)))
            }
            () = tokio::time::sleep(KEEP_ALIVE) => Some("\n".to_owned()),
            _ = stopping.wait_for(|stopping| *stopping) => None,
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self
            .runtime
            .listeners
            .disconnect(&self.client_id, self.generation)
        {
            return;
        }
        let (runtime, client_id, id) = (Arc::clone(&self.runtime), self.client_id.clone(), self.id.clone());
        tokio::spawn(async move {
            let now = runtime.real_now();
            let written = runtime
                .write(|state, _| listening::away(state, &client_id, &id, now))
                .await;
            if let Err(error) = written {
                tracing::error!(%error, "that a listener is away could not be recorded");
            }
        });
    }
}

fn attempt(number: u64, request: &Handed) -> Value {
    let headers: Value = request
        .headers
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    json!({ "attempt": {
        "number": number,
        "delivery_id": request.delivery_id,
        "type": request.event_type,
        "event_id": request.event_id,
        "attempt": request.attempt,
        "headers": headers,
        "title_case": request.title_case,
        "body": request.body,
    } })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forwarded {
    /// The status of the receiver's answer; absent if there is none.
    #[serde(default)]
    status: u16,
    #[serde(default)]
    headers: Vec<Header>,
    #[serde(default)]
    body: String,
    /// Why there is no answer.
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: String,
    value: String,
}

/// Takes the answer of the receiver behind a listener.
pub(super) async fn answer(
    State(runtime): SharedRuntime,
    Path((id, number)): Path<(String, u64)>,
    JsonBody(sent): JsonBody<Forwarded>,
) -> Answer {
    if sent.error.is_none() && !(100..=999).contains(&sent.status) {
        return Err(ErrorResponse::invalid(
            "Send the status of the receiver's answer, or in error why there is none.",
        ));
    }
    let answer = listeners::Answer {
        status: sent.status,
        headers: sent
            .headers
            .into_iter()
            .map(|header| (header.name, header.value))
            .collect(),
        body: sent.body.chars().take(MAX_LOGGED_ANSWER).collect(),
        error: sent.error.map(|text| text.chars().take(MAX_TEXT).collect()),
    };
    if runtime.listeners.answer(&id, number, answer) {
        Ok(ok())
    } else {
        let text =
            format!("No attempt {number} of the listener '{id}' waits for an answer: it came too late.");
        Err(ErrorResponse::not_found(text))
    }
}

/// The listener leaves for good.
pub(super) async fn leave(State(runtime): SharedRuntime, Path(id): Path<String>) -> Answer {
    let client_id = runtime.write(|state, _| listening::end(state, &id)).await??;
    runtime.listeners.hang_up(&client_id);
    Ok(ok())
}

/// The listeners, connected or away.
pub(super) async fn list(State(runtime): SharedRuntime) -> Answer {
    let data: Vec<Value> = runtime
        .read(|state, _| state.listeners.iter().map(|row| json!(row)).collect())
        .await?;
    Ok(Json(json!({ "data": data })))
}
