//! Parses and builds the layout of sealed bytes, without cryptography.

use revento_store::SealError;

/// The first byte of data that [`KeyRing`](crate::KeyRing) seals.
pub(crate) const KEY_RING: u8 = 1;
/// The first byte of data that [`InsecurePlaintext`](crate::InsecurePlaintext) writes.
pub(crate) const PLAINTEXT: u8 = 0;

pub(crate) const COMMITMENT: usize = 32;
pub(crate) const NONCE: usize = 24;
pub(crate) const TAG: usize = 16;

/// The unverified parts of sealed bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    /// The raw bytes of format, key id and commitment; part of the associated data.
    pub(crate) header: &'a [u8],
    pub(crate) key_id: &'a str,
    pub(crate) commitment: &'a [u8; COMMITMENT],
    pub(crate) nonce: &'a [u8; NONCE],
    /// The ciphertext, followed by the tag.
    pub(crate) ciphertext: &'a [u8],
}

/// Splits sealed bytes into their parts. Never panics.
pub(crate) fn parse(bytes: &[u8]) -> Result<Parts<'_>, SealError> {
    split(bytes).ok_or(SealError::Unreadable)
}

fn split(bytes: &[u8]) -> Option<Parts<'_>> {
    let (&format, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (key_id, rest) = rest.split_at_checked(usize::from(length))?;
    let (commitment, rest) = rest.split_first_chunk()?;
    let (header, _) = bytes.split_at_checked(bytes.len() - rest.len())?;
    let (nonce, ciphertext) = rest.split_first_chunk()?;
    let parts = Parts {
        header,
        key_id: std::str::from_utf8(key_id).ok()?,
        commitment,
        nonce,
        ciphertext,
    };
    (format == KEY_RING && ciphertext.len() >= TAG).then_some(parts)
}

/// Builds format, key id and commitment. [`SealingKey`](crate::SealingKey) limits the id to 64 bytes.
pub(crate) fn header(key_id: &str, commitment: &[u8; COMMITMENT]) -> Vec<u8> {
    let length = u8::try_from(key_id.len()).unwrap_or(u8::MAX);
    [&[KEY_RING, length], key_id.as_bytes(), commitment].concat()
}

/// Joins header and context. The header encodes its own length, so different pairs give different bytes.
pub(crate) fn associated_data(header: &[u8], context: &str) -> Vec<u8> {
    [header, context.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn k21_any_bytes_are_parts_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(parts) = parse(&bytes) {
                let again = [parts.header, parts.nonce, parts.ciphertext].concat();
                prop_assert_eq!(again, bytes);
            }
        }

        #[test]
        fn k21_what_is_built_is_what_is_parsed(key_id in "[ -~]{1,64}", rest in proptest::collection::vec(any::<u8>(), 40..90)) {
            let header = header(&key_id, &[7; COMMITMENT]);
            let bytes = [header.as_slice(), &rest].concat();
            let parts = parse(&bytes).unwrap();
            prop_assert_eq!(parts.key_id, key_id);
            prop_assert_eq!(parts.header, header);
            prop_assert_eq!(parts.commitment, &[7; COMMITMENT]);
            prop_assert_eq!(parts.ciphertext, &rest[NONCE..]);
        }
    }
}
