//! Envelope encryption: a key management service encrypts the sealing key.

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
    /// Returns the 32 unwrapped bytes.
    ///
    /// # Errors
    /// If the service does not answer, refuses, or rejects the wrapped bytes as altered.
    async fn unwrap_key(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Box<dyn Error + Send + Sync>>;
}

impl SealingKey {
    /// Unwraps a sealing key. Call it once, at start. To create a wrapped key, decode
    /// [`SealingKey::to_base64`] and encrypt the bytes with the tools of the service.
    ///
    /// # Errors
    /// If the service fails or does not return 32 bytes.
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

/// The sealing key could not be unwrapped. Without it no data can be sealed or opened.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum UnwrapKeyError {
    /// The key service failed or refused.
    #[error(
        "the key service did not unwrap the sealing key: check the service, its permissions and the wrapped key"
    )]
    Service(#[source] Box<dyn Error + Send + Sync>),
    /// The unwrapped bytes are not a sealing key.
    #[error(
        "the unwrapped sealing key has {found} bytes instead of 32: wrap the raw key, not its base64 text"
    )]
    Length {
        /// The number of unwrapped bytes.
        found: usize,
    },
}

revento_core::readable_debug!(UnwrapKeyError);

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
