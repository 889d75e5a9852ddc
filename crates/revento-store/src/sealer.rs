//! The sealing joint: what a store keeps is encrypted before it gets there (invariant T6).

use std::{error::Error, fmt};

use async_trait::async_trait;
use zeroize::Zeroizing;

/// Ciphertext. A store keeps these bytes and can do nothing else with them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sealed(Box<[u8]>);

impl Sealed {
    /// Bytes that a [`Sealer`] made, or that a store has kept.
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes to keep.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// What came out of [`Sealer::open`].
#[derive(Debug)]
pub struct Unsealed {
    /// The plaintext; wiped on drop.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// Whether it was sealed under an older key: seal it anew with the next write.
    pub reseal: bool,
}

/// Seals secrets with authenticated encryption.
///
/// `context` is associated data: what is opened under another context than it was sealed under must
/// fail, so that nobody can swap two rows. It need not be secret.
#[async_trait]
pub trait Sealer: Send + Sync + fmt::Debug {
    /// Encrypts. Two calls never give the same bytes.
    ///
    /// # Errors
    /// When no nonce or no key can be had; nothing was stored.
    async fn seal(&self, context: &str, plaintext: &[u8]) -> Result<Sealed, SealError>;

    /// Decrypts.
    ///
    /// # Errors
    /// When the key is unknown, the context differs, or the bytes were altered or cut. The stored
    /// bytes are untouched: with the right key they can be opened later.
    async fn open(&self, context: &str, sealed: &Sealed) -> Result<Unsealed, SealError>;
}

/// Sealing or opening failed. Says nothing about the plaintext.
#[derive(Debug)]
#[non_exhaustive]
pub enum SealError {
    /// The bytes name a key that this sealer does not hold.
    UnknownKey {
        /// The id of that key.
        key_id: String,
    },
    /// The bytes were altered or cut, or belong to another record, or the key has the right id and the wrong bytes.
    NotAuthentic,
    /// The bytes are in no format that this sealer knows.
    Unreadable,
    /// The key service or the random number generator did not answer.
    Unavailable(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { key_id } => {
                write!(
                    f,
                    "sealed under the key {key_id:?}, which this sealer does not have: add it as a previous key"
                )
            }
            Self::NotAuthentic => f.write_str(
                "the sealed bytes do not open: they were altered or moved, or the sealing key is another one",
            ),
            Self::Unreadable => f.write_str("the sealed bytes have an unknown format"),
            Self::Unavailable(source) => write!(f, "sealing is not available: {source}"),
        }
    }
}

impl Error for SealError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unavailable(source) => Some(&**source),
            _ => None,
        }
    }
}
