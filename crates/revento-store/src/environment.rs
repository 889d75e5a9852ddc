//! [`Clock`] and [`Entropy`]: where time and randomness enter the SDK.

use std::fmt;

use revento_core::{Timestamp, error::ErrorKind};

/// Reads the time. Tests and simulations implement their own.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now, in UTC.
    fn now(&self) -> Timestamp;
}

/// Produces unpredictable random bytes. Tests and simulations implement their own.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills the whole buffer.
    ///
    /// # Errors
    /// The source failed. Nothing that depends on the bytes may go on.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The random number generator failed.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the random number generator failed; the operation did not start: try again")]
pub struct EntropyError;

revento_core::readable_debug!(EntropyError);

impl EntropyError {
    /// Always [`ErrorKind::Internal`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }

    /// Always `true`: the generator may recover.
    pub fn is_transient(&self) -> bool {
        true
    }

    /// Always `false`.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the blessed call site")]
    fn now(&self) -> Timestamp {
        std::time::SystemTime::now().into()
    }
}

/// The operating system's random number generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "the blessed call site")]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|_| EntropyError)
    }
}
