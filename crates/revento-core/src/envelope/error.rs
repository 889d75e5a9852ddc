//! What can be wrong with the body of a verified webhook.

use std::fmt;

use crate::{EventType, error::ErrorKind, json_error::describe, text::printable};

/// The body of a verified webhook is not the promised envelope, or its data is not what its type promises.
///
/// The webhook is genuine all the same, and its envelope and raw data stay usable. The text shows no value of the body,
/// because these are personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeError(Problem);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Malformed { path: String, problem: String },
    OtherType { wanted: &'static str, found: EventType },
}

impl EnvelopeError {
    /// Reads the text once more by `read`, to find the path of the error. Well-formed text is read only once and so does
    /// not pay for the path.
    pub(super) fn locate<T>(
        root: &str,
        json: &[u8],
        error: &serde_json::Error,
        read: impl FnOnce(PathReader<'_, '_, '_>) -> Result<T, serde_json::Error>,
    ) -> Self {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let mut track = serde_path_to_error::Track::new();
        let located = read(serde_path_to_error::Deserializer::new(&mut reader, &mut track)).err();
        let inner = track.path().to_string();
        let path = match inner.as_str() {
            "." | "?" => root.into(),
            inner if root.is_empty() => inner.into(),
            inner => format!("{root}.{inner}"),
        };
        let problem = describe(located.as_ref().unwrap_or(error));
        Self(Problem::Malformed { path, problem })
    }

    pub(super) fn other_type(wanted: &'static str, found: &EventType) -> Self {
        let found = found.clone();
        Self(Problem::OtherType { wanted, found })
    }

    /// Where the problem is, such as `data.approved_at`. Empty for the whole body.
    pub fn path(&self) -> &str {
        match &self.0 {
            Problem::Malformed { path, .. } => path,
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
            Problem::Malformed { .. } => ErrorKind::Platform,
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

/// Reads JSON and keeps the path of what it reads.
pub(super) type PathReader<'r, 't, 'j> = serde_path_to_error::Deserializer<
    'r,
    't,
    &'r mut serde_json::Deserializer<serde_json::de::SliceRead<'j>>,
>;

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Problem::Malformed { path, problem } if path.is_empty() => {
                write!(f, "the webhook cannot be read: {problem}")
            }
            Problem::Malformed { path, problem } => {
                write!(f, "the webhook's {} cannot be read: {problem}", printable(path))
            }
            Problem::OtherType { wanted, found } => {
                write!(f, "the webhook is {}, not {wanted}", printable(found.as_str()))
            }
        }
    }
}

impl std::error::Error for EnvelopeError {}
