//! [`TokenPairCodec`]: the plaintext of a sealed pair of tokens.

use revento_core::{AccessToken, ConnectionKey, RefreshToken, error::ErrorKind};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The format of the bytes that a [`Sealer`](crate::Sealer) seals into [`Record::tokens`](crate::Record::tokens), for programs
/// that import or export connections.
///
/// ```
/// use revento_store::TokenPairCodec;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let plaintext = TokenPairCodec::encode(&"rev_install_1".into(), &"rev_refresh_1".into())?;
/// let (access, refresh) = TokenPairCodec::decode(&plaintext)?;
/// assert_eq!((access.expose(), refresh.expose()), ("rev_install_1", "rev_refresh_1"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TokenPairCodec;

/// The names are short because each record carries them. A later version may add fields.
#[derive(Serialize, Deserialize)]
struct Plaintext<'a> {
    #[serde(rename = "a", borrow)]
    access: &'a str,
    #[serde(rename = "r", borrow)]
    refresh: &'a str,
}

/// What JSON adds to two tokens without escapes.
const OVERHEAD: usize = r#"{"a":"","r":""}"#.len();

impl TokenPairCodec {
    /// The `context` for sealing the pair of a connection: it binds the ciphertext to the record.
    pub fn context(key: &ConnectionKey) -> String {
        format!("revento/tokens/{key}")
    }

    /// The plaintext of a pair; wiped on drop.
    ///
    /// # Errors
    /// A token has characters that no token has, such as quotation marks and control characters.
    pub fn encode(
        access: &AccessToken,
        refresh: &RefreshToken,
    ) -> Result<Zeroizing<Vec<u8>>, TokenPairFormatError> {
        let pair = Plaintext {
            access: access.expose(),
            refresh: refresh.expose(),
        };
        let plain = |text: &str| !text.contains(['"', '\\']) && !text.chars().any(char::is_control);
        if !plain(pair.access) || !plain(pair.refresh) {
            return Err(TokenPairFormatError);
        }
        // With room for all, the vector does not move and leaves no copy behind.
        let size = OVERHEAD + pair.access.len() + pair.refresh.len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(size));
        serde_json::to_writer(&mut *bytes, &pair).map_err(|_| TokenPairFormatError)?;
        Ok(bytes)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// The bytes are not a pair of tokens.
    pub fn decode(plaintext: &[u8]) -> Result<(AccessToken, RefreshToken), TokenPairFormatError> {
        let pair: Plaintext<'_> = serde_json::from_slice(plaintext).map_err(|_| TokenPairFormatError)?;
        Ok((pair.access.into(), pair.refresh.into()))
    }
}

/// The bytes are not a pair of tokens in a known format, or a token cannot be written in it. Says nothing about the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token pair is not in a format that this version knows: update this program, or connect again")]
pub struct TokenPairFormatError;

impl TokenPairFormatError {
    /// Always [`ErrorKind::Storage`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Storage
    }

    /// Always `false`: the same bytes give the same error.
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

    #[test]
    fn k1_a_pair_survives_and_leaves_no_copy() {
        let plaintext = TokenPairCodec::encode(&"access".into(), &"ref/resh+ü".into()).unwrap();
        assert_eq!(plaintext.capacity(), plaintext.len());
        let (access, refresh) = TokenPairCodec::decode(&plaintext).unwrap();
        assert_eq!((access.expose(), refresh.expose()), ("access", "ref/resh+ü"));
    }

    #[test]
    fn k21_other_bytes_are_an_error() {
        for bytes in [
            &b""[..],
            b"{}",
            b"[]",
            br#"{"a":"x"}"#,
            br#"{"a":1,"r":"y"}"#,
            b"\xff",
        ] {
            assert_eq!(TokenPairCodec::decode(bytes).unwrap_err(), TokenPairFormatError);
        }
        assert!(TokenPairCodec::decode(br#"{"a":"x","r":"y","later":1}"#).is_ok());
        assert!(TokenPairCodec::encode(&"a\"b".into(), &"r".into()).is_err());
    }
}
