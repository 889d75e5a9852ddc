//! Webhook deliveries and their attempts.

use serde::{Deserialize, Serialize};

use crate::primitives::time::Time;

/// The status of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryStatus {
    /// It waits for an attempt.
    Pending,
    /// The receiver answered with a 2xx.
    Delivered,
    /// The last attempt of the schedule failed: it is in the dead-letter queue.
    Dead,
}

impl DeliveryStatus {
    pub(crate) const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Dead];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// One attempt: the request and its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) number: u32,
    /// On the sandbox clock.
    pub(crate) at: Time,
    pub(crate) duration_ms: u64,
    /// Where a listener forwarded it to; `None` if it went to the registered URL.
    #[serde(default)]
    pub(crate) forwarded_to: Option<String>,
    /// The fault that was applied to it, if any.
    #[serde(default)]
    pub(crate) fault: Option<String>,
    pub(crate) request_headers: Vec<(String, String)>,
    /// The status of the answer; 0 if there was no answer.
    pub(crate) status: u16,
    pub(crate) response_headers: Vec<(String, String)>,
    pub(crate) response_body: String,
    pub(crate) error: Option<String>,
}

/// One webhook for one integration. Retries and replays keep the id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) envelope_id: String,
    pub(crate) event_type: String,
    pub(crate) event_id: Option<String>,
    /// The URL that was registered when it was created; empty if there was only a listener.
    pub(crate) url: String,
    /// The body exactly as it is sent.
    pub(crate) body: String,
    pub(crate) created_at: Time,
    /// Orders deliveries that were created at the same time.
    pub(crate) number: u64,
    pub(crate) status: DeliveryStatus,
    /// The next attempt of the retry schedule.
    pub(crate) next_attempt_at: Option<Time>,
    /// When a replay was requested that waits for its one attempt. It is not part of the schedule.
    #[serde(default)]
    pub(crate) replay_at: Option<Time>,
    /// Failed attempts since the retry schedule started.
    pub(crate) failures: u32,
    pub(crate) attempts: Vec<Attempt>,
}

impl Delivery {
    /// When its next attempt is due: that of the schedule, or that of a replay.
    pub(crate) fn due_at(&self) -> Option<Time> {
        let scheduled = self
            .next_attempt_at
            .filter(|_| self.status == DeliveryStatus::Pending);
        scheduled.into_iter().chain(self.replay_at).min()
    }
}
