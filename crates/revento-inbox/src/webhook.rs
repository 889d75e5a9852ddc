//! What a handler gets, and how it fails.

use std::{error::Error, fmt, sync::Arc};

use revento_core::{DeliveryId, Envelope, EnvelopeId, EventType, Timestamp};
use revento_store::Lease;

use crate::Verdict;

/// A webhook as a handler gets it: verified, stored, leased.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Webhook {
    /// The signed content.
    pub envelope: Arc<Envelope>,
    /// The unsigned id of the delivery, for logs.
    pub delivery_id: DeliveryId,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Proof that this delivery is in hand, for a handler that completes it in a transaction of its own
    /// ([`CompletionStatement`](revento_store::CompletionStatement)).
    pub lease: Lease,
}

impl Webhook {
    /// Whether its snapshot may replace one of the same resource whose webhook occurred at `kept`.
    ///
    /// Deliveries arrive late and out of order (contract §4.2): keep `occurred_at` beside what you keep of a
    /// resource, and skip a snapshot that is older. One of the same time is no older, so that an attempt
    /// that is repeated repeats its work.
    pub fn supersedes(&self, kept: Option<Timestamp>) -> bool {
        kept.is_none_or(|kept| kept <= self.envelope.occurred_at)
    }
}

/// A handler did not succeed.
#[derive(Debug, Clone)]
pub struct HandlerError {
    permanent: bool,
    message: String,
}

impl HandlerError {
    /// No further attempt will help: bury the delivery for an operator to look at.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self {
            permanent: true,
            message: message.into(),
        }
    }

    /// A later attempt may help.
    pub fn retry(message: impl Into<String>) -> Self {
        Self {
            permanent: false,
            message: message.into(),
        }
    }

    /// Whether no further attempt will help.
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Any error asks for another attempt. Its causes are told too.
impl<E: Error> From<E> for HandlerError {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Self::retry(text)
    }
}

/// An attempt that failed: what [`Handlers::on_failure`](crate::Handlers::on_failure) is told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Failure {
    /// The signed identity.
    pub envelope_id: EnvelopeId,
    /// The signed type.
    pub event_type: EventType,
    /// The webhook; `None` when its body cannot be read.
    pub webhook: Option<Webhook>,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// What went wrong, one of each handler that failed; at least one.
    pub errors: Vec<HandlerError>,
    /// What becomes of the delivery.
    pub verdict: Verdict,
}

/// All of them in one line, for the store and the log.
pub(crate) fn in_one_line(errors: &[HandlerError]) -> String {
    let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
    messages.join("; ")
}
