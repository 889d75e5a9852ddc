//! The log of requests: each request, its answer and, for an error, the reason. It contains no secrets.

use std::collections::VecDeque;

use serde::Serialize;

use crate::decisions::RECORDED_BYTES_KEPT;

/// How many records are kept.
const MAX_RECORDS: usize = 2_000;

/// One request and its answer.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CallRecord {
    /// The number of the record, from 1.
    pub number: u64,
    /// When the request ended, on the sandbox clock.
    pub at: String,
    /// The request's `X-Revento-Request-Id`.
    pub request_id: String,
    /// The request's method.
    pub method: String,
    /// Path and query, without secrets.
    pub target: String,
    /// The status of the answer; 0 if a fault closed the connection.
    pub status: u16,
    /// How long the request took, in microseconds.
    pub duration_us: u64,
    /// The error code, if the request was refused.
    pub error: Option<String>,
    /// Why the request was refused.
    pub reason: Option<String>,
    /// The request's body without secrets, if bodies are recorded.
    pub request_body: Option<String>,
    /// The answer's body without secrets, if bodies are recorded.
    pub response_body: Option<String>,
}

impl CallRecord {
    /// The size of its recorded bodies, in bytes.
    fn recorded_bytes(&self) -> usize {
        let length = |body: &Option<String>| body.as_ref().map_or(0, String::len);
        length(&self.request_body) + length(&self.response_body)
    }
}

/// The newest records, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct CallLog {
    records: VecDeque<CallRecord>,
    total: u64,
    /// The size of all recorded bodies, in bytes.
    bytes: usize,
    /// Whether bodies are recorded.
    pub(crate) recording: bool,
}

impl CallLog {
    pub(crate) fn add(&mut self, mut record: CallRecord) {
        self.total += 1;
        record.number = self.total;
        self.bytes += record.recorded_bytes();
        self.records.push_back(record);
        while self.records.len() > MAX_RECORDS || self.bytes > RECORDED_BYTES_KEPT {
            let Some(oldest) = self.records.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(oldest.recorded_bytes());
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &CallRecord> {
        self.records.iter()
    }

    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.total = 0;
        self.bytes = 0;
    }
}

/// Why a request was refused, in the extensions of a response without an error envelope: a redirect or a page.
#[derive(Debug, Clone)]
pub(crate) struct RefusalReason {
    pub(crate) error: String,
    pub(crate) text: String,
}
