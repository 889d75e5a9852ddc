//! Arming faults from a test.

use std::time::Duration;

use crate::laboratory::book::Order;
use crate::laboratory::kinds::Kind;
use crate::steer::SteerError;

/// A fault to arm. `GET /_sandbox/faults` and the console list all names and what they do.
///
/// ```
/// # use revento_sandbox::Fault;
/// let lost = Fault::named("answer_lost").at("refresh");
/// let flaky = Fault::named("server_error").without_end().with_probability(0.2, 7);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a fault strikes only once it is armed"]
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
    /// The fault with this name. It strikes once, at the first fitting occasion.
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

    /// Only at this endpoint: `participants`, `refresh`, `exchange`, …
    pub fn at(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Only for this event.
    pub fn for_event(mut self, event_id: impl Into<String>) -> Self {
        self.event_id = Some(event_id.into());
        self
    }

    /// Only for this integration. With [`for_event`](Self::for_event): for one connection.
    pub fn for_integration(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Only for webhooks of this type.
    pub fn for_type(mut self, event_type: impl Into<String>) -> Self {
        self.event_type = Some(event_type.into());
        self
    }

    /// The next `times` fitting occasions.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Every fitting occasion.
    pub fn without_end(mut self) -> Self {
        self.times = None;
        self
    }

    /// Lets this many fitting occasions pass first.
    pub fn after(mut self, occasions: u32) -> Self {
        self.after = occasions;
        self
    }

    /// Strikes with this probability; the same seed makes the same sequence of chances.
    pub fn with_probability(mut self, probability: f64, seed: u64) -> Self {
        self.probability = probability.clamp(0.0, 1.0);
        self.seed = seed;
        self
    }

    /// How long what it delays is delayed.
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// The seconds that its description names: of a `Retry-After`, of a clock's skew.
    pub fn seconds(mut self, seconds: i64) -> Self {
        self.seconds = Some(seconds);
        self
    }

    /// The text that its description names: an odd `Retry-After`.
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// How often `delivery_storm` sends.
    pub fn sent_times(mut self, times: u32) -> Self {
        self.times_sent = Some(times);
        self
    }

    pub(super) fn order(self) -> Result<Order, SteerError> {
        let fault = Kind::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == self.name)
            .ok_or_else(|| {
                let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
                SteerError::NotFound(format!(
                    "There is no fault '{}'; there are {}.",
                    self.name,
                    names.join(", ")
                ))
            })?;
        Ok(Order {
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
