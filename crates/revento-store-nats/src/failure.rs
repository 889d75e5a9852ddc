//! From the server's answers to the kinds of failure that a caller can act on.

use std::error::Error;

use async_nats::jetstream;
use revento_store::{DecodeSlotError, StoreError, StoreErrorReason};

/// What failed, before it is known what the caller wanted.
#[derive(Debug)]
pub(crate) struct Failure {
    reason: StoreErrorReason,
    source: Box<dyn Error + Send + Sync>,
    /// Whether an earlier write of the same call may have arrived.
    may_have_written: bool,
}

/// An answer that came in time and is not one of JetStream.
#[derive(Debug, thiserror::Error)]
#[error("the server's answer is not one of JetStream")]
pub(crate) struct BadAnswer(#[source] pub(crate) Box<dyn Error + Send + Sync>);

/// Nobody has answered in time.
#[derive(Debug, thiserror::Error)]
#[error(
    "no server of the cluster has answered in time: it may have no majority, or its leader has just changed"
)]
pub(crate) struct NoAnswer;

/// Other writers were faster again and again.
#[derive(Debug, thiserror::Error)]
#[error("other replicas change the same record all the time")]
pub(crate) struct Contended;

impl Failure {
    pub(crate) fn new(reason: StoreErrorReason, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            reason,
            source: source.into(),
            may_have_written: false,
        }
    }

    pub(crate) fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(StoreErrorReason::Unavailable, source)
    }

    pub(crate) fn corrupt(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(StoreErrorReason::Corrupt, source)
    }

    /// The same failure of a call that may have written something.
    pub(crate) fn of_a_write(mut self) -> Self {
        self.may_have_written = self.reason == StoreErrorReason::Unavailable;
        self
    }

    /// What the caller gets; `action` completes "while …".
    pub(crate) fn at(self, action: &'static str) -> StoreError {
        if self.may_have_written {
            StoreError::write(self.reason, action, self.source)
        } else {
            StoreError::read(self.reason, action, self.source)
        }
    }
}

impl From<DecodeSlotError> for Failure {
    fn from(error: DecodeSlotError) -> Self {
        Self::new(error.reason(), error)
    }
}

/// Whether the same request may be answered in another way in a moment: JetStream says 503 while a cluster has no leader or no majority, and
/// while a disk or a limit is full. A server that does not lead any more has codes of its own.
pub(crate) fn passes(error: &jetstream::Error) -> bool {
    let led_elsewhere = [
        jetstream::ErrorCode::CLUSTER_NOT_ASSIGNED,
        jetstream::ErrorCode::CLUSTER_NOT_LEADER,
        jetstream::ErrorCode::STREAM_OFFLINE,
    ];
    error.code() == 503 || led_elsewhere.contains(&error.error_code())
}

/// Converts what JetStream itself answers.
pub(crate) fn refused(error: jetstream::Error) -> Failure {
    let full = [
        jetstream::ErrorCode::INSUFFICIENT_RESOURCES,
        jetstream::ErrorCode::STORAGE_RESOURCES_EXCEEDED,
        jetstream::ErrorCode::STREAM_STORE_FAILED,
    ];
    if passes(&error) || full.contains(&error.error_code()) {
        Failure::unavailable(error)
    } else {
        Failure::new(StoreErrorReason::Rejected, error)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failing test panics")]

    use super::*;

    fn reason(code: u16, error_code: u64) -> StoreErrorReason {
        let answer = serde_json::json!({"code": code, "err_code": error_code, "description": "…"});
        refused(serde_json::from_value(answer).unwrap()).reason
    }

    #[test]
    fn h23_a_misconfiguration_is_no_outage() {
        for (code, error_code, what) in [
            (404, 10_059, "no such stream"),
            (400, 10_054, "a record that is larger than the stream allows"),
            (400, 10_003, "a request that the server does not know"),
        ] {
            assert_eq!(reason(code, error_code), StoreErrorReason::Rejected, "{what}");
        }
        for (code, error_code, what) in [
            (503, 10_008, "the cluster has no leader"),
            (500, 10_007, "the leader is elsewhere"),
            (500, 10_118, "the stream is offline"),
            (503, 10_077, "the stream or the disk is full"),
            (500, 10_047, "the storage is used up"),
            (503, 10_023, "the account has no more resources"),
        ] {
            assert_eq!(reason(code, error_code), StoreErrorReason::Unavailable, "{what}");
        }
    }
}
