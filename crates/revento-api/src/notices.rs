//! What answers say beside their bodies, told once: that an endpoint is going away, that a clock is wrong.

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

/// How often the same notice is logged.
const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// From here on a clock is worth a word: tokens end by it, and webhooks are refused beyond five minutes.
const SKEWED: i64 = 30;
/// The skew when nothing is known.
const UNKNOWN: i64 = i64::MIN;

pub(crate) struct Notices {
    told: Mutex<HashMap<&'static str, Timestamp>>,
    skew: AtomicI64,
}

impl Default for Notices {
    fn default() -> Self {
        Self {
            told: Mutex::default(),
            skew: AtomicI64::new(UNKNOWN),
        }
    }
}

impl Notices {
    /// Looks at an answer of an endpoint.
    pub(crate) fn look(
        &self,
        template: &'static str,
        headers: &HeaderMap,
        told: &RateLimitHeaders,
        now: Timestamp,
    ) {
        let text = |name| {
            headers
                .get(name)
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
        };
        let (deprecation, sunset) = (text("deprecation"), text("sunset"));
        if (deprecation.is_some() || sunset.is_some()) && self.is_news(template, now) {
            let link = text("link");
            tracing::warn!(
                url.template = template,
                deprecation = deprecation.as_deref(),
                sunset = sunset.as_deref(),
                link = link.as_deref(),
                "the platform is going to take this endpoint or version away (RFC 9745, RFC 8594): update the SDK in time"
            );
        }
        if let Some(skew) = told.clock_skew_seconds() {
            self.skew.store(skew, Ordering::Relaxed);
            if skew.abs() > SKEWED && self.is_news("clock", now) {
                tracing::warn!(
                    platform_is_ahead_by_seconds = skew,
                    "this machine's clock and the platform's differ: set this machine's clock (NTP)"
                );
            }
        }
    }

    /// By how many seconds the platform's clock is ahead, by its last answer.
    pub(crate) fn skew(&self) -> Option<i64> {
        let skew = self.skew.load(Ordering::Relaxed);
        (skew != UNKNOWN).then_some(skew)
    }

    fn is_news(&self, what: &'static str, now: Timestamp) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let due = told
            .get(what)
            .is_none_or(|at| now.saturating_since(*at) >= WINDOW || *at > now);
        if due {
            told.insert(what, now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a22_the_same_notice_is_news_once_a_day() {
        let notices = Notices::default();
        let at = |hours: i64| Timestamp::from_unix_seconds(1_778_336_551 + hours * 3600);
        assert!(notices.is_news("/events/{event_id}", at(0)));
        assert!(!notices.is_news("/events/{event_id}", at(23)));
        assert!(notices.is_news("/me/profile", at(23)));
        assert!(notices.is_news("/events/{event_id}", at(24)));
        assert!(
            notices.is_news("/events/{event_id}", at(-100)),
            "a clock that went back"
        );
    }

    #[test]
    fn the_skew_is_unknown_until_an_answer_tells() {
        let notices = Notices::default();
        assert_eq!(notices.skew(), None);
        let date = |name| (name == "date").then_some("Sat, 09 May 2026 14:22:31 GMT");
        let now = "2026-05-09T14:20:31Z".parse().unwrap();
        notices.look(
            "clock",
            &HeaderMap::new(),
            &RateLimitHeaders::read(200, "", date, now),
            now,
        );
        assert_eq!(notices.skew(), Some(120));
    }
}
