//! The sealing key: 32 secret bytes, a public id, and the keys derived from the bytes.

use std::fmt;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use hkdf::Hkdf;
use revento_store::{Entropy, EntropyError, ErrorKind};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::format::COMMITMENT;

const BYTES: usize = 32;
const LONGEST_ID: usize = 64;

/// A key of 32 secret bytes. `Debug` shows only its id. Dropping it wipes the bytes.
///
/// The default id is a fingerprint of the bytes; [`SealingKey::with_id`] sets another. Sealed data contains the id of
/// its key, so the error for a missing key names it.
pub struct SealingKey {
    id: String,
    bytes: Zeroizing<[u8; BYTES]>,
    encryption_key: Zeroizing<[u8; BYTES]>,
    commitment: [u8; COMMITMENT],
}

impl SealingKey {
    /// Generates a key. Keep its [`to_base64`](Self::to_base64) in a secret store, separate from the sealed data.
    ///
    /// # Errors
    /// If the entropy source fails.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        entropy.fill(bytes.as_mut_slice())?;
        Ok(Self::from_bytes(bytes))
    }

    /// Makes a key from 32 random bytes. Do not use a password.
    pub fn from_bytes(bytes: impl Into<Zeroizing<[u8; BYTES]>>) -> Self {
        let bytes = bytes.into();
        let fingerprint: Zeroizing<[u8; 8]> = derive(&bytes, &["key id"]);
        Self {
            id: fingerprint.iter().map(|byte| format!("{byte:02x}")).collect(),
            encryption_key: derive(&bytes, &["xchacha20-poly1305"]),
            commitment: *derive(&bytes, &["commitment"]),
            bytes,
        }
    }

    /// Parses a key from base64, standard or URL-safe, with or without padding. Ignores white space around it.
    ///
    /// # Errors
    /// If the text is not base64 of 32 bytes. The error does not contain the text.
    pub fn from_base64(text: &str) -> Result<Self, ParseKeyError> {
        let text = text.trim();
        let alphabet = if text.contains(['-', '_']) {
            alphabet::URL_SAFE
        } else {
            alphabet::STANDARD
        };
        let any_padding =
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let decoded = GeneralPurpose::new(&alphabet, any_padding)
            .decode(text)
            .map(Zeroizing::new)
            .map_err(|_| ParseKeyError::NotBase64)?;
        let bytes = <[u8; BYTES]>::try_from(decoded.as_slice());
        Ok(Self::from_bytes(
            bytes.map_err(|_| ParseKeyError::Length { found: decoded.len() })?,
        ))
    }

    /// The secret bytes as base64, to keep in a secret store. Never log them.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(self.bytes.as_slice()))
    }

    /// Sets the id, for example a date or the name of the key in a key management service. The id is not secret:
    /// sealed data contains it. Keep the id as long as data sealed under this key exists.
    ///
    /// # Errors
    /// If the id is empty, longer than 64 bytes, or has characters other than visible ASCII.
    pub fn with_id(mut self, id: impl Into<String>) -> Result<Self, KeyIdError> {
        let id = id.into();
        let fits = (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            return Err(KeyIdError { id });
        }
        self.id = id;
        Ok(self)
    }

    /// The id of the key; not secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Derives the key of another purpose. Neither key reveals the other's ciphertexts, and the derived key does not reveal
    /// this one. Its id is a fingerprint of the derived bytes.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        Self::from_bytes(derive(&self.bytes, &["purpose ", purpose]))
    }

    pub(crate) fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.encryption_key).into())
    }

    pub(crate) fn commitment(&self) -> &[u8; COMMITMENT] {
        &self.commitment
    }

    pub(crate) fn is_committed_by(&self, commitment: &[u8; COMMITMENT]) -> bool {
        self.commitment.ct_eq(commitment).into()
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Derives bytes for one use. Each use has its own label, so the outputs are independent (RFC 5869 §3.2). The label is the
/// parts joined.
#[expect(
    clippy::expect_used,
    reason = "HKDF-SHA256 gives up to 8160 bytes, and no caller asks for more than 32"
)]
fn derive<const N: usize>(key: &[u8; BYTES], label: &[&str]) -> Zeroizing<[u8; N]> {
    let mut output = Zeroizing::new([0; N]);
    let label = label.concat();
    Hkdf::<Sha256>::new(None, key)
        .expand_multi_info(&[b"revento-seal/1 ", label.as_bytes()], output.as_mut_slice())
        .expect("32 bytes are fewer than 8160");
    output
}

/// The text is not a sealing key.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseKeyError {
    /// The text is not base64.
    #[error("the sealing key is not base64 text: create one with `openssl rand -base64 32`")]
    NotBase64,
    /// The text is base64, but not of 32 bytes.
    #[error("the sealing key has {found} bytes instead of 32: create one with `openssl rand -base64 32`")]
    Length {
        /// The number of decoded bytes.
        found: usize,
    },
}

revento_core::readable_debug!(ParseKeyError);

impl ParseKeyError {
    /// Always [`ErrorKind::Configuration`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Configuration
    }

    /// Always `false`: correct the setting.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Always `false`.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

/// The text is not a valid key id.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{id:?} is not a valid sealing key id: use 1 to 64 visible ASCII characters")]
pub struct KeyIdError {
    id: String,
}

revento_core::readable_debug!(KeyIdError);

impl KeyIdError {
    /// Always [`ErrorKind::Configuration`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Configuration
    }

    /// Always `false`: correct the setting.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Always `false`.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}
