//! Arming faults from a test.

use std::time::Duration;

use super::error::ControlError;
use crate::faults::{FaultKind, FaultSpec};

/// A fault to arm. `GET /_sandbox/faults` and the console list the names and what each fault does.
///
/// ```
/// # use revento_sandbox::Fault;
/// let lost = Fault::named("answer_lost").at("refresh");
/// let flaky = Fault::named("server_error").unlimited().with_probability(0.2, 7);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a fault has no effect until it is armed"]
pub struct Fault {
    name: String,
    endpoint: Option<String>,
    event_id: Option<String>,
    client_id: Option<String>,
    event_type: Option<String>,
    text: Option<String>,
    times_sent: Option<u32>,
    times: Option<u32>,
    after: u32,
    probability: f64,
    seed: u64,
    delay: Option<Duration>,
    seconds: Option<i64>,
}

impl Fault {
    /// The fault with this name. It triggers once, at the first matching point.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            endpoint: None,
            event_id: None,
            client_id: None,
            event_type: None,
            text: None,
            times_sent: None,
            times: Some(1),
            after: 0,
            probability: 1.0,
            seed: 0,
            delay: None,
            seconds: None,
        }
    }

    /// Triggers only at this endpoint: `participants`, `refresh`, `exchange`, …
    pub fn at(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Triggers only for this event.
    pub fn for_event(mut self, event_id: impl Into<String>) -> Self {
        self.event_id = Some(event_id.into());
        self
    }

    /// Triggers only for this integration. Together with [`for_event`](Self::for_event): for one connection.
    pub fn for_integration(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Triggers only for webhooks of this type.
    pub fn for_event_type(mut self, event_type: impl Into<String>) -> Self {
        self.event_type = Some(event_type.into());
        self
    }

    /// Triggers at the next `times` matching points.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Triggers at every matching point.
    pub fn unlimited(mut self) -> Self {
        self.times = None;
        self
    }

    /// Skips this many matching points first.
    pub fn after(mut self, points: u32) -> Self {
        self.after = points;
        self
    }

    /// Triggers with this probability, from 0 to 1. The same seed gives the same sequence.
    pub fn with_probability(mut self, probability: f64, seed: u64) -> Self {
        self.probability = probability.clamp(0.0, 1.0);
        self.seed = seed;
        self
    }

    /// Sets the delay of a fault that delays something.
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Sets the time that the fault's description calls `seconds`, in whole seconds: a `Retry-After`, the skew of a clock.
    pub fn with_seconds(mut self, time: Duration) -> Self {
        self.seconds = Some(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
        self
    }

    /// Sets the text that the fault's description calls `text`: an unusual `Retry-After`.
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Sets how often `delivery_storm` sends the request.
    pub fn sent_times(mut self, times: u32) -> Self {
        self.times_sent = Some(times);
        self
    }

    pub(super) fn spec(self) -> Result<FaultSpec, ControlError> {
        let fault = FaultKind::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == self.name)
            .ok_or_else(|| {
                let names: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.name()).collect();
                ControlError::NotFound(format!(
                    "There is no fault '{}'; there are {}.",
                    self.name,
                    names.join(", ")
                ))
            })?;
        Ok(FaultSpec {
            fault,
            endpoint: self.endpoint,
            event_id: self.event_id,
            client_id: self.client_id,
            event_type: self.event_type,
            times: self.times,
            after: self.after,
            probability: self.probability,
            seed: self.seed,
            delay_ms: self
                .delay
                .map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
            seconds: self.seconds,
            text: self.text,
            times_sent: self.times_sent,
        })
    }
}
