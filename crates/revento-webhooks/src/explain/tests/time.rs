//! Timestamps outside the window.

use super::*;

#[test]
fn a_wrong_time_is_recognised() {
    let sign = |time: i64| Signer::new(SECRET).unwrap().sign(time, BODY);
    let same = |explainer| explainer;
    let time = NOW.to_string();

    for seconds in [301, -301, 86_400] {
        let then = NOW - seconds;
        let explanation = explain_as(&sign(then), &then.to_string(), BODY, same);
        certain(&explanation, &Cause::OutsideWindow { seconds });
    }
    for unit in [1_000, 1_000_000] {
        let headers = [
            ("x-revento-event", &b"a"[..]),
            ("x-revento-delivery-id", b"d"),
            ("x-revento-timestamp", time.as_bytes()),
            ("x-revento-signature", sign(NOW).as_bytes()),
        ]
        .map(|(name, value)| (name, value.to_vec()));
        let headers = headers.each_ref().map(|(name, value)| (*name, &**value));
        let explainer = Explainer::new(SECRET).unwrap();
        certain(
            &explainer.explain(&headers, BODY, NOW * unit),
            &Cause::NowNotSeconds,
        );
    }
    for offset in [-1, 1, 30, 3600, -112_350] {
        let explanation = explain_as(&sign(NOW + offset), &time, BODY, same);
        certain(&explanation, &Cause::AnotherAttempt { offset });
    }
    for text in [format!("{time}000"), format!("{time}000000")] {
        certain(
            &explain_as(&sign(NOW), &text, BODY, same),
            &Cause::TimestampNotSeconds,
        );
    }
    for text in ["+1778336551", "2026-05-09T14:22:31Z", "NaN", "1778336551.5"] {
        certain(&explain_as(&sign(NOW), text, BODY, same), &Cause::TimestampFormat);
    }
}

/// Another unit is suspected only if the time in seconds is less than a year away.
#[test]
fn a_time_in_another_unit_is_near_in_seconds() {
    const YEAR: i64 = 365 * 86_400;
    let sign = |time: i64| Signer::new(SECRET).unwrap().sign(time, BODY);
    let same = |explainer| explainer;
    for (away, cause) in [
        (YEAR - 1, Cause::TimestampNotSeconds),
        (1 - YEAR, Cause::TimestampNotSeconds),
        (YEAR, Cause::TimestampFormat),
        (-YEAR, Cause::TimestampFormat),
    ] {
        for zeros in ["000", "000000", "000000000"] {
            let text = format!("{}{zeros}", NOW + away);
            certain(&explain_as(&sign(NOW), &text, BODY, same), &cause);
        }
    }
    let explainer = Explainer::new(SECRET).unwrap();
    for (away, is_another_unit) in [(YEAR - 1, true), (1 - YEAR, true), (YEAR, false), (-YEAR, false)] {
        let (time, signature) = ((NOW + away).to_string(), sign(NOW + away));
        let headers: [(&str, &[u8]); 4] = [
            ("x-revento-event", b"a"),
            ("x-revento-delivery-id", b"d"),
            ("x-revento-timestamp", time.as_bytes()),
            ("x-revento-signature", signature.as_bytes()),
        ];
        for unit in [1_000, 1_000_000, 1_000_000_000] {
            let now = NOW * unit;
            let explanation = explainer.explain(&headers, BODY, now);
            let seconds = now - NOW - away;
            let expected = if is_another_unit {
                Cause::NowNotSeconds
            } else {
                Cause::OutsideWindow { seconds }
            };
            certain(&explanation, &expected);
        }
    }
}
