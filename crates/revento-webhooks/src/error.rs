//! What can be wrong, each by its own name. None of them carries a secret or an expected signature.

use core::{error::Error, fmt};

use crate::headers::{Header, MissingHeaders};

/// A signing secret that cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretError {
    /// Empty or nothing but white space: it would make every forged signature easy.
    Empty,
    /// White space or a line break before or after it, most likely from copying.
    Padded,
}

impl fmt::Display for SecretError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the webhook signing secret is empty: set it to the one that the console shows",
            Self::Padded => {
                "the webhook signing secret begins or ends with white space: copy it again without the line break"
            }
        })
    }
}

impl Error for SecretError {}

/// A tolerance outside of 30 to 300 seconds (contract §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToleranceError {
    pub(crate) seconds: u64,
}

impl fmt::Display for ToleranceError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a tolerance of {} s is not allowed: choose 30 to 300 s",
            self.seconds
        )
    }
}

impl Error for ToleranceError {}

/// The four headers of a delivery are not all there exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// At least one is absent or empty; all that are missing are listed.
    Missing(MissingHeaders),
    /// One came more than once: whose value would count is anybody's guess.
    Duplicate(Header),
    /// One has a value that is not visible ASCII text.
    NotText(Header),
}

impl fmt::Display for HeaderError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(missing) => write!(f, "missing or empty: {missing}"),
            Self::Duplicate(header) => write!(f, "{header} came more than once"),
            Self::NotText(header) => write!(f, "{header} is not visible ASCII text"),
        }
    }
}

impl Error for HeaderError {}

/// Why a delivery is refused. Answer 401 to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The headers are not all there exactly once.
    Headers(HeaderError),
    /// The timestamp is not 1 to 12 decimal digits.
    BadTimestamp,
    /// The timestamp is too old: a replay, or a clock that is off.
    Stale {
        /// How many seconds the timestamp lies behind `now`.
        age: u64,
    },
    /// The timestamp is too far ahead: a clock that is off.
    Future {
        /// How many seconds the timestamp lies ahead of `now`.
        ahead: u64,
    },
    /// The signature is not `sha256=` and 64 lowercase hexadecimal digits.
    BadSignature,
    /// The signature holds under none of the secrets: forged, altered, or signed with another secret.
    Mismatch,
}

impl fmt::Display for VerifyError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Headers(error) => error.fmt(f),
            Self::BadTimestamp => f.write_str("the timestamp is not a number of Unix seconds"),
            Self::Stale { age } => write!(f, "the timestamp is {age} s old"),
            Self::Future { ahead } => write!(f, "the timestamp is {ahead} s in the future"),
            Self::BadSignature => f.write_str("the signature is not sha256= and 64 lowercase hex digits"),
            Self::Mismatch => f.write_str("the signature does not match"),
        }
    }
}

impl Error for VerifyError {
    #[inline]
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Headers(error) => Some(error),
            _ => None,
        }
    }
}

impl From<HeaderError> for VerifyError {
    #[inline]
    fn from(error: HeaderError) -> Self {
        Self::Headers(error)
    }
}
