//! Causes in the timestamp.

use super::{Cause, Explainer, Findings, Request, matches};
use crate::signature::{Key, Signature};

/// Explains a timestamp that is not a plain number of seconds.
pub(super) fn format(request: &Request<'_>, findings: &mut Findings) {
    let text = request.timestamp();
    let number = core::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<i64>().ok());
    let seconds =
        |unit: i64| number.is_some_and(|number| (number / unit).abs_diff(request.now) < 86_400 * 365);
    findings.proven(if [1_000, 1_000_000, 1_000_000_000].into_iter().any(seconds) {
        Cause::TimestampNotSeconds
    } else {
        Cause::TimestampFormat
    });
}

/// Explains a timestamp outside the tolerance. If the signature is valid, a clock is wrong; otherwise the delivery is forged.
pub(super) fn window(explainer: &Explainer, request: &Request<'_>, findings: &mut Findings) {
    let timestamp = request.timestamp();
    let Ok(seconds) = crate::timestamp::parse(timestamp) else {
        return;
    };
    let in_seconds = |unit: &i64| (request.now / unit).abs_diff(seconds) < 86_400 * 365;
    let cause = if [1_000, 1_000_000, 1_000_000_000].iter().any(in_seconds) {
        Cause::NowNotSeconds
    } else {
        Cause::OutsideWindow {
            seconds: request.now.saturating_sub(seconds),
        }
    };
    let is_signed = request.claimed_signature().is_some_and(|claimed| {
        let matches = |key| matches(key, timestamp, request.body, &claimed);
        explainer.keys().any(matches)
    });
    if is_signed {
        findings.proven(cause);
    } else {
        explainer.mismatch(request, findings);
    }
}

/// Finds a signature that belongs to another attempt of the same delivery.
pub(super) fn another_attempt(
    keys: &[&Key],
    request: &Request<'_>,
    claimed: &Signature,
    findings: &mut Findings,
) {
    // A limit of the hashing, so that a person does not wait long.
    const MAX_HASHED_BYTES: usize = 64 << 20;
    const NEAR: i64 = 3600;
    let Ok(header) = crate::timestamp::parse(request.timestamp()) else {
        return;
    };
    let attempts =
        i64::try_from(MAX_HASHED_BYTES / (request.body.len() + 128) / keys.len().max(1)).unwrap_or(NEAR);
    let near = (1..=NEAR.min(attempts / 2)).flat_map(|distance| [-distance, distance]);
    // The sums of the sandbox's retry schedule (contract §4.1), with one second of slack.
    let scheduled = [30, 150, 750, 4_350, 25_950, 112_350]
        .into_iter()
        .flat_map(|distance: i64| [-1, 0, 1].map(|slack| distance + slack))
        .flat_map(|distance| [-distance, distance]);
    let found = scheduled.chain(near).find(|offset| {
        let signed = alloc::format!("{}", header + offset);
        let matches = |key: &&Key| matches(key, signed.as_bytes(), request.body, claimed);
        signed.len() <= 12 && keys.iter().any(matches)
    });
    if let Some(offset) = found {
        findings.proven(Cause::AnotherAttempt { offset });
    }
}
