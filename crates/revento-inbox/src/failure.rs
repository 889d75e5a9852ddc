//! Failed attempts: the handler's error, and the decision about the delivery.

use std::{error::Error, fmt, iter::successors};

use revento_core::{
    EnvelopeError, EnvelopeId, EventType, Timestamp,
    error::{ErrorKind, chain},
    text::printable,
};

use crate::Webhook;

/// A handler failed.
///
/// Its text goes to the log as one printable line, and sealed into the store, where it is deleted with the body. Values of JSON do
/// not get into it by `?` ([`chain`]); do not put personal data into your own texts.
///
/// It does not implement [`Error`], so that `?` converts every error into it: use
/// [`permanent`](Self::permanent) or [`retry`](Self::retry) to decide yourself.
#[derive(Debug, Clone)]
pub struct HandlerError {
    permanent: bool,
    message: String,
}

impl HandlerError {
    /// No further attempt can help. The runner buries the delivery for an operator.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(true, &message.into())
    }

    /// A later attempt may help.
    pub fn retry(message: impl Into<String>) -> Self {
        Self::new(false, &message.into())
    }

    fn new(permanent: bool, message: &str) -> Self {
        let message = printable(message).whole().to_string();
        Self { permanent, message }
    }

    /// Whether no further attempt can help.
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }

    /// Always [`ErrorKind::Internal`]: the integration's own code failed.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }

    /// Whether a later attempt may help.
    pub fn is_transient(&self) -> bool {
        !self.permanent
    }

    /// Always `true`: the handler may have done a part of its work.
    pub fn may_have_taken_effect(&self) -> bool {
        true
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// An error asks for another attempt, unless it or one of its causes is an [`EnvelopeError`]: the next attempt would read the
/// same webhook. The message contains the causes.
impl<E: Error + 'static> From<E> for HandlerError {
    fn from(error: E) -> Self {
        Self::new(is_unreadable(&error), &chain(&error).to_string())
    }
}

fn is_unreadable(error: &(dyn Error + 'static)) -> bool {
    let mut chain = successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source());
    chain.any(|error| error.is::<EnvelopeError>())
}

/// What the runner does with a delivery after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureAction {
    /// It makes another attempt at this time.
    RetryAt(Timestamp),
    /// It buries the delivery.
    Bury,
}

/// A failed attempt, as [`Handlers::on_failure`](crate::Handlers::on_failure) reports it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Failure {
    /// The signed identity; `unreadable/` and a digest when the body is not an envelope.
    pub envelope_id: EnvelopeId,
    /// The signed type; that of the unsigned header when the body is not an envelope.
    pub event_type: EventType,
    /// The webhook; `None` when its body cannot be read.
    pub webhook: Option<Webhook>,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The errors of the handlers that failed; at least one.
    pub errors: Vec<HandlerError>,
    /// What the runner does with the delivery.
    pub action: FailureAction,
}

/// The messages in one line, for the store and the log.
pub(crate) fn join_messages(errors: &[HandlerError]) -> String {
    let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
    messages.join("; ")
}
