//! Causes in the signature.

use alloc::vec::Vec;

use super::{Cause, Findings, Request, body::base64};
use crate::{
    header::Header,
    signature::{Key, Signature},
};

/// Explains a signature that is not `sha256=` and 64 lowercase digits.
pub(super) fn format(request: &Request<'_>, findings: &mut Findings) {
    let text = request.signature();
    let digits = text.strip_prefix(b"sha256=").unwrap_or(text);
    let hex = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_hexdigit);
    let cause = if text.iter().filter(|byte| **byte == b'=').count() > 1 && digits.contains(&b',') {
        Cause::SignatureSeveral
    } else if digits.len() == 64 && hex(digits) {
        if digits.len() == text.len() {
            Cause::SignaturePrefix
        } else {
            Cause::SignatureCase
        }
    } else if digits.len() == text.len() && text.last_chunk::<64>().is_some_and(|end| hex(end)) {
        Cause::SignaturePrefix
    } else if base64(digits).is_some_and(|bytes| bytes.len() == 32) {
        Cause::SignatureBase64
    } else if digits.len() < 64 && hex(digits) {
        Cause::SignatureCut
    } else {
        Cause::SignatureFormat
    };
    findings.proven(cause);
}

/// Tries the schemes of other platforms.
pub(super) fn another_scheme(key: &Key, request: &Request<'_>, claimed: &Signature, findings: &mut Findings) {
    let (time, body) = (request.timestamp(), request.body);
    let id = request.value(Header::DeliveryId.name()).unwrap_or_default();
    let schemes: [(&'static str, Vec<u8>); 6] = [
        ("the body alone", body.into()),
        ("timestamp and body without the dot", [time, body].concat()),
        ("timestamp, line break and body", [time, b"\n", body].concat()),
        ("timestamp, colon and body", [time, b":", body].concat()),
        (
            "delivery id, timestamp and body",
            [id, b".", time, b".", body].concat(),
        ),
        ("body, dot and timestamp", [body, b".", time].concat()),
    ];
    for (scheme, signed) in schemes {
        if key.matches_bytes(&signed, claimed) {
            findings.proven(Cause::OtherScheme(scheme));
        }
    }
}
