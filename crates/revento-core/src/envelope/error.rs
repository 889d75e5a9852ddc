//! What can be wrong with the body of a verified webhook.

use std::fmt;

use crate::{EventType, error::ErrorKind, text::printable, tolerant_json::JsonError};

/// The body of a verified webhook is not the promised envelope, or its data is not what its type promises.
///
/// The webhook is verified all the same, and its envelope and raw data stay usable. The text shows no value of the body,
/// because these are personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvelopeError(Problem);

crate::readable_debug!(EnvelopeError);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Malformed(JsonError),
    OtherType { wanted: &'static str, found: EventType },
}

impl EnvelopeError {
    pub(super) fn malformed(error: JsonError) -> Self {
        Self(Problem::Malformed(error))
    }

    pub(super) fn other_type(wanted: &'static str, found: &EventType) -> Self {
        let found = found.clone();
        Self(Problem::OtherType { wanted, found })
    }

    /// Where the problem is, such as `data.approved_at`. Empty for the whole body.
    pub fn path(&self) -> &str {
        match &self.0 {
            Problem::Malformed(error) => error.path(),
            Problem::OtherType { .. } => "type",
        }
    }

    /// Whether the webhook is well-formed, but of another type than the caller asked for.
    pub fn is_other_type(&self) -> bool {
        matches!(self.0, Problem::OtherType { .. })
    }

    /// Who is at fault: the platform, which breaks the contract, or the caller, who asked for another type.
    pub fn kind(&self) -> ErrorKind {
        match self.0 {
            Problem::Malformed(_) => ErrorKind::Platform,
            Problem::OtherType { .. } => ErrorKind::Usage,
        }
    }

    /// Whether the same call can succeed later: no.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Whether the call may have taken effect: no.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Problem::Malformed(error) if error.path().is_empty() => {
                write!(f, "the webhook cannot be read: {}", error.problem())
            }
            Problem::Malformed(error) => {
                write!(
                    f,
                    "the webhook's {} cannot be read: {}",
                    error.path(),
                    error.problem()
                )
            }
            Problem::OtherType { wanted, found } => {
                write!(f, "the webhook is {}, not {wanted}", printable(found.as_str()))
            }
        }
    }
}

impl std::error::Error for EnvelopeError {}
