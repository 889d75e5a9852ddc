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
        let reason = match error {
            DecodeSlotError::TooNew { .. } => StoreErrorReason::TooNew,
            _ => StoreErrorReason::Corrupt,
        };
        Self::new(reason, error)
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
