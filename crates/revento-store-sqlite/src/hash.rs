//! Short digests of ids, for indexes.
//!
//! The platform's ids are random texts of 36 characters and more. An index of their digests is half as large, so twice as many of its
//! pages stay in memory.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use revento_store::TextDigest;

/// The digest that identifies an envelope id: 128 bits of its SHA-256, as text. Nobody finds two ids with one digest.
pub(crate) fn of_envelope(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(TextDigest::of(id).half())
}

/// A digest that few delivery ids share: 64 bits. Who looks a delivery id up compares the ids, too.
pub(crate) fn of_delivery(id: &str) -> i64 {
    TextDigest::of(id).to_i64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files keep them: another function would not find what is stored.
    #[test]
    fn q1_the_digests_are_pinned() {
        assert_eq!(of_envelope("evt_delivery_xyz"), "nWbxU4Qd4xCskHqx9rDMAg");
        assert_eq!(of_envelope(""), "47DEQpj8HBSa-_TImW-5JA");
        assert_eq!(of_delivery(""), -2_039_914_840_885_289_964);
    }
}
