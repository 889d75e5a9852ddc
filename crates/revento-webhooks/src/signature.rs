//! The signature: HMAC-SHA256 of the timestamp's text, one `.` and the raw body (contract §4.1).
//!
//! The `hmac` crate computes it under a prepared key: each message starts with a clone of the state behind the key
//! block. `base16ct` decodes the digits in constant time.

use alloc::string::String;
use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::error::SignatureError;

const PREFIX: &str = "sha256=";
const BYTES: usize = 32;
const DIGITS: usize = 2 * BYTES;

/// A prepared secret. The `zeroize` features of `hmac` and `sha2` wipe it on drop.
#[derive(Clone)]
pub(crate) struct Key(Hmac<Sha256>);

impl Key {
    /// Prepares the bytes of a secret.
    ///
    /// HMAC takes keys of any length (RFC 2104 §2), so `None` does not occur.
    #[inline]
    pub(crate) fn new(secret: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(secret).ok().map(Self)
    }

    /// Starts on a message whose body follows in pieces.
    #[inline]
    pub(crate) fn start(&self, timestamp: &[u8]) -> RunningMac {
        let mut mac = self.0.clone();
        mac.update(timestamp);
        mac.update(b".");
        RunningMac(mac)
    }

    /// The signature of a whole message.
    #[inline]
    pub(crate) fn sign(&self, timestamp: &[u8], body: &[u8]) -> Signature {
        let mut mac = self.start(timestamp);
        mac.update(body);
        mac.finish()
    }

    /// Whether the signature belongs to this message. Takes the same time for either answer.
    #[inline]
    pub(crate) fn matches(&self, timestamp: &[u8], body: &[u8], claimed: &Signature) -> Choice {
        self.sign(timestamp, body).ct_eq(claimed)
    }

    /// Whether the signature covers exactly these bytes, without a timestamp. For diagnosis only.
    #[cfg(feature = "explain")]
    #[inline]
    pub(crate) fn matches_bytes(&self, signed: &[u8], claimed: &Signature) -> bool {
        let mut mac = RunningMac(self.0.clone());
        mac.update(signed);
        mac.finish().ct_eq(claimed).into()
    }
}

impl fmt::Debug for Key {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

/// The signature of a message whose body is still arriving.
#[derive(Clone)]
pub(crate) struct RunningMac(Hmac<Sha256>);

impl RunningMac {
    #[inline]
    pub(crate) fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    #[inline]
    pub(crate) fn finish(self) -> Signature {
        Signature(self.0.finalize().into_bytes().into())
    }
}

/// The bytes of a signature, computed or claimed by a header.
#[derive(Clone, Copy)]
pub(crate) struct Signature([u8; BYTES]);

impl Signature {
    /// Reads a header's value: `sha256=` and exactly 64 lowercase hexadecimal digits.
    #[inline]
    pub(crate) fn parse(header: &[u8]) -> Result<Self, SignatureError> {
        let digits = header
            .strip_prefix(PREFIX.as_bytes())
            .ok_or(SignatureError::UnknownScheme)?;
        let mut bytes = [0; BYTES];
        // A shorter text would fill only a part of the bytes.
        if digits.len() == DIGITS && base16ct::lower::decode(digits, &mut bytes).is_ok() {
            Ok(Self(bytes))
        } else {
            Err(malformed(digits))
        }
    }

    /// The value of the header.
    #[inline]
    pub(crate) fn to_header(self) -> String {
        let mut digits = [0; DIGITS];
        let digits = base16ct::lower::encode_str(&self.0, &mut digits).unwrap_or_default();
        [PREFIX, digits].concat()
    }

    #[inline]
    pub(crate) fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

#[cold]
#[inline]
fn malformed(digits: &[u8]) -> SignatureError {
    if digits
        .iter()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    {
        SignatureError::BadLength
    } else {
        SignatureError::BadEncoding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prepared_key_is_wiped_on_drop() {
        // `Hmac` holds two of these states and a buffer; it does not name the trait itself.
        fn is_wiped<T: zeroize::ZeroizeOnDrop>() {}
        is_wiped::<<Sha256 as hmac::EagerHash>::Core>();
        is_wiped::<hmac::digest::block_api::Buffer<hmac::block_api::HmacCore<Sha256>>>();
        assert!(core::mem::needs_drop::<Hmac<Sha256>>());
    }

    #[test]
    fn w8_only_lowercase_digits_are_read() {
        let mut header = *b"sha256=0000000000000000000000000000000000000000000000000000000000000000";
        for byte in 0..=u8::MAX {
            header[70] = byte;
            let value = char::from(byte)
                .to_digit(16)
                .filter(|_| !byte.is_ascii_uppercase());
            assert_eq!(
                Signature::parse(&header).map(|signature| u32::from(signature.0[31])),
                value.ok_or(SignatureError::BadEncoding),
                "{byte:#x}"
            );
        }
    }

    #[test]
    fn a_header_survives_a_round_trip() {
        let bytes: [u8; BYTES] = core::array::from_fn(|index| (index * 37) as u8);
        let header = Signature(bytes).to_header();
        assert_eq!(Signature::parse(header.as_bytes()).map(|read| read.0), Ok(bytes));
    }

    /// RFC 4231 §4.2 and §4.7 without the timestamp: the prepared key is that of HMAC-SHA256.
    #[test]
    fn w1_known_answers_of_the_rfc_match() {
        for (secret, message, digits) in [
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            let mut mac = RunningMac(Key::new(secret).unwrap().0);
            mac.update(message);
            assert_eq!(mac.finish().to_header(), [PREFIX, digits].concat());
        }
    }
}
