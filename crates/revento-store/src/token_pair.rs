//! [`TokenPairCodec`]: the plaintext of a sealed pair of tokens.

use std::borrow::Cow;

use revento_core::{AccessToken, ConnectionKey, RefreshToken, error::ErrorKind};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// The format of the bytes that a [`Sealer`](crate::Sealer) seals into [`Record::tokens`](crate::Record::tokens), for programs
/// that import or export connections.
///
/// ```
/// use revento_store::TokenPairCodec;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let plaintext = TokenPairCodec::encode(&"rev_install_1".into(), Some(&"rev_refresh_1".into()))?;
/// let (access, refresh) = TokenPairCodec::decode(&plaintext)?;
/// assert_eq!(access.expose(), "rev_install_1");
/// assert_eq!(refresh.unwrap().expose(), "rev_refresh_1");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TokenPairCodec;

/// The names are short because each record carries them. A later version may add fields.
#[derive(Serialize, Deserialize)]
struct Plaintext<'a> {
    #[serde(rename = "a", borrow)]
    access: Cow<'a, str>,
    #[serde(rename = "r", borrow, default, skip_serializing_if = "Option::is_none")]
    refresh: Option<Cow<'a, str>>,
}

/// Wipes what decoding an escape has copied.
impl Drop for Plaintext<'_> {
    fn drop(&mut self) {
        let texts = [Some(&mut self.access), self.refresh.as_mut()];
        for text in texts.into_iter().flatten() {
            if let Cow::Owned(text) = text {
                text.zeroize();
            }
        }
    }
}

/// What JSON adds to two tokens without escapes.
const OVERHEAD: usize = r#"{"a":"","r":""}"#.len();

/// The length of a token in JSON at most: an escape takes up to six bytes.
fn longest(token: &str) -> usize {
    let is_plain = !token.contains(['"', '\\']) && !token.chars().any(char::is_control);
    token.len() * if is_plain { 1 } else { 6 }
}

impl TokenPairCodec {
    /// The `context` for sealing the pair of a connection: it binds the ciphertext to the record.
    pub fn context(key: &ConnectionKey) -> String {
        format!("revento/tokens/{key}")
    }

    /// The plaintext of a pair, or of an access token that came without a refresh token; wiped on drop. Any text can be a token.
    ///
    /// # Errors
    /// None for tokens in memory.
    pub fn encode(
        access: &AccessToken,
        refresh: Option<&RefreshToken>,
    ) -> Result<Zeroizing<Vec<u8>>, TokenPairFormatError> {
        let pair = Plaintext {
            access: access.expose().into(),
            refresh: refresh.map(|token| token.expose().into()),
        };
        // With room for all, the vector does not move and leaves no copy behind.
        let size = OVERHEAD + longest(&pair.access) + pair.refresh.as_deref().map_or(0, longest);
        let mut bytes = Zeroizing::new(Vec::with_capacity(size));
        serde_json::to_writer(&mut *bytes, &pair).map_err(|_| TokenPairFormatError)?;
        Ok(bytes)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// The bytes are not a pair of tokens.
    pub fn decode(plaintext: &[u8]) -> Result<(AccessToken, Option<RefreshToken>), TokenPairFormatError> {
        let pair: Plaintext<'_> = serde_json::from_slice(plaintext).map_err(|_| TokenPairFormatError)?;
        Ok((
            AccessToken::from(&*pair.access),
            pair.refresh.as_deref().map(RefreshToken::from),
        ))
    }
}

/// The bytes are not a pair of tokens in a known format. Says nothing about the bytes.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token pair is not in a format that this version knows: update this program, or connect again")]
pub struct TokenPairFormatError;

revento_core::readable_debug!(TokenPairFormatError);

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
        let plaintext = TokenPairCodec::encode(&"access".into(), Some(&"ref/resh+ü".into())).unwrap();
        assert_eq!(plaintext.capacity(), plaintext.len());
        let (access, refresh) = TokenPairCodec::decode(&plaintext).unwrap();
        assert_eq!(
            (access.expose(), refresh.unwrap().expose()),
            ("access", "ref/resh+ü")
        );
    }

    #[test]
    fn h1_a_pair_of_any_text_survives_and_so_does_an_access_token_alone() {
        for token in ["", "a\"b\\", "\0\n\u{7f}\u{fffd}", "\u{1f600}"] {
            let plaintext = TokenPairCodec::encode(&token.into(), Some(&token.into())).unwrap();
            assert!(
                plaintext.len() <= OVERHEAD + 2 * longest(token),
                "it did not move"
            );
            let (access, refresh) = TokenPairCodec::decode(&plaintext).unwrap();
            assert_eq!((access.expose(), refresh.unwrap().expose()), (token, token));
        }
        let alone = TokenPairCodec::encode(&"access".into(), None).unwrap();
        let (access, refresh) = TokenPairCodec::decode(&alone).unwrap();
        assert!(access.expose() == "access" && refresh.is_none());
    }

    #[test]
    fn k21_other_bytes_are_an_error() {
        for bytes in [
            &b""[..],
            b"{}",
            b"[]",
            br#"{"r":"x"}"#,
            br#"{"a":1,"r":"y"}"#,
            b"\xff",
        ] {
            assert_eq!(TokenPairCodec::decode(bytes).unwrap_err(), TokenPairFormatError);
        }
        assert!(TokenPairCodec::decode(br#"{"a":"x","r":"y","later":1}"#).is_ok());
    }
}
