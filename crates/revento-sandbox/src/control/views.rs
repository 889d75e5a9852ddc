//! Webhook deliveries, as a test sees them.

use crate::platform::records::{Attempt, Delivery};

/// A webhook delivery with its attempts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WebhookDelivery {
    /// The delivery id. Retries and replays keep it.
    pub id: String,
    /// The event type.
    pub event_type: String,
    /// The event that the webhook is about, if any.
    pub event_id: Option<String>,
    /// The body exactly as it is sent.
    pub body: String,
    /// `pending`, `delivered` or `dead`.
    pub status: &'static str,
    /// The attempts, the oldest first.
    pub attempts: Vec<WebhookAttempt>,
}

/// One attempt to deliver a webhook.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WebhookAttempt {
    /// The status of the answer; 0 if there was no answer.
    pub status: u16,
    /// Why the attempt counts as failed, if it does.
    pub error: Option<String>,
    /// The fault that was applied to it, if any.
    pub fault: Option<String>,
    /// The headers that were sent.
    pub headers: Vec<(String, String)>,
}

impl From<&Delivery> for WebhookDelivery {
    fn from(row: &Delivery) -> Self {
        Self {
            id: row.id.clone(),
            event_type: row.event_type.clone(),
            event_id: row.event_id.clone(),
            body: row.body.clone(),
            status: row.status.as_str(),
            attempts: row.attempts.iter().map(WebhookAttempt::from).collect(),
        }
    }
}

impl From<&Attempt> for WebhookAttempt {
    fn from(row: &Attempt) -> Self {
        Self {
            status: row.status,
            error: row.error.clone(),
            fault: row.fault.clone(),
            headers: row.request_headers.clone(),
        }
    }
}
