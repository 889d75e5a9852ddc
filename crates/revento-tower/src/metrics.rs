//! The counter of rejections, of the crate `metrics`; without the feature `metrics` these functions do nothing.

#![cfg_attr(
    not(feature = "metrics"),
    allow(unused_variables, reason = "nothing is counted")
)]

#[cfg(feature = "metrics")]
const REJECTIONS: &str = "revento_webhook_rejections_total";

/// Describes the counter, and begins at zero what somebody has to hear of: the first rejection is an increase, too.
pub(crate) fn begin() {
    #[cfg(feature = "metrics")]
    {
        metrics::describe_counter!(
            REJECTIONS,
            "Requests to the webhook route that were not accepted."
        );
        for (status, kind) in [
            (401, "rejected"),
            (503, "storage"),
            (503, "timeout"),
            (503, "rate_limited"),
        ] {
            count(status, kind, 0);
        }
    }
}

/// A request was answered with this status, by an error of this kind.
pub(crate) fn rejected(status: u16, kind: &'static str) {
    #[cfg(feature = "metrics")]
    count(status, kind, 1);
}

#[cfg(feature = "metrics")]
fn count(status: u16, kind: &'static str, increment: u64) {
    let status = status.to_string();
    metrics::counter!(REJECTIONS, "http_response_status_code" => status, "error_type" => kind)
        .increment(increment);
}
