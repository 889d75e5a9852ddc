//! Encryption of secrets at rest: XChaCha20-Poly1305, bound to the record that a secret belongs to.

use anyhow::anyhow;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};

use crate::machine;

const NONCE: usize = 24;

/// Encrypts and decrypts under one key.
pub(crate) struct Sealer(XChaCha20Poly1305);

impl Sealer {
    /// A sealer with this key.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// Encrypts `text`. Only `open` with the same `record` decrypts it.
    pub(crate) fn seal(&self, text: &str, record: &str) -> anyhow::Result<Vec<u8>> {
        let nonce = machine::random::<NONCE>()?;
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload(text.as_bytes(), record));
        let sealed = sealed.map_err(|_| anyhow!("a secret could not be encrypted"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts what `seal` made.
    pub(crate) fn open(&self, sealed: &[u8], record: &str) -> anyhow::Result<String> {
        let failed = || anyhow!("a stored secret does not decrypt: was ENCRYPTION_KEY changed?");
        let (nonce, text) = sealed.split_first_chunk::<NONCE>().ok_or_else(failed)?;
        let text = self.0.decrypt(&XNonce::from(*nonce), payload(text, record));
        String::from_utf8(text.map_err(|_| failed())?).map_err(|_| failed())
    }
}

fn payload<'a>(msg: &'a [u8], record: &'a str) -> Payload<'a, 'a> {
    Payload {
        msg,
        aad: record.as_bytes(),
    }
}
