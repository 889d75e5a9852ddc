//! Envelope encryption: a key management service keeps the key that keeps the sealing key.

use std::error::Error;

use async_trait::async_trait;
use revento_store::ErrorKind;
use zeroize::Zeroizing;

use crate::SealingKey;

/// Unwraps (decrypts) a sealing key. Implement it over the decrypt call of a key management service.
///
/// ```
/// use async_trait::async_trait;
/// use revento_seal::{KeyRing, KeyService, SealingKey};
/// use zeroize::Zeroizing;
/// # struct Kms; struct Answer { plaintext: Vec<u8> }
/// # impl Kms { async fn decrypt(&self, _: &str, b: &[u8]) -> Result<Answer, std::io::Error> { Ok(Answer { plaintext: b.to_vec() }) } }
///
/// struct OurKms {
///     client: Kms,
/// }
///
/// #[async_trait]
/// impl KeyService for OurKms {
///     async fn unwrap_key(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
///         Ok(Zeroizing::new(self.client.decrypt("alias/revento", wrapped).await?.plaintext))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (kms, wrapped) = (OurKms { client: Kms }, [7; 32]);
/// let ring = KeyRing::new(SealingKey::unwrap_with(&kms, &wrapped).await?);
/// # Ok(()) }
/// ```
#[async_trait]
pub trait KeyService: Send + Sync {
    /// The 32 bytes that were wrapped.
    ///
    /// # Errors
    /// When the service does not answer, refuses, or finds the wrapped bytes altered.
    async fn unwrap_key(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Box<dyn Error + Send + Sync>>;
}

impl SealingKey {
    /// Has a wrapped key unwrapped: once, at start. To keep a new key, wrap the bytes behind
    /// [`SealingKey::to_base64`] with the service's own tools.
    ///
    /// # Errors
    /// When the service fails, or gives something else than 32 bytes.
    pub async fn unwrap_with(service: &dyn KeyService, wrapped: &[u8]) -> Result<Self, UnwrapKeyError> {
        let plaintext = service
            .unwrap_key(wrapped)
            .await
            .map_err(UnwrapKeyError::Service)?;
        let bytes = <[u8; 32]>::try_from(plaintext.as_slice());
        Ok(Self::from_bytes(bytes.map_err(|_| UnwrapKeyError::Length {
            found: plaintext.len(),
        })?))
    }
}

/// A sealing key could not be unwrapped; nothing can be sealed or opened until it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnwrapKeyError {
    /// The key service failed or refused.
    #[error("the key service did not unwrap the sealing key")]
    Service(#[source] Box<dyn Error + Send + Sync>),
    /// What was unwrapped is no sealing key.
    #[error("the unwrapped sealing key has {found} bytes instead of 32")]
    Length {
        /// How many bytes came.
        found: usize,
    },
}

impl UnwrapKeyError {
    /// Always [`ErrorKind::Sealing`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Sealing
    }

    /// Whether the same call may succeed later: the key service may recover.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Service(_))
    }

    /// Always `false`.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}
