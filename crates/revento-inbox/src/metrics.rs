//! Counters and histograms of the crate `metrics`; without the feature `metrics` these functions do nothing.
//!
//! The crate's documentation lists the names. Labels have few values, and none that a sender chooses.

#![cfg_attr(
    not(feature = "metrics"),
    allow(unused_variables, reason = "nothing is counted")
)]

use std::time::Duration;

use revento_core::EventType;

use crate::{Accepted, outcome::Outcome};

#[cfg(feature = "metrics")]
const ACCEPTED: &str = "revento_webhooks_accepted_total";
#[cfg(feature = "metrics")]
const ATTEMPTS: &str = "revento_webhook_attempts_total";
#[cfg(feature = "metrics")]
const HANDLING: &str = "revento_webhook_handling_seconds";
#[cfg(feature = "metrics")]
const DELAY: &str = "revento_webhook_delay_seconds";

/// Describes the metrics, and begins the counters at zero: the first failure of a process is an increase, too.
pub(crate) fn begin() {
    #[cfg(feature = "metrics")]
    {
        metrics::describe_counter!(ACCEPTED, "Webhooks that the inbox has stored, or knew already.");
        metrics::describe_counter!(
            ATTEMPTS,
            "Attempts of the handlers, by what became of the webhook."
        );
        metrics::describe_histogram!(HANDLING, metrics::Unit::Seconds, "How long the handlers took.");
        metrics::describe_histogram!(
            DELAY,
            metrics::Unit::Seconds,
            "The time from the acceptance of a webhook until it was handled."
        );
        for outcome in ["new", "requeued", "duplicate"] {
            metrics::counter!(ACCEPTED, "outcome" => outcome).increment(0);
        }
        for outcome in ["handled", "retry", "buried", "unknown"] {
            metrics::counter!(ATTEMPTS, "outcome" => outcome).increment(0);
        }
    }
}

/// The inbox has a delivery.
pub(crate) fn accepted(accepted: Accepted) {
    #[cfg(feature = "metrics")]
    {
        let outcome = match accepted {
            Accepted::New => "new",
            Accepted::Requeued => "requeued",
            Accepted::Duplicate(_) => "duplicate",
        };
        metrics::counter!(ACCEPTED, "outcome" => outcome).increment(1);
    }
}

/// The handlers of an attempt have ended.
pub(crate) fn handlers_ended(event_type: &EventType, took: Duration) {
    #[cfg(feature = "metrics")]
    {
        let event_type = match event_type {
            EventType::Other(_) => "other".to_owned(),
            known => known.as_str().to_owned(),
        };
        metrics::histogram!(HANDLING, "event_type" => event_type).record(took.as_secs_f64());
    }
}

/// An attempt has ended, this long after the delivery was accepted.
pub(crate) fn attempt_ended(outcome: Outcome, since_accepted: Duration) {
    #[cfg(feature = "metrics")]
    {
        let outcome = match outcome {
            Outcome::Handled => {
                metrics::histogram!(DELAY).record(since_accepted.as_secs_f64());
                "handled"
            }
            Outcome::Retry(_) => "retry",
            Outcome::Buried => "buried",
            Outcome::Unknown => "unknown",
        };
        metrics::counter!(ATTEMPTS, "outcome" => outcome).increment(1);
    }
}
