//! [`KeyRing`]: seals under one key and opens under several.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use chacha20poly1305::aead::{Aead, Payload};
use revento_store::{Entropy, ErrorKind, OsEntropy, SealError, Sealed, Sealer, Unsealed};
use zeroize::Zeroizing;

use crate::{
    ParseKeyError, SealingKey,
    format::{self, NONCE, Parts},
};

/// A [`Sealer`] that encrypts with XChaCha20-Poly1305 under keys in memory, with random nonces of 192 bits.
#[derive(Debug)]
pub struct KeyRing {
    current: SealingKey,
    previous: BTreeMap<String, PreviousKey>,
    entropy: Arc<dyn Entropy>,
}

/// A key that opens but does not seal.
#[derive(Debug)]
struct PreviousKey {
    key: SealingKey,
    has_leaked: bool,
}

impl KeyRing {
    /// Creates a ring that seals and opens under one key. The operating system supplies the nonces.
    pub fn new(current: SealingKey) -> Self {
        Self {
            current,
            previous: BTreeMap::new(),
            entropy: Arc::new(OsEntropy),
        }
    }

    /// Parses the keys of one setting: base64, separated by commas. The first one seals, and all of them open. So a key can be
    /// replaced without a change of the program: give all replicas `old,new`, then `new,old`, and at last `new`.
    ///
    /// # Errors
    /// If one of them is not base64 of 32 bytes, or is there twice. The error does not contain the text.
    pub fn from_base64(keys: &str) -> Result<Self, ParseKeyRingError> {
        let key = |position, text| {
            SealingKey::from_base64(text).map_err(|error| ParseKeyRingError::Key { position, error })
        };
        let mut texts = keys.split(',');
        let current = key(1, texts.next().unwrap_or_default())?;
        texts
            .zip(2..)
            .try_fold(Self::new(current), |ring, (text, position)| {
                ring.with_previous(key(position, text)?)
                    .map_err(ParseKeyRingError::Duplicate)
            })
    }

    /// Adds a key that opens but does not seal: a former current key, or the next one.
    ///
    /// # Errors
    /// If the ring already has a key with this id.
    pub fn with_previous(self, key: SealingKey) -> Result<Self, DuplicateKeyId> {
        self.add(PreviousKey {
            key,
            has_leaked: false,
        })
    }

    /// Adds a former current key that somebody else may know. The ring opens stored records under it, so that they can be
    /// sealed again. A ring that is [derived](Self::derive) from this one does not: whoever knows the key can forge what is
    /// sealed under it, such as a cookie that signs a user in.
    ///
    /// # Errors
    /// If the ring already has a key with this id.
    pub fn with_leaked(self, key: SealingKey) -> Result<Self, DuplicateKeyId> {
        self.add(PreviousKey {
            key,
            has_leaked: true,
        })
    }

    /// Derives a ring of another purpose: from the current key and from every previous key, except those that have leaked.
    /// What one of the two rings seals, the other one cannot open. The cookies of the web adapters are sealed so.
    ///
    /// ```
    /// use revento_seal::{KeyRing, SealingKey};
    /// use revento_store::{OsEntropy, Sealer};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let records = KeyRing::new(SealingKey::generate(&OsEntropy)?);
    /// let exports = records.derive("nightly export");
    /// let sealed = exports.seal("2026-05-09", b"...").await?;
    /// assert!(records.open("2026-05-09", &sealed).await.is_err());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        let trusted = self.previous.values().filter(|previous| !previous.has_leaked);
        let previous = trusted.map(|previous| {
            let key = previous.key.derive(purpose);
            let id = key.id().to_owned();
            let has_leaked = false;
            (id, PreviousKey { key, has_leaked })
        });
        Self {
            current: self.current.derive(purpose),
            previous: previous.collect(),
            entropy: Arc::clone(&self.entropy),
        }
    }

    /// The ids of the keys, that of the current one first. They are not secret.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.current.id()).chain(self.previous.keys().map(String::as_str))
    }

    /// Sets the source of nonces, for tests. A source that repeats bytes breaks the encryption.
    #[must_use]
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    fn add(mut self, previous: PreviousKey) -> Result<Self, DuplicateKeyId> {
        let id = previous.key.id().to_owned();
        if self.key(&id).is_some() {
            return Err(DuplicateKeyId { id });
        }
        self.previous.insert(id, previous);
        Ok(self)
    }

    fn key(&self, id: &str) -> Option<&SealingKey> {
        if id == self.current.id() {
            Some(&self.current)
        } else {
            self.previous.get(id).map(|previous| &previous.key)
        }
    }
}

#[async_trait]
impl Sealer for KeyRing {
    async fn seal(&self, context: &str, plaintext: &[u8]) -> Result<Sealed, SealError> {
        let mut nonce = [0; NONCE];
        self.entropy
            .fill(&mut nonce)
            .map_err(|error| SealError::Unavailable(error.into()))?;
        let header = format::header(self.current.id(), self.current.commitment());
        let aad = format::associated_data(&header, context);
        let ciphertext = self
            .current
            .cipher()
            .encrypt(
                &nonce.into(),
                Payload {
                    msg: plaintext,
                    aad: &aad,
                },
            )
            .map_err(|_| SealError::Unavailable("the plaintext is too long to seal".into()))?;
        Ok(Sealed::from_bytes(
            [header.as_slice(), &nonce, &ciphertext].concat(),
        ))
    }

    async fn open(&self, context: &str, sealed: &Sealed) -> Result<Unsealed, SealError> {
        let Parts {
            header,
            key_id,
            commitment,
            nonce,
            ciphertext,
        } = format::parse(sealed.as_bytes())?;
        let Some(key) = self.key(key_id) else {
            return Err(SealError::UnknownKey {
                key_id: key_id.to_owned(),
            });
        };
        if !key.is_committed_by(commitment) {
            return Err(SealError::NotAuthentic);
        }
        let aad = format::associated_data(header, context);
        let plaintext = key
            .cipher()
            .decrypt(
                nonce.into(),
                Payload {
                    msg: ciphertext,
                    aad: &aad,
                },
            )
            .map_err(|_| SealError::NotAuthentic)?;
        Ok(Unsealed {
            plaintext: Zeroizing::new(plaintext),
            reseal: key_id != self.current.id(),
        })
    }
}

/// Two keys of one ring have the same id, so the ring could not choose the key to open with.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ring already has a sealing key with the id {id:?}: give each key its own id")]
pub struct DuplicateKeyId {
    id: String,
}

revento_core::readable_debug!(DuplicateKeyId);

impl DuplicateKeyId {
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

/// The text is not a list of sealing keys.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseKeyRingError {
    /// One of the keys cannot be read.
    #[error("{error} (key {position} of the setting)")]
    Key {
        /// Its place; the first key has place 1.
        position: usize,
        /// What is wrong.
        error: ParseKeyError,
    },
    /// One of the keys is there twice.
    #[error(transparent)]
    Duplicate(DuplicateKeyId),
}

revento_core::readable_debug!(ParseKeyRingError);

impl ParseKeyRingError {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The cipher alone opens a text that somebody crafted for two keys. So a header with the commitment of another key is refused, even if
    /// the cipher accepts the text.
    #[tokio::test]
    async fn k21_a_text_that_is_committed_to_another_key_is_refused() {
        let (ours, other) = (SealingKey::from_bytes([1; 32]), SealingKey::from_bytes([2; 32]));
        let sealed = |commitment| {
            let header = format::header(ours.id(), commitment);
            let aad = format::associated_data(&header, "context");
            let payload = Payload {
                msg: b"text",
                aad: &aad,
            };
            let nonce = [7; NONCE];
            let ciphertext = ours.cipher().encrypt(&nonce.into(), payload).unwrap();
            Sealed::from_bytes([header.as_slice(), &nonce, &ciphertext].concat())
        };
        let (honest, crafted) = (sealed(ours.commitment()), sealed(other.commitment()));
        let ring = KeyRing::new(ours);
        let opened = ring.open("context", &honest).await.unwrap();
        assert_eq!(opened.plaintext.as_slice(), b"text");
        let refused = ring.open("context", &crafted).await;
        assert!(matches!(refused, Err(SealError::NotAuthentic)));
    }
}
