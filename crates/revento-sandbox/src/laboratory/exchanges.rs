//! The log of requests: what was asked, what was answered and, for a refusal, why. Never a secret.

use std::collections::VecDeque;

use serde::Serialize;

use crate::decisions::RECORDED_BYTES_KEPT;

/// How many exchanges are remembered.
const KEPT: usize = 2_000;

/// One request and its answer.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Exchange {
    /// Grows by one with each exchange.
    pub number: u64,
    /// When it ended, on the sandbox clock.
    pub at: String,
    /// The request's `X-Revento-Request-Id`.
    pub request_id: String,
    /// The request's method.
    pub method: String,
    /// Path and query, without secrets.
    pub target: String,
    /// What was answered; 0 when a fault hung up.
    pub status: u16,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// The error code of a refusal.
    pub error: Option<String>,
    /// Why it was refused, in words.
    pub reason: Option<String>,
    /// The request's body, without secrets, while bodies are recorded.
    pub request_body: Option<String>,
    /// The answer's body, without secrets, while bodies are recorded.
    pub response_body: Option<String>,
}

impl Exchange {
    /// Bytes of its recorded bodies.
    fn recorded(&self) -> usize {
        let length = |body: &Option<String>| body.as_ref().map_or(0, String::len);
        length(&self.request_body) + length(&self.response_body)
    }
}

/// The last exchanges, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Exchanges {
    kept: VecDeque<Exchange>,
    total: u64,
    /// Bytes of the bodies that are kept.
    bytes: usize,
    /// Bodies are kept as well.
    pub(crate) recording: bool,
}

impl Exchanges {
    pub(crate) fn add(&mut self, mut exchange: Exchange) {
        self.total += 1;
        exchange.number = self.total;
        self.bytes += exchange.recorded();
        self.kept.push_back(exchange);
        while self.kept.len() > KEPT || self.bytes > RECORDED_BYTES_KEPT {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(oldest.recorded());
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Exchange> {
        self.kept.iter()
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
        self.total = 0;
        self.bytes = 0;
    }
}

/// Why something was refused, in the extensions of a response that is no error envelope: a redirect or a page.
#[derive(Debug, Clone)]
pub(crate) struct Reason {
    pub(crate) error: String,
    pub(crate) text: String,
}
