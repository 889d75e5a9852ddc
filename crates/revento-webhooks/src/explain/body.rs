//! Causes that lie in the body.

use alloc::vec::Vec;

use super::{Cause, Findings, Request, holds, json};
use crate::mac::{Key, Tag};

const BOM: &[u8] = b"\xef\xbb\xbf";
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

pub(super) fn investigate(key: &Key, request: &Request<'_>, tag: &Tag, findings: &mut Findings) {
    let body = request.body;
    let signed = |body: &[u8]| holds(key, request.timestamp(), body, tag);
    for (cause, original) in undone(body) {
        if signed(&original) {
            findings.proven(cause);
            return;
        }
    }
    if json::rewritings(body).any(|original| signed(&original)) {
        findings.proven(Cause::Reserialised);
        return;
    }
    suspect(request, findings);
}

/// The body as it was before each of the alterations that can be undone.
fn undone(body: &[u8]) -> Vec<(Cause, Vec<u8>)> {
    let mut undone = Vec::new();
    let mut add = |cause: Cause, original: Option<Vec<u8>>| {
        undone.extend(original.map(|original| (cause, original)));
    };
    let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
    add(Cause::NewlineAdded, owned(body.strip_suffix(b"\r\n")));
    add(Cause::NewlineAdded, owned(body.strip_suffix(b"\n")));
    add(Cause::NewlineLost, Some([body, b"\n"].concat()));
    add(Cause::NewlineLost, Some([body, b"\r\n"].concat()));
    add(Cause::SpaceAdded, Some(body.trim_ascii().to_vec()));
    add(Cause::LineBreaksConverted, Some(without_returns(body)));
    add(Cause::LineBreaksConverted, Some(with_returns(body)));
    add(Cause::BomAdded, owned(body.strip_prefix(BOM)));
    add(Cause::BomLost, Some([BOM, body].concat()));
    add(Cause::Base64, base64(body.trim_ascii()));
    add(Cause::JsonString, json::unwrap_string(body.trim_ascii()));
    undone
}

/// What the bytes look like, where nothing can be proven.
fn suspect(request: &Request<'_>, findings: &mut Findings) {
    let body = request.body;
    let announced = request
        .value("content-length")
        .and_then(|value| core::str::from_utf8(value).ok()?.parse::<u64>().ok());
    let encoding = request.value("content-encoding").unwrap_or(b"identity");
    if announced.is_some_and(|announced| announced > body.len() as u64) && !body.is_empty() {
        findings.proven(Cause::Truncated);
    }
    if body.is_empty() {
        findings.likely(Cause::EmptyBody);
    } else if body.starts_with(b"\x1f\x8b")
        || body.starts_with(b"\x28\xb5\x2f\xfd")
        || (!encoding.eq_ignore_ascii_case(b"identity") && !body.starts_with(b"{"))
    {
        findings.likely(Cause::Compressed);
    } else if body
        .windows(REPLACEMENT.len())
        .any(|window| window == REPLACEMENT)
    {
        findings.likely(Cause::LossyText);
    } else if body.trim_ascii().starts_with(b"{") && !json::is_balanced(body) && announced.is_none() {
        findings.likely(Cause::Truncated);
    }
}

fn without_returns(body: &[u8]) -> Vec<u8> {
    body.iter().copied().filter(|byte| *byte != b'\r').collect()
}

fn with_returns(body: &[u8]) -> Vec<u8> {
    let mut converted = Vec::with_capacity(body.len());
    for byte in without_returns(body) {
        if byte == b'\n' {
            converted.push(b'\r');
        }
        converted.push(byte);
    }
    converted
}

/// The bytes of base64 text in either alphabet, with or without padding.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text
        .strip_suffix(b"==")
        .or(text.strip_suffix(b"="))
        .unwrap_or(text);
    if digits.is_empty() || digits.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 3);
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for digit in group {
            bits = bits << 6 | base64_digit(*digit)?;
        }
        bits <<= 6 * (4 - group.len());
        let [_, triple @ ..] = bits.to_be_bytes();
        bytes.extend(triple.into_iter().take(group.len() * 6 / 8));
    }
    Some(bytes)
}

fn base64_digit(digit: u8) -> Option<u32> {
    Some(u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}
