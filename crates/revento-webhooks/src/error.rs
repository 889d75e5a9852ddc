//! The errors of this crate. None of them contains a secret, a signature or a body.
//!
//! They share one shape: `kind()`, `is_transient()`, `may_have_taken_effect()`. Verification has no effects and depends
//! on nothing but its arguments, so the last two are always `false` here. The cause is in `source()` only.

use core::{error::Error, fmt, time::Duration};

use crate::header::{Header, MissingHeaders};

/// Who is at fault. The names are those of `revento_core::error::ErrorKind`, to which it converts with the feature
/// `events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// A setting is wrong. Correct the configuration.
    Configuration,
    /// The request is not verified, is malformed or is too large. Answer with a 4xx.
    Rejected,
}

impl VerifyErrorKind {
    /// A stable name in `snake_case`, for log fields and metric labels.
    #[inline]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for VerifyErrorKind {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Implements the shape that all errors of this crate share.
macro_rules! error_shape {
    ($error:ty, $kind:ident) => {
        impl $error {
            /// Who is at fault.
            #[inline]
            pub fn kind(&self) -> VerifyErrorKind {
                VerifyErrorKind::$kind
            }

            /// Whether the same call can succeed later: never.
            #[inline]
            pub fn is_transient(&self) -> bool {
                false
            }

            /// Whether the call may have taken effect: never.
            #[inline]
            pub fn may_have_taken_effect(&self) -> bool {
                false
            }
        }

        impl fmt::Debug for $error {
            #[inline]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                sentences(self, f)
            }
        }
    };
}

/// Writes an error and its causes as `Display` does. A person reads `Debug`, too: Rust prints with it the error of a `main` that returns
/// `Result<(), Box<dyn Error>>`, and a wrong secret is mostly found there.
#[cold]
fn sentences(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(f, ": {error}")?;
        cause = error.source();
    }
    Ok(())
}

/// A text that cannot be a signing secret.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretError {
    /// The secret is empty or consists of white space. Anybody could sign with it.
    Empty,
    /// White space or a line break surrounds the secret, probably from copying.
    SurroundingWhitespace,
    /// The secret has fewer than 16 characters. An attacker who captures one delivery can guess it offline.
    TooShort,
}

error_shape!(SecretError, Configuration);

impl fmt::Display for SecretError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the webhook signing secret is empty: configure the secret that the console shows",
            Self::SurroundingWhitespace => {
                "the webhook signing secret begins or ends with white space: copy it again without the line break"
            }
            Self::TooShort => {
                "the webhook signing secret has fewer than 16 characters, so it can be guessed: configure the whole secret that the console shows"
            }
        })
    }
}

impl Error for SecretError {}

/// A tolerance that is not within 30 to 300 seconds (contract §4.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ToleranceError {
    pub(crate) tolerance: Duration,
}

error_shape!(ToleranceError, Configuration);

impl fmt::Display for ToleranceError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tolerance = self.tolerance;
        write!(
            f,
            "the tolerance {tolerance:?} is not allowed: choose 30 to 300 seconds"
        )
    }
}

impl Error for ToleranceError {}

/// The four headers of a delivery are not all present exactly once.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// These headers are absent or empty.
    Missing(MissingHeaders),
    /// This header came more than once, so its value is ambiguous.
    Duplicate(Header),
    /// The value of this header is not visible ASCII text.
    NotText(Header),
}

error_shape!(HeaderError, Rejected);

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

/// How the signature header differs from `sha256=` and 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// The value does not begin with `sha256=`: it has another scheme, or none.
    UnknownScheme,
    /// A character behind `sha256=` is not a lowercase hexadecimal digit: base64, upper case, or several signatures.
    BadEncoding,
    /// There are more or fewer than 64 digits.
    BadLength,
}

error_shape!(SignatureError, Rejected);

impl fmt::Display for SignatureError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownScheme => "it does not begin with sha256=",
            Self::BadEncoding => "not all its characters behind sha256= are lowercase hex digits",
            Self::BadLength => "it does not have 64 digits",
        })
    }
}

impl Error for SignatureError {}

/// Why a delivery is refused. Answer 401 to each, with the same text: which check failed, and how far off a timestamp is,
/// helps an attacker. The error is for your log.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The four headers are not all present exactly once.
    Headers(HeaderError),
    /// The timestamp is not 1 to 12 decimal digits.
    MalformedTimestamp,
    /// The timestamp is older than the tolerance allows: a replay, or a wrong clock.
    Stale {
        /// `now` minus the timestamp.
        age: Duration,
    },
    /// The timestamp is further in the future than the tolerance allows: a wrong clock.
    Future {
        /// The timestamp minus `now`.
        ahead: Duration,
    },
    /// The signature is not `sha256=` and 64 lowercase hexadecimal digits.
    MalformedSignature(SignatureError),
    /// No secret yields the signature, and nothing of the body arrived: a probe, or something read the body first.
    EmptyBody,
    /// No secret yields the signature, and the body is white space alone.
    BlankBody,
    /// No secret yields the signature: the delivery is forged, altered, or signed with another secret.
    SignatureMismatch,
}

impl VerifyError {
    /// Names a mismatch by what arrived.
    #[cold]
    #[inline]
    pub(crate) fn mismatch(body: &[u8]) -> Self {
        if body.is_empty() {
            Self::EmptyBody
        } else if body.trim_ascii().is_empty() {
            Self::BlankBody
        } else {
            Self::SignatureMismatch
        }
    }
}

error_shape!(VerifyError, Rejected);

impl fmt::Display for VerifyError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Headers(_) => f.write_str("the webhook headers are incomplete or malformed"),
            Self::MalformedTimestamp => f.write_str("the timestamp is not a number of Unix seconds"),
            Self::Stale { age } => write!(f, "the timestamp is {} s old", age.as_secs()),
            Self::Future { ahead } => write!(f, "the timestamp is {} s in the future", ahead.as_secs()),
            Self::MalformedSignature(_) => f.write_str("the signature is malformed"),
            Self::EmptyBody => f.write_str("the signature does not match, and the body is empty"),
            Self::BlankBody => f.write_str("the signature does not match, and the body is white space alone"),
            Self::SignatureMismatch => f.write_str("the signature does not match"),
        }
    }
}

impl Error for VerifyError {
    #[inline]
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Headers(error) => Some(error),
            Self::MalformedSignature(error) => Some(error),
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

/// A body with more bytes than the limit. Answer 413.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BodyTooLarge {
    limit: usize,
}

error_shape!(BodyTooLarge, Rejected);

impl BodyTooLarge {
    /// Returns the length of a body if it is within the limit.
    ///
    /// # Errors
    /// When it exceeds the limit.
    #[inline]
    pub fn check(bytes: u64, limit: usize) -> Result<usize, Self> {
        usize::try_from(bytes)
            .ok()
            .filter(|bytes| *bytes <= limit)
            .ok_or(Self { limit })
    }
}

impl fmt::Display for BodyTooLarge {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body has more than {} bytes", self.limit)
    }
}

impl Error for BodyTooLarge {}

#[cfg(test)]
mod tests {
    use std::{boxed::Box, format};

    use super::*;

    #[test]
    fn a_main_that_returns_a_wrong_secret_prints_a_sentence() {
        let returned: Box<dyn Error> = SecretError::Empty.into();
        assert_eq!(
            format!("{returned:?}"),
            "the webhook signing secret is empty: configure the secret that the console shows"
        );
    }
}
