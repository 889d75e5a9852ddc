//! Signing, for tests and tools.
//!
//! All of it is `inline`: who does not use it does not pay for building it.

use alloc::string::String;
use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{error::SecretError, hex, key};

/// Signs as the platform does.
///
/// It does so with the `hmac` crate, not with the code of the [`Verifier`](crate::Verifier): what both
/// agree on, two implementations agree on.
#[derive(Clone)]
pub struct Signer(Hmac<Sha256>);

impl Signer {
    /// Prepares a secret, used as shown.
    ///
    /// # Errors
    /// When the secret is empty or padded with white space.
    #[inline]
    pub fn new(secret: &str) -> Result<Self, SecretError> {
        key::check(secret)?;
        // HMAC takes a key of any length (RFC 2104 §2); the error is for other MACs.
        Hmac::new_from_slice(secret.as_bytes())
            .map(Self)
            .map_err(|_| SecretError::Empty)
    }

    /// The value of `X-Revento-Signature` for a body sent at `timestamp` (Unix seconds).
    #[inline]
    pub fn sign(&self, timestamp: i64, body: &[u8]) -> String {
        self.sign_text(&alloc::format!("{timestamp}"), body)
    }

    /// The same for a timestamp header of any text, also one that no verifier accepts.
    #[inline]
    pub fn sign_text(&self, timestamp: &str, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        let mut text = String::with_capacity(7 + 64);
        text.push_str("sha256=");
        hex::encode(&mac.finalize().into_bytes(), &mut text);
        text
    }
}

impl fmt::Debug for Signer {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(redacted)")
    }
}
