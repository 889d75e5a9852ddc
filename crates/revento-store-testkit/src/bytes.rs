//! Searches a dump for texts, in the encodings in which an engine or a tool may have written them.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

/// How a dump contains a text; `None` if it does not.
pub(crate) fn found(dump: &[u8], text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    if contains(dump, bytes) {
        return Some("as it is");
    }
    let lower = dump.to_ascii_lowercase();
    let forms = [
        (
            "in UTF-16",
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
        (
            "in UTF-16",
            text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        ),
        ("escaped in JSON", json(text)),
    ];
    let raw = forms.iter().find(|(_, form)| contains(dump, form));
    raw.map(|(name, _)| *name)
        .or_else(|| contains(&lower, hex::encode(bytes).as_bytes()).then_some("in hexadecimal digits"))
        .or_else(|| is_in_base64(dump, bytes).then_some("in Base64"))
}

pub(crate) const ENCODINGS: &str = "raw, UTF-16, hexadecimal, Base64, JSON";

fn json(text: &str) -> Vec<u8> {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.trim_matches('"').as_bytes().to_vec()
}

/// A text that is encoded as a part of a longer one begins at one of three places of a group.
fn is_in_base64(dump: &[u8], bytes: &[u8]) -> bool {
    let standard: Vec<u8> = dump
        .iter()
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => *byte,
        })
        .collect();
    (0..3_usize).any(|before| {
        let mut padded = vec![0; before];
        padded.extend_from_slice(bytes);
        let encoded = STANDARD_NO_PAD.encode(&padded);
        // The first and the last character also have bits of what stands before and behind.
        let (start, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        contains(&standard, &encoded.as_bytes()[start..end])
    })
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && memchr::memmem::find(bytes, part).is_some()
}

/// Pseudo-random bytes: every value occurs, and no engine can compress them much. Numbers as in Knuth's MMIX.
pub(crate) fn mixed(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "rev_refresh_planted";

    #[test]
    fn a_text_is_found_in_every_encoding() {
        let utf_16: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(found(&utf_16, SECRET), Some("in UTF-16"));
        let digits = hex::encode_upper(SECRET);
        assert_eq!(found(digits.as_bytes(), SECRET), Some("in hexadecimal digits"));
        assert_eq!(found(br#"{"a\"b":1}"#, "a\"b"), Some("escaped in JSON"));
        assert_eq!(found(b"xyrev_refresh_planted.", SECRET), Some("as it is"));
        assert_eq!(found(b"rev_refresh_plante", SECRET), None);
    }

    #[test]
    fn a_text_is_found_at_each_place_in_base64() {
        for before in ["", "x", "xy", "xyz"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{before}{SECRET}~~~"));
            assert_eq!(found(encoded.as_bytes(), SECRET), Some("in Base64"), "{before}");
            let url = encoded.replace('+', "-").replace('/', "_");
            assert_eq!(found(url.as_bytes(), SECRET), Some("in Base64"), "{before}");
        }
    }
}
