//! [`SealedUnder`]: which key sealed bytes name.

use revento_store::{SealError, Sealed};

use crate::format::{self, PLAINTEXT};

/// The key that sealed bytes name, found without opening them: for tools that count what is still sealed under an old key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SealedUnder<'a> {
    /// A key with this id. Nothing says yet that the bytes are authentic.
    Key(&'a str),
    /// [`InsecurePlaintext`](crate::InsecurePlaintext) wrote them: they are not encrypted.
    Nothing,
}

impl<'a> SealedUnder<'a> {
    /// Reads the id of the key.
    ///
    /// # Errors
    /// [`SealError::Unreadable`]: no sealer of this crate wrote the bytes, or they were cut.
    pub fn of(sealed: &'a Sealed) -> Result<Self, SealError> {
        if sealed.as_bytes().first() == Some(&PLAINTEXT) {
            return Ok(Self::Nothing);
        }
        format::parse(sealed.as_bytes()).map(|parts| Self::Key(parts.key_id))
    }
}
