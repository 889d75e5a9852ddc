//! Recording a conversation and replaying it.

use std::{
    collections::VecDeque,
    error::Error,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_LENGTH};
use revento_core::error::ErrorKind;
use serde::{Deserialize, Serialize};

use super::{TransportResult, redact};
use crate::{Transport, TransportError};

/// A recorded conversation without its secrets.
///
/// The recorder removes tokens, codes, client secrets, cookies and every header and form field that is not known to
/// be harmless, before it stores a request. **Personal data in responses stays**: record against the sandbox, or
/// delete the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    exchanges: Vec<RecordedExchange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RecordedExchange {
    request: RecordedRequest,
    outcome: RecordedOutcome,
}

/// A redacted request. A replay compares everything but its headers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RecordedRequest {
    method: String,
    uri: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedOutcome {
    Answered {
        status: u16,
        headers: Vec<(String, String)>,
        /// `None` when the body was not text.
        body: Option<String>,
    },
    NeverSent(String),
    MayHaveBeenSent(String),
}

/// A text is not a recording.
pub struct RecordingError(serde_json::Error);

revento_core::readable_debug!(RecordingError);

impl RecordingError {
    /// Always [`ErrorKind::Usage`]: the test reads another file.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }

    /// Always `false`.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Always `false`: reading a recording sends nothing.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is not a recording: record the conversation again")
    }
}

impl Error for RecordingError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Recording {
    /// The recording as JSON, fit for version control.
    pub fn to_json(&self) -> String {
        // The fields are strings, numbers and lists, which always serialize.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Parses the output of [`to_json`](Self::to_json).
    ///
    /// # Errors
    /// When the text is not a recording.
    pub fn from_json(text: &str) -> Result<Self, RecordingError> {
        serde_json::from_str(text).map_err(RecordingError)
    }

    /// The number of recorded requests.
    pub fn len(&self) -> usize {
        self.exchanges.len()
    }

    /// Whether the recording has no requests.
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }
}

impl RecordedRequest {
    fn of(request: &http::Request<Bytes>) -> Self {
        Self {
            method: request.method().to_string(),
            uri: redact::uri(request.uri()),
            headers: header_texts(request.headers()),
            body: redact::body(request.headers(), request.body()),
        }
    }

    fn matches(&self, other: &Self) -> bool {
        (&self.method, &self.uri, &self.body) == (&other.method, &other.uri, &other.body)
    }
}

impl RecordedOutcome {
    fn of(answer: &TransportResult) -> Self {
        match answer {
            Ok(response) => Self::Answered {
                status: response.status().as_u16(),
                headers: header_texts(response.headers()),
                body: redact::body(response.headers(), response.body()),
            },
            Err(error) if error.may_have_taken_effect() => Self::MayHaveBeenSent(cause(error)),
            Err(error) => Self::NeverSent(cause(error)),
        }
    }

    fn answer(&self) -> TransportResult {
        match self {
            Self::Answered {
                status,
                headers,
                body,
            } => {
                let body = body.clone().unwrap_or_default();
                let mut response = http::Response::new(Bytes::from(body));
                *response.status_mut() = StatusCode::from_u16(*status).map_err(TransportError::never_sent)?;
                for (name, value) in headers {
                    let name = HeaderName::try_from(name).map_err(TransportError::never_sent)?;
                    let value = HeaderValue::try_from(value).map_err(TransportError::never_sent)?;
                    response.headers_mut().append(name, value);
                }
                Ok(response)
            }
            Self::NeverSent(cause) => Err(TransportError::never_sent(cause.clone())),
            Self::MayHaveBeenSent(cause) => Err(TransportError::may_have_been_sent(cause.clone())),
        }
    }
}

fn cause(error: &TransportError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

/// The headers without `content-length`, because the recorded body may have another length.
fn header_texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value)| {
        (
            HeaderName::to_string(name),
            redact::header(name, value).to_owned(),
        )
    };
    let kept = headers.iter().filter(|(name, _)| *name != CONTENT_LENGTH);
    kept.map(text).collect()
}

/// Sends through another transport and records the conversation without its secrets.
pub struct Recorder<T> {
    inner: T,
    recording: Mutex<Recording>,
}

impl<T> Recorder<T> {
    /// Records the requests that go through `inner`.
    pub fn new(inner: T) -> Self {
        Self {
            inner,
            recording: Mutex::default(),
        }
    }

    /// The recording so far, in the order of the responses.
    pub fn recording(&self) -> Recording {
        lock(&self.recording).clone()
    }
}

#[async_trait]
impl<T: Transport> Transport for Recorder<T> {
    async fn send(&self, request: http::Request<Bytes>) -> TransportResult {
        let request_record = RecordedRequest::of(&request);
        let answer = self.inner.send(request).await;
        lock(&self.recording).exchanges.push(RecordedExchange {
            request: request_record,
            outcome: RecordedOutcome::of(&answer),
        });
        answer
    }
}

impl<T: fmt::Debug> fmt::Debug for Recorder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("inner", &self.inner)
            .field("exchanges", &lock(&self.recording).len())
            .finish()
    }
}

/// Answers from a [`Recording`]: each request gets the next recorded response to a request of the same method, URI
/// and body, without their secrets. A request that has no further recorded response fails as never sent, and the
/// error names it.
///
/// The tokens in the responses end in `REMOVED`: they parse, and the platform refuses them.
pub struct Replay {
    remaining: Mutex<VecDeque<RecordedExchange>>,
}

impl Replay {
    /// Replays a recording from its start.
    pub fn new(recording: Recording) -> Self {
        Self {
            remaining: Mutex::new(recording.exchanges.into()),
        }
    }

    /// The number of recorded requests that were not sent yet. It is 0 when the conversation went as recorded.
    pub fn remaining(&self) -> usize {
        lock(&self.remaining).len()
    }
}

#[async_trait]
impl Transport for Replay {
    async fn send(&self, request: http::Request<Bytes>) -> TransportResult {
        let request_record = RecordedRequest::of(&request);
        let mut remaining = lock(&self.remaining);
        let found = remaining
            .iter()
            .position(|exchange| exchange.request.matches(&request_record));
        match found.and_then(|at| remaining.remove(at)) {
            Some(exchange) => exchange.outcome.answer(),
            None => Err(TransportError::never_sent(format!(
                "the recording has no further {} {}: record the conversation again",
                request_record.method, request_record.uri
            ))),
        }
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("remaining", &self.remaining())
            .finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
