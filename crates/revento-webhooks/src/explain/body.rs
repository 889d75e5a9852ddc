//! Causes in the body.

use alloc::vec::Vec;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{Cause, Findings, Request, json, matches, text};
use crate::signature::{Key, Signature};

const BOM: &[u8] = b"\xef\xbb\xbf";
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

pub(super) fn investigate(
    keys: &[&Key],
    request: &Request<'_>,
    claimed: &Signature,
    findings: &mut Findings,
) {
    let body = request.body;
    let signed = |body: &[u8]| {
        let matches = |key: &&Key| matches(key, request.timestamp(), body, claimed);
        keys.iter().any(matches)
    };
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

/// The body before each alteration that can be undone.
fn undone(body: &[u8]) -> Vec<(Cause, Vec<u8>)> {
    let mut undone = Vec::new();
    let mut add = |cause: &Cause, originals: Vec<Vec<u8>>| {
        undone.extend(originals.into_iter().map(|original| (cause.clone(), original)));
    };
    let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec).into_iter().collect();
    add(&Cause::NewlineAdded, owned(body.strip_suffix(b"\r\n")));
    add(&Cause::NewlineAdded, owned(body.strip_suffix(b"\n")));
    let ends: [&[u8]; 3] = [b"\n", b"\r\n", b"\n\n"];
    add(&Cause::NewlineLost, ends.map(|end| [body, end].concat()).into());
    add(&Cause::SpaceAdded, [body.trim_ascii().to_vec()].into());
    let around: [[&[u8]; 2]; 4] = [[b"", b" "], [b" ", b""], [b" ", b" "], [b"\n", b""]];
    add(
        &Cause::SpaceLost,
        around
            .map(|[before, after]| [before, body, after].concat())
            .into(),
    );
    add(
        &Cause::LineBreaksConverted,
        [without_returns(body), with_returns(body)].into(),
    );
    add(&Cause::BomAdded, owned(body.strip_prefix(BOM)));
    add(&Cause::BomLost, [[BOM, body].concat()].into());
    add(&Cause::Base64, base64(body.trim_ascii()).into_iter().collect());
    add(&Cause::Hex, hex(body.trim_ascii()).into_iter().collect());
    add(&Cause::FormEncoded, text::form(body));
    add(&Cause::OtherCharset, text::charsets(body));
    let within = json::strings(body);
    let decoded = within.iter().filter_map(|text| base64(text)).collect();
    add(&Cause::JsonString, within);
    add(&Cause::JsonString, decoded);
    undone
}

/// Names what the bytes suggest, if nothing can be proven.
fn suspect(request: &Request<'_>, findings: &mut Findings) {
    let body = request.body;
    let announced = request
        .value("content-length")
        .and_then(|value| core::str::from_utf8(value).ok()?.parse::<u64>().ok());
    let length = body.len() as u64;
    let encoding = request.value("content-encoding").unwrap_or(b"identity");
    let is_json = body.trim_ascii().starts_with(b"{");
    let is_whole = is_json && json::is_balanced(body);
    if body.is_empty() {
        findings.likely(Cause::EmptyBody);
    } else if body.trim_ascii().is_empty() {
        findings.likely(Cause::BlankBody);
    } else if looks_compressed(body) || (!encoding.eq_ignore_ascii_case(b"identity") && !is_json) {
        findings.likely(Cause::Compressed);
    } else if announced.is_some_and(|announced| announced > length) && !is_whole {
        findings.proven(Cause::Truncated);
    } else if body
        .windows(REPLACEMENT.len())
        .any(|window| window == REPLACEMENT)
    {
        findings.likely(Cause::LossyText);
    } else if is_json && !is_whole {
        findings.likely(Cause::Truncated);
    } else if is_whole && (announced.is_some_and(|announced| announced != length) || json::is_sorted(body)) {
        // The body is complete, but its length or the order of its fields differs from what was sent.
        findings.likely(Cause::Reserialised);
    }
}

/// Recognizes the first bytes of gzip, zstd and zlib (RFC 1950 §2.2: a multiple of 31).
fn looks_compressed(body: &[u8]) -> bool {
    body.starts_with(b"\x1f\x8b")
        || body.starts_with(b"\x28\xb5\x2f\xfd")
        || matches!(body, [0x78, flags, ..] if (0x7800 | u16::from(*flags)) % 31 == 0)
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

/// Decodes base64 text in either alphabet, with or without padding.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    if text.is_empty() {
        return None;
    }
    [&alphabet::STANDARD, &alphabet::URL_SAFE]
        .into_iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, LENIENT).decode(text).ok())
}

/// Decodes hexadecimal digits, also in the form in which databases write them (`\x…`).
pub(super) fn hex(text: &[u8]) -> Option<Vec<u8>> {
    base16ct::mixed::decode_vec(text.strip_prefix(b"\\x").unwrap_or(text)).ok()
}
