//! Recording a conversation, and replaying it.

use std::{
    collections::VecDeque,
    error::Error,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_LENGTH};
use serde::{Deserialize, Serialize};

use super::{Answer, scrub};
use crate::{Transport, TransportError};

/// A conversation without its secrets, to be kept in a file.
///
/// Tokens, codes, client secrets, cookies and every header and form field that is not known to be harmless are
/// taken out when they are recorded, not when they are written. **What the platform told about people stays**:
/// record against the sandbox, or do not keep the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    exchanges: Vec<Exchange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Exchange {
    request: Asked,
    outcome: Outcome,
}

/// What a request is recognized by, beside its headers, which a replay does not compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    method: String,
    uri: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Answered {
        status: u16,
        headers: Vec<(String, String)>,
        /// `None` where the body was no text.
        body: Option<String>,
    },
    NeverSent(String),
    MayHaveBeenSent(String),
}

/// The text is no recording.
#[derive(Debug)]
pub struct RecordingError(serde_json::Error);

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is no recording ({}): record it anew", self.0)
    }
}

impl Error for RecordingError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Recording {
    /// The recording as JSON, to be kept under version control.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists only: nothing of it can fail.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// When the text is something else.
    pub fn from_json(text: &str) -> Result<Self, RecordingError> {
        serde_json::from_str(text).map_err(RecordingError)
    }

    /// How many requests were made.
    pub fn len(&self) -> usize {
        self.exchanges.len()
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }
}

impl Asked {
    fn of(request: &http::Request<Bytes>) -> Self {
        Self {
            method: request.method().to_string(),
            uri: scrub::uri(request.uri()),
            headers: texts(request.headers()),
            body: scrub::body(request.headers(), request.body()),
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        (&self.method, &self.uri, &self.body) == (&other.method, &other.uri, &other.body)
    }
}

impl Outcome {
    fn of(answer: &Answer) -> Self {
        match answer {
            Ok(response) => Self::Answered {
                status: response.status().as_u16(),
                headers: texts(response.headers()),
                body: scrub::body(response.headers(), response.body()),
            },
            Err(error) if error.may_have_arrived() => Self::MayHaveBeenSent(cause(error)),
            Err(error) => Self::NeverSent(cause(error)),
        }
    }

    fn answer(&self) -> Answer {
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

/// The length is left out: what is kept may have another.
fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value)| (HeaderName::to_string(name), scrub::header(name, value).to_owned());
    let kept = headers.iter().filter(|(name, _)| *name != CONTENT_LENGTH);
    kept.map(text).collect()
}

/// Sends through another transport and writes down what happens, without the secrets.
pub struct Recorder<T> {
    inner: T,
    recording: Mutex<Recording>,
}

impl<T> Recorder<T> {
    /// Records what goes through `inner`.
    pub fn new(inner: T) -> Self {
        Self {
            inner,
            recording: Mutex::default(),
        }
    }

    /// What was recorded so far, in the order of the answers.
    pub fn recording(&self) -> Recording {
        locked(&self.recording).clone()
    }
}

#[async_trait]
impl<T: Transport> Transport for Recorder<T> {
    async fn send(&self, request: http::Request<Bytes>) -> Answer {
        let asked = Asked::of(&request);
        let answer = self.inner.send(request).await;
        locked(&self.recording).exchanges.push(Exchange {
            request: asked,
            outcome: Outcome::of(&answer),
        });
        answer
    }
}

impl<T: fmt::Debug> fmt::Debug for Recorder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("inner", &self.inner)
            .field("exchanges", &locked(&self.recording).len())
            .finish()
    }
}

/// Answers as in a [`Recording`]: each request gets the next recorded answer to a request of the same
/// method, URI and body, secrets aside. A request that was not recorded, or not as often, is refused as never
/// sent, and the error names it.
///
/// Where the recording had a token there is now one that ends in `REMOVED`: good for reading, worth nothing.
pub struct Replay {
    left: Mutex<VecDeque<Exchange>>,
}

impl Replay {
    /// Replays a recording from its beginning.
    pub fn new(recording: Recording) -> Self {
        Self {
            left: Mutex::new(recording.exchanges.into()),
        }
    }

    /// How many recorded requests have not come yet; 0 when the conversation went as before.
    pub fn left(&self) -> usize {
        locked(&self.left).len()
    }
}

#[async_trait]
impl Transport for Replay {
    async fn send(&self, request: http::Request<Bytes>) -> Answer {
        let asked = Asked::of(&request);
        let mut left = locked(&self.left);
        let found = left.iter().position(|exchange| exchange.request.is_like(&asked));
        match found.and_then(|at| left.remove(at)) {
            Some(exchange) => exchange.outcome.answer(),
            None => Err(TransportError::never_sent(format!(
                "the recording has no (further) {} {}: record it anew",
                asked.method, asked.uri
            ))),
        }
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("left", &self.left()).finish()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
