//! Causes that lie in the timestamp.

use super::{Cause, Explainer, Findings, Request, holds};
use crate::mac::{Key, Tag};

/// A timestamp that is no plain number of seconds.
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

/// A timestamp outside the window: whether the signature holds tells a wrong clock from a forgery.
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
    let current = Key::new(explainer.current.as_bytes());
    let genuine = request.tag().is_some_and(|tag| {
        core::iter::once(&current)
            .chain(&explainer.previous)
            .any(|key| holds(key, timestamp, request.body, &tag))
    });
    if genuine {
        findings.proven(cause);
    } else {
        if seconds
            .checked_div(1000)
            .is_some_and(|millis| millis.abs_diff(request.now) < 86_400)
        {
            findings.likely(Cause::TimestampNotSeconds);
        }
        explainer.mismatch(request, findings);
    }
}

/// A signature from another attempt of the same delivery.
pub(super) fn another_attempt(keys: &[&Key], request: &Request<'_>, tag: &Tag, findings: &mut Findings) {
    // As much hashing as a person is ready to wait for.
    const BYTES: usize = 64 << 20;
    const NEAR: i64 = 3600;
    let Ok(header) = crate::timestamp::parse(request.timestamp()) else {
        return;
    };
    let attempts = i64::try_from(BYTES / (request.body.len() + 128) / keys.len().max(1)).unwrap_or(NEAR);
    let near = (1..=NEAR.min(attempts / 2)).flat_map(|distance| [-distance, distance]);
    // The distances of the sandbox's retry schedule, summed up, with a second of slack.
    let scheduled = [30, 150, 750, 4_350, 25_950, 112_350]
        .into_iter()
        .flat_map(|distance: i64| [-1, 0, 1].map(|slack| distance + slack))
        .flat_map(|distance| [-distance, distance]);
    let found = scheduled.chain(near).find(|offset| {
        let signed = alloc::format!("{}", header + offset);
        let holds = |key: &&Key| holds(key, signed.as_bytes(), request.body, tag);
        signed.len() <= 12 && keys.iter().any(holds)
    });
    if let Some(offset) = found {
        findings.proven(Cause::AnotherAttempt { offset });
    }
}
