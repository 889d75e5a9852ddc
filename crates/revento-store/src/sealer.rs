//! [`Sealer`]: encrypts secrets before a store gets them (invariant T6).

use std::{error::Error, fmt};

use async_trait::async_trait;
use revento_core::error::ErrorKind;
use zeroize::Zeroizing;

/// Ciphertext. A store keeps these bytes as they are.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sealed(Box<[u8]>);

impl Sealed {
    /// Wraps bytes that a [`Sealer`] made or that a store kept.
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

/// The result of [`Sealer::open`].
#[derive(Debug)]
pub struct Unsealed {
    /// The plaintext; wiped on drop.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// Whether it was sealed under an older key. Seal it again with the next write.
    pub reseal: bool,
}

/// Seals secrets with authenticated encryption.
///
/// `context` is associated data: opening under another context than that of the sealing must fail, so that nobody can
/// exchange two rows. The context need not be secret and is any text.
#[async_trait]
pub trait Sealer: Send + Sync + fmt::Debug {
    /// Encrypts. Two calls never give the same bytes.
    ///
    /// # Errors
    /// The sealer has no nonce or no key.
    async fn seal(&self, context: &str, plaintext: &[u8]) -> Result<Sealed, SealError>;

    /// Decrypts.
    ///
    /// # Errors
    /// The key is unknown, the context differs, or the bytes were altered or cut. The right key can open the stored bytes
    /// later.
    async fn open(&self, context: &str, sealed: &Sealed) -> Result<Unsealed, SealError>;
}

/// Sealing or opening failed. The error never shows plaintext.
#[non_exhaustive]
pub enum SealError {
    /// The bytes name a key that this sealer does not hold.
    UnknownKey {
        /// The id of that key.
        key_id: String,
    },
    /// The bytes were altered or cut, belong to another record, or the key has the right id but other bytes.
    NotAuthentic,
    /// The bytes are in no format that this sealer knows.
    Unreadable,
    /// The key service or the random number generator did not answer.
    Unavailable(Box<dyn Error + Send + Sync>),
}

revento_core::readable_debug!(SealError);

impl SealError {
    /// Always [`ErrorKind::Sealing`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Sealing
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Always `false`: sealing and opening store nothing.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { key_id } => {
                write!(
                    f,
                    "the bytes are sealed under the key {key_id:?}, which this sealer does not have: add it as a previous key"
                )
            }
            Self::NotAuthentic => f.write_str(
                "the sealed bytes do not open: they were altered or moved to another record, or the sealing key differs",
            ),
            Self::Unreadable => f.write_str(
                "the sealed bytes have an unknown format: update this program, or connect again",
            ),
            Self::Unavailable(_) => f.write_str("the sealer is not available: try again later"),
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
