//! What answers report beside their bodies, logged once a day: a deprecated endpoint, a wrong clock.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use http::HeaderMap;
use revento_core::{Timestamp, pacing::RateLimitHeaders};

/// How often the same advisory is logged.
const LOG_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// A larger skew is logged: tokens expire by the clock, and webhooks are refused beyond five minutes.
const TOLERATED_SKEW_SECONDS: i64 = 30;
/// The skew before the first answer.
const UNKNOWN: i64 = i64::MIN;

pub(crate) struct Advisories {
    logged: Mutex<HashMap<&'static str, Timestamp>>,
    skew: AtomicI64,
}

impl Default for Advisories {
    fn default() -> Self {
        Self {
            logged: Mutex::default(),
            skew: AtomicI64::new(UNKNOWN),
        }
    }
}

impl Advisories {
    /// Reads the headers of an endpoint's answer.
    pub(crate) fn read(
        &self,
        template: &'static str,
        headers: &HeaderMap,
        limits: &RateLimitHeaders,
        now: Timestamp,
    ) {
        let text = |name| {
            headers
                .get(name)
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
        };
        let (deprecation, sunset) = (text("deprecation"), text("sunset"));
        if (deprecation.is_some() || sunset.is_some()) && self.is_due(template, now) {
            let link = text("link");
            tracing::warn!(
                url.template = template,
                deprecation = deprecation.as_deref(),
                sunset = sunset.as_deref(),
                link = link.as_deref(),
                "the platform is going to remove this endpoint or version (RFC 9745, RFC 8594): update the SDK in time"
            );
        }
        if let Some(skew) = limits.clock_skew_seconds() {
            self.skew.store(skew, Ordering::Relaxed);
            if skew.abs() > TOLERATED_SKEW_SECONDS && self.is_due("clock", now) {
                tracing::warn!(
                    platform_is_ahead_by_seconds = skew,
                    "this machine's clock and the platform's differ: set this machine's clock (NTP)"
                );
            }
        }
    }

    /// By how many seconds the platform's clock is ahead, by its last answer.
    pub(crate) fn clock_skew_seconds(&self) -> Option<i64> {
        let skew = self.skew.load(Ordering::Relaxed);
        (skew != UNKNOWN).then_some(skew)
    }

    fn is_due(&self, subject: &'static str, now: Timestamp) -> bool {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = logged
            .get(subject)
            .is_none_or(|at| now.saturating_since(*at) >= LOG_EVERY || *at > now);
        if is_due {
            logged.insert(subject, now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a22_the_same_advisory_is_due_once_a_day() {
        let advisories = Advisories::default();
        let at = |hours: i64| Timestamp::from_unix_seconds(1_778_336_551 + hours * 3600);
        assert!(advisories.is_due("/events/{event_id}", at(0)));
        assert!(!advisories.is_due("/events/{event_id}", at(23)));
        assert!(advisories.is_due("/me/profile", at(23)));
        assert!(advisories.is_due("/events/{event_id}", at(24)));
        assert!(
            advisories.is_due("/events/{event_id}", at(-100)),
            "the clock was set back"
        );
    }

    #[test]
    fn the_skew_is_unknown_before_the_first_answer() {
        let advisories = Advisories::default();
        assert_eq!(advisories.clock_skew_seconds(), None);
        let date = |name| (name == "date").then_some("Sat, 09 May 2026 14:22:31 GMT");
        let now = "2026-05-09T14:20:31Z".parse().unwrap();
        advisories.read(
            "clock",
            &HeaderMap::new(),
            &RateLimitHeaders::read(200, "", date, now),
            now,
        );
        assert_eq!(advisories.clock_skew_seconds(), Some(120));
    }
}
