//! Seals the values of cookies, and opens them.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use revento_oauth::Integration;
use revento_seal::KeyRing;
use revento_store::{SealError, Sealed, Sealer};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// How many characters of the binding a cookie's name has.
const TAG: usize = 8;

/// Seals under keys of its own, which are derived from the service's keys without those that have leaked. A value opens only
/// for the integration that sealed it: client id, authorization server and redirect URI.
#[derive(Debug, Clone)]
pub(crate) struct SealedCookies {
    keys: Arc<KeyRing>,
    binding: String,
}

impl SealedCookies {
    pub(crate) fn new(keys: &KeyRing, integration: &Integration) -> Self {
        Self {
            keys: Arc::new(keys.derive("revento/browser cookies")),
            binding: binding(integration),
        }
    }

    /// Part of a cookie's name: two integrations on one host do not overwrite each other's cookies. Browsers do not separate
    /// the cookies of two ports.
    pub(crate) fn tag(&self) -> &str {
        self.binding.get(..TAG).unwrap_or_default()
    }

    /// Seals a value for one purpose.
    pub(crate) async fn seal(&self, purpose: &str, plain: &[u8]) -> Result<String, SealError> {
        let sealed = self.keys.seal(&self.context(purpose), plain).await?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed.as_bytes()))
    }

    /// Opens a value of the same purpose; `None` for anything else.
    pub(crate) async fn open(&self, purpose: &str, value: &str) -> Option<Zeroizing<Vec<u8>>> {
        let sealed = Sealed::from_bytes(BASE64_URL_SAFE_NO_PAD.decode(value).ok()?);
        let opened = self.keys.open(&self.context(purpose), &sealed).await.ok()?;
        Some(opened.plaintext)
    }

    fn context(&self, purpose: &str) -> String {
        format!("{}/{purpose}", self.binding)
    }
}

fn binding(integration: &Integration) -> String {
    let fields = [
        integration.client_id().as_str(),
        integration.endpoints().auth(),
        integration.redirect_uri(),
    ];
    let mut hash = Sha256::new();
    for field in fields {
        // The length in front keeps apart what belongs to which field.
        hash.update(format!("{}:", field.len()));
        hash.update(field);
    }
    BASE64_URL_SAFE_NO_PAD.encode(hash.finalize())
}
