//! Numbers for whoever watches, by the crate `metrics`; without the feature `metrics` they go nowhere.
//!
//! The names are listed in the crate's documentation. Labels have few values: no ids, no paths with ids.

#![cfg_attr(not(feature = "metrics"), allow(unused_variables, reason = "nobody counts"))]

use std::time::Duration;

use revento_core::pacing::Remaining;

/// One request, with its status (0 where no answer came), and how long it took.
pub(crate) fn requested(template: &'static str, status: u16, took: Duration) {
    #[cfg(feature = "metrics")]
    {
        let status = status.to_string();
        metrics::counter!("revento_requests_total", "url_template" => template, "status" => status)
            .increment(1);
        metrics::histogram!("revento_request_seconds", "url_template" => template).record(took.as_secs_f64());
    }
}

/// A request is made again.
pub(crate) fn retried(template: &'static str, why: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("revento_retries_total", "url_template" => template, "reason" => why).increment(1);
}

/// A call had to wait for its turn; those that had not are not counted.
pub(crate) fn waited(time: Duration) {
    #[cfg(feature = "metrics")]
    if time > Duration::ZERO {
        metrics::histogram!("revento_pacing_wait_seconds").record(time.as_secs_f64());
    }
}

/// What is left of the budgets of the token that was used last.
pub(crate) fn left(left: &Remaining) {
    #[cfg(feature = "metrics")]
    for (window, left) in [
        ("hour", left.hour),
        ("minute", left.minute),
        ("in_flight", left.in_flight),
    ] {
        metrics::histogram!("revento_budget_left", "window" => window).record(f64::from(left));
    }
}

/// A refresh has ended, with this word for its outcome.
pub(crate) fn refreshed(outcome: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("revento_refreshes_total", "outcome" => outcome).increment(1);
}

/// An access token was used that ends after this time.
pub(crate) fn time_to_expiry(left: Duration) {
    #[cfg(feature = "metrics")]
    metrics::histogram!("revento_token_expiry_seconds").record(left.as_secs_f64());
}
