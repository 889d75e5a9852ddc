//! Webhook deliveries and their attempts.

use serde::{Deserialize, Serialize};

use super::row;
use crate::machine::time::Time;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryStatus {
    /// An attempt is due at some time.
    Pending,
    /// A 2xx was answered.
    Delivered,
    /// The last attempt of the schedule failed: the dead-letter queue.
    Dead,
}

impl DeliveryStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// One attempt: what was sent, and what came back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) number: u32,
    /// On the sandbox clock.
    pub(crate) at: Time,
    pub(crate) duration_ms: u64,
    /// The fault that was armed for it, if any.
    #[serde(default)]
    pub(crate) fault: Option<String>,
    pub(crate) request_headers: Vec<(String, String)>,
    /// The status that was answered; 0 when there was no answer.
    pub(crate) status: u16,
    pub(crate) response_headers: Vec<(String, String)>,
    pub(crate) response_body: String,
    pub(crate) error: Option<String>,
}

/// One event for one receiver. Retries and replays keep the id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) envelope_id: String,
    pub(crate) event_type: String,
    pub(crate) event_id: Option<String>,
    pub(crate) url: String,
    /// The body exactly as it is sent.
    pub(crate) body: String,
    pub(crate) created_at: Time,
    /// Orders deliveries that were created at the same time.
    pub(crate) number: u64,
    pub(crate) status: DeliveryStatus,
    pub(crate) next_attempt_at: Option<Time>,
    /// Failed attempts since the schedule began.
    pub(crate) failures: u32,
    pub(crate) attempts: Vec<Attempt>,
}
row!(Delivery, "deliveries", id);
