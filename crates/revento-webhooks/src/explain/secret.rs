//! Causes that lie in the secret.

use super::{Cause, Explainer, Findings, Request, body::base64, holds};
use crate::mac::{Key, Tag};

pub(super) fn investigate(explainer: &Explainer, request: &Request<'_>, tag: &Tag, findings: &mut Findings) {
    let holds = |key: &Key| holds(key, request.timestamp(), request.body, tag);
    let made_with = |secret: &[u8]| holds(&Key::new(secret));
    let secret = explainer.current.as_str();

    if explainer.previous.iter().any(holds) {
        findings.proven(Cause::ExpiredSecret);
    }
    for (name, key) in &explainer.others {
        if holds(key) {
            findings.proven(Cause::OtherCredential(name));
        }
    }
    if let Some((_, stripped)) = secret.split_once('_') {
        let last = secret.rsplit('_').next().unwrap_or(stripped);
        if made_with(stripped.as_bytes()) || made_with(last.as_bytes()) {
            findings.proven(Cause::SecretStripped);
        }
    }
    let unquoted = secret.trim_matches(['"', '\'', '`']);
    if unquoted != secret && made_with(unquoted.as_bytes()) {
        findings.proven(Cause::SecretQuoted);
    }
    for line_break in ["\n", "\r\n"] {
        let padded = zeroize::Zeroizing::new([secret, line_break].concat());
        if made_with(padded.as_bytes()) {
            findings.proven(Cause::SecretWithNewline);
        }
    }
    let shorter = secret.rsplit('_').next().unwrap_or(secret);
    let decoded = [secret, shorter]
        .into_iter()
        .flat_map(|text| [base64(text.as_bytes()), hex(text.as_bytes())])
        .flatten()
        .any(|bytes| made_with(&zeroize::Zeroizing::new(bytes)));
    if decoded {
        findings.proven(Cause::SecretDecoded);
    }
}

fn hex(text: &[u8]) -> Option<alloc::vec::Vec<u8>> {
    let (pairs, []) = text.as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok())
        .collect()
}
