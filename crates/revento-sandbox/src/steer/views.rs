//! Deliveries as a test sees them.

use crate::platform::records;

/// A delivery with its attempts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// The delivery id: retries and replays keep it.
    pub id: String,
    /// The event type.
    pub event_type: String,
    /// The event it is about, if any.
    pub event_id: Option<String>,
    /// The body exactly as it is sent.
    pub body: String,
    /// `pending`, `delivered` or `dead`.
    pub status: &'static str,
    /// Every attempt, the first one first.
    pub attempts: Vec<Attempt>,
}

/// One attempt of a delivery.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Attempt {
    /// What was answered; 0 when nothing was.
    pub status: u16,
    /// Why it counts as failed, if it does.
    pub error: Option<String>,
    /// The fault that struck it, if any.
    pub fault: Option<String>,
    /// The headers that were sent.
    pub headers: Vec<(String, String)>,
}

impl From<&records::Delivery> for Delivery {
    fn from(row: &records::Delivery) -> Self {
        Self {
            id: row.id.clone(),
            event_type: row.event_type.clone(),
            event_id: row.event_id.clone(),
            body: row.body.clone(),
            status: row.status.as_str(),
            attempts: row.attempts.iter().map(Attempt::from).collect(),
        }
    }
}

impl From<&records::Attempt> for Attempt {
    fn from(row: &records::Attempt) -> Self {
        Self {
            status: row.status,
            error: row.error.clone(),
            fault: row.fault.clone(),
            headers: row.request_headers.clone(),
        }
    }
}
