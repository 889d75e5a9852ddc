//! A sealer that stores plaintext, by explicit choice (invariant T6).

use async_trait::async_trait;
use revento_store::{SealError, Sealed, Sealer, Unsealed};
use zeroize::Zeroizing;

use crate::format::PLAINTEXT;

/// A [`Sealer`] that does not encrypt. Anyone who can read the store, a backup or the disk can read the tokens.
///
/// Use it with a store that encrypts by itself, or to inspect stored data during development. It still
/// detects accidentally swapped records, and does not open data that a [`KeyRing`](crate::KeyRing) sealed.
#[derive(Debug)]
pub struct InsecurePlaintext(());

impl InsecurePlaintext {
    /// Creates the sealer. The long name makes the choice visible in searches and reviews.
    pub fn i_accept_that_tokens_are_stored_readable() -> Self {
        Self(())
    }
}

#[async_trait]
impl Sealer for InsecurePlaintext {
    async fn seal(&self, context: &str, plaintext: &[u8]) -> Result<Sealed, SealError> {
        Ok(Sealed::from_bytes(
            [prefix(context)?.as_slice(), plaintext].concat(),
        ))
    }

    async fn open(&self, context: &str, sealed: &Sealed) -> Result<Unsealed, SealError> {
        if sealed.as_bytes().first() != Some(&PLAINTEXT) {
            return Err(SealError::Unreadable);
        }
        let plaintext = sealed.as_bytes().strip_prefix(prefix(context)?.as_slice());
        let plaintext = plaintext.ok_or(SealError::NotAuthentic)?.to_vec();
        Ok(Unsealed {
            plaintext: Zeroizing::new(plaintext),
            reseal: false,
        })
    }
}

/// The context after its length, so no context's prefix is the start of another's.
fn prefix(context: &str) -> Result<Vec<u8>, SealError> {
    let length = u32::try_from(context.len()).map_err(|_| SealError::Unreadable)?;
    Ok([&[PLAINTEXT], length.to_be_bytes().as_slice(), context.as_bytes()].concat())
}
