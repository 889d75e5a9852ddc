//! Counters and histograms of the crate `metrics`; without the feature `metrics` these functions do nothing.
//!
//! The crate's documentation lists the names. Labels have few values: they contain neither ids nor paths with ids.

#![cfg_attr(
    not(feature = "metrics"),
    allow(
        unused_variables,
        clippy::needless_pass_by_value,
        reason = "nothing is counted"
    )
)]

use std::time::Duration;

use revento_core::pacing::Remaining;

/// Describes the metrics, and begins the counters of rare events at zero: the first event of a process is an increase, too.
pub(crate) fn begin(refresh_outcomes: &[&'static str]) {
    #[cfg(feature = "metrics")]
    {
        use metrics::{Unit, describe_counter, describe_histogram};
        describe_counter!(
            "revento_requests_total",
            "Requests to the API, by endpoint and status."
        );
        describe_histogram!(
            "revento_request_seconds",
            Unit::Seconds,
            "How long a request to the API took."
        );
        describe_counter!(
            "revento_retries_total",
            "Requests that were repeated, by endpoint and reason."
        );
        describe_histogram!(
            "revento_pacing_wait_seconds",
            Unit::Seconds,
            "How long a call waited for the rate budget."
        );
        describe_histogram!(
            "revento_budget_remaining",
            "How many calls the token of an answer had left."
        );
        describe_counter!(
            "revento_refreshes_total",
            "Refresh requests, by what the platform answered."
        );
        describe_counter!(
            "revento_unsaved_token_pairs_total",
            "How often a new token pair could not be stored and stayed in memory."
        );
        describe_histogram!(
            "revento_token_expiry_seconds",
            Unit::Seconds,
            "How long the access token of a request was still valid."
        );
        metrics::counter!("revento_unsaved_token_pairs_total").increment(0);
        for outcome in refresh_outcomes {
            metrics::counter!("revento_refreshes_total", "outcome" => *outcome).increment(0);
        }
    }
}

/// A request was answered with this status, or failed.
pub(super) fn request_done(
    template: &'static str,
    method: &str,
    status: Option<u16>,
    error_type: Option<String>,
    took: Duration,
) {
    #[cfg(feature = "metrics")]
    {
        let mut labels = vec![
            metrics::Label::new("url_template", template),
            metrics::Label::new("http_request_method", method.to_owned()),
        ];
        if let Some(status) = status {
            labels.push(metrics::Label::new(
                "http_response_status_code",
                status.to_string(),
            ));
        }
        if let Some(error_type) = error_type {
            labels.push(metrics::Label::new("error_type", error_type));
        }
        metrics::counter!("revento_requests_total", labels).increment(1);
        metrics::histogram!("revento_request_seconds", "url_template" => template).record(took.as_secs_f64());
    }
}

/// A request is repeated.
pub(crate) fn request_repeated(template: &'static str, reason: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("revento_retries_total", "url_template" => template, "reason" => reason).increment(1);
}

/// A call waited this long for the budget. Calls that did not wait are not recorded.
pub(crate) fn budget_waited(time: Duration) {
    #[cfg(feature = "metrics")]
    if time > Duration::ZERO {
        metrics::histogram!("revento_pacing_wait_seconds").record(time.as_secs_f64());
    }
}

/// The calls that the token that was used last has left.
pub(crate) fn budget_remaining(remaining: &Remaining) {
    #[cfg(feature = "metrics")]
    for (limit, remaining) in [
        ("hour", remaining.hour),
        ("minute", remaining.minute),
        ("in_flight", remaining.in_flight),
    ] {
        metrics::histogram!("revento_budget_remaining", "limit" => limit).record(f64::from(remaining));
    }
}

/// A refresh request had this outcome.
pub(crate) fn refresh_done(outcome: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("revento_refreshes_total", "outcome" => outcome).increment(1);
}

/// A new token pair could not be stored.
pub(crate) fn pair_not_saved() {
    #[cfg(feature = "metrics")]
    metrics::counter!("revento_unsaved_token_pairs_total").increment(1);
}

/// A request used an access token that expires after this time.
pub(crate) fn token_expires_in(left: Duration) {
    #[cfg(feature = "metrics")]
    metrics::histogram!("revento_token_expiry_seconds").record(left.as_secs_f64());
}
