//! Signing, for tests and tools.

use alloc::string::String;
use core::fmt;

use crate::{error::SecretError, keys, signature::Key};

/// Signs deliveries as the platform does.
#[derive(Clone)]
pub struct Signer(Key);

impl Signer {
    /// Prepares a secret. The signer uses its bytes as shown.
    ///
    /// # Errors
    /// When the secret is empty, surrounded by white space, or has fewer than 16 characters.
    #[inline]
    pub fn new(secret: &str) -> Result<Self, SecretError> {
        keys::prepare(secret).map(Self)
    }

    /// Returns the value of `X-Revento-Signature` for a body sent at `timestamp` (Unix seconds).
    #[inline]
    pub fn sign(&self, timestamp: i64, body: &[u8]) -> String {
        self.sign_text(&alloc::format!("{timestamp}"), body)
    }

    /// Returns the same for any text of the timestamp header, also for one that no verifier accepts.
    #[inline]
    pub fn sign_text(&self, timestamp: &str, body: &[u8]) -> String {
        self.0.sign(timestamp.as_bytes(), body).to_header()
    }
}

impl fmt::Debug for Signer {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(redacted)")
    }
}
