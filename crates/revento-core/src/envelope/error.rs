//! What can be wrong with a genuine webhook.

use std::fmt;

use serde::de::DeserializeOwned;

use super::EventType;

/// A verified body is not the promised envelope, or its data is not what its type promises.
///
/// The delivery is genuine all the same: its envelope and raw bytes stay with whoever parsed them.
#[derive(Debug)]
pub struct EnvelopeError(Problem);

#[derive(Debug)]
enum Problem {
    Malformed { path: String, source: serde_json::Error },
    Missing { field: &'static str },
    OtherType { wanted: &'static str, found: EventType },
}

impl EnvelopeError {
    /// Reads once more, now with an eye on the path: what is well-formed does not pay for it.
    pub(super) fn locate<T: DeserializeOwned>(root: &str, json: &[u8], error: serde_json::Error) -> Self {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let located = serde_path_to_error::deserialize::<_, T>(&mut reader).err();
        let inner = located.as_ref().map(|error| error.path().to_string());
        let path = match inner.as_deref() {
            None | Some("." | "?") => root.into(),
            Some(inner) if root.is_empty() => inner.into(),
            Some(inner) => format!("{root}.{inner}"),
        };
        Self(Problem::Malformed {
            path,
            source: located.map_or(error, serde_path_to_error::Error::into_inner),
        })
    }

    pub(crate) fn missing(field: &'static str) -> Self {
        Self(Problem::Missing { field })
    }

    pub(super) fn other_type(wanted: &'static str, found: &EventType) -> Self {
        let found = found.clone();
        Self(Problem::OtherType { wanted, found })
    }

    /// Where it is, such as `data.approved_at`; empty where it is the whole body.
    pub fn path(&self) -> &str {
        match &self.0 {
            Problem::Malformed { path, .. } => path,
            Problem::Missing { .. } => "data",
            Problem::OtherType { .. } => "type",
        }
    }

    /// Nothing is malformed: the webhook is of another type than the one that was asked for.
    pub fn is_other_type(&self) -> bool {
        matches!(self.0, Problem::OtherType { .. })
    }
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Problem::Malformed { path, source } if path.is_empty() => {
                write!(f, "the webhook cannot be read: {source}")
            }
            Problem::Malformed { path, source } => write!(f, "the webhook's {path} cannot be read: {source}"),
            Problem::Missing { field } => {
                write!(f, "the webhook's data cannot be read: missing field `{field}`")
            }
            Problem::OtherType { wanted, found } => write!(f, "the webhook is {found}, not {wanted}"),
        }
    }
}

impl std::error::Error for EnvelopeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Problem::Malformed { source, .. } => Some(source),
            Problem::Missing { .. } | Problem::OtherType { .. } => None,
        }
    }
}
