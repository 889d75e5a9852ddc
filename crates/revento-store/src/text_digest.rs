//! [`TextDigest`]: an id of any length as a key of fixed size.

use std::fmt;

use revento_core::ConnectionKey;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a text's UTF-8: a key of fixed size, for engines that limit the length or the characters of their keys.
///
/// Nobody finds two texts with one digest, so a row that is found by it needs no comparison of the texts. Digests have another order
/// than their texts: for a list in the order of the texts use [`index_text`](crate::columns::index_text).
///
/// ```
/// use revento_store::TextDigest;
///
/// let digest = TextDigest::of("evt_1");
/// assert_eq!(digest.as_bytes().len(), 32); // For a column BINARY(32).
/// assert_eq!(digest.to_string().len(), 64); // Hexadecimal digits, for the key of a key-value service.
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextDigest([u8; 32]);

impl TextDigest {
    /// The digest of a text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// The digest of the text of a connection's key.
    pub fn of_key(key: &ConnectionKey) -> Self {
        Self::of(&key.to_string())
    }

    /// All 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its first 16 bytes, for an index of half the size. To find two texts that share them takes about 2⁶⁴ attempts.
    pub fn half(&self) -> [u8; 16] {
        self.0.first_chunk().copied().unwrap_or_default()
    }

    /// Its first 8 bytes as a number. Two texts that share it can be found on purpose: compare the texts, too.
    pub fn to_i64(&self) -> i64 {
        self.0.first_chunk().copied().map_or(0, i64::from_be_bytes)
    }
}

/// 64 hexadecimal digits in lower case.
impl fmt::Display for TextDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stores keep them: another function would not find what is stored.
    #[test]
    fn h25_the_digests_are_pinned() {
        let digest = TextDigest::of("");
        assert_eq!(
            digest.to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(hex::encode(digest.half()), "e3b0c44298fc1c149afbf4c8996fb924");
        assert_eq!(digest.to_i64(), -2_039_914_840_885_289_964);
        let key = ConnectionKey::user("clt_1".into(), "evt/1".into(), "".into());
        assert_eq!(TextDigest::of_key(&key), TextDigest::of("clt_1/evt%2F1/"));
    }
}
