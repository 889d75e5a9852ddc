//! Causes in the secret.

use super::{
    Cause, Explainer, Findings, Request,
    body::{base64, hex},
    matches,
    text::unescape,
};
use crate::signature::{Key, Signature};

pub(super) fn investigate(
    explainer: &Explainer,
    request: &Request<'_>,
    claimed: &Signature,
    findings: &mut Findings,
) {
    let matches = |key: &Key| matches(key, request.timestamp(), request.body, claimed);
    let made_with = |secret: &[u8]| Key::new(secret).is_some_and(|key| matches(&key));
    let secret = explainer.secret.as_str();

    if explainer.previous.iter().any(matches) {
        findings.proven(Cause::ExpiredSecret);
    }
    for (name, key) in &explainer.others {
        if matches(key) {
            findings.proven(Cause::OtherCredential(name));
        }
    }
    if let Some((_, stripped)) = secret.split_once('_') {
        let last = secret.rsplit('_').next().unwrap_or(stripped);
        if made_with(stripped.as_bytes()) || made_with(last.as_bytes()) {
            findings.proven(Cause::SecretStripped);
        }
    }
    let whole = zeroize::Zeroizing::new(["whsec_", secret].concat());
    if made_with(whole.as_bytes()) {
        findings.proven(Cause::SecretPrefixLost);
    }
    if let Some((_, value)) = secret.split_once('=')
        && made_with(value.trim_matches(['"', '\'', '`', ' ']).as_bytes())
    {
        findings.proven(Cause::SecretAssignment);
    }
    let unquoted = secret.trim_matches(['"', '\'', '`']).trim();
    if unquoted != secret && made_with(unquoted.as_bytes()) {
        findings.proven(Cause::SecretQuoted);
    }
    for line_break in ["\n", "\r\n", " "] {
        let padded = zeroize::Zeroizing::new([secret, line_break].concat());
        if made_with(padded.as_bytes()) {
            findings.proven(Cause::SecretWithNewline);
        }
    }
    for written in ["\\n", "\\r\\n"] {
        if secret
            .strip_suffix(written)
            .is_some_and(|secret| made_with(secret.as_bytes()))
        {
            findings.proven(Cause::SecretQuoted);
            break;
        }
    }
    let shorter = secret.rsplit('_').next().unwrap_or(secret);
    let candidates = [secret, shorter].into_iter();
    let decoded = candidates.flat_map(|text| [base64(text.as_bytes()), hex(text.as_bytes())]);
    let escaped = secret.contains('%').then(|| unescape(secret.as_bytes(), b'+'));
    for bytes in decoded.flatten().chain(escaped).map(zeroize::Zeroizing::new) {
        if made_with(&bytes) {
            // If the result is text, it is the secret, and the configuration encodes it.
            let is_text = bytes.iter().all(u8::is_ascii_graphic) && bytes.contains(&b'_');
            findings.proven(if is_text {
                Cause::SecretEncoded
            } else {
                Cause::SecretDecoded
            });
            break;
        }
        let line = bytes.trim_ascii_end();
        if line.len() < bytes.len() && made_with(line) {
            findings.proven(Cause::SecretEncoded);
            break;
        }
    }
}
