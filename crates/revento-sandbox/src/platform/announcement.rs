//! Whether a webhook follows from a command, and if not, why not.

use serde::Serialize;

/// What became of the webhook of a command, for one integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Announcement {
    pub(crate) client_id: String,
    #[serde(rename = "type")]
    pub(crate) event_type: String,
    pub(crate) event_id: Option<String>,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

/// Whether the webhook is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It is queued as the delivery with this id.
    DeliveryId(String),
    /// It follows if nothing changes for so many seconds of the sandbox clock.
    DelayedS(i64),
    /// It is not sent.
    NotSent(NotSent),
}

/// Why no webhook is sent. The order is that in which a developer has to mend the reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NotSent {
    /// The integration is not connected to the event.
    NotConnected,
    /// The manifest does not declare the type.
    TypeNotDeclared,
    /// The integration has no webhook URL, and no listener takes its webhooks.
    NoWebhookUrl,
    /// The machine has no random bytes for an id.
    NoRandomBytes,
}

impl NotSent {
    /// What is wrong, and what to do.
    pub(crate) fn explain(self, client_id: &str, event_id: Option<&str>, event_type: &str) -> String {
        let event_id = event_id.unwrap_or("the event");
        match self {
            Self::NotConnected => format!(
                "'{client_id}' is not connected to '{event_id}'. Connect it in the browser, or with POST /_sandbox/connect."
            ),
            Self::TypeNotDeclared => {
                format!("'{client_id}' does not declare {event_type}. Add the type to its manifest.")
            }
            Self::NoWebhookUrl => format!(
                "'{client_id}' has no webhook URL. Start the sandbox with --webhook-url, or run `revento listen`."
            ),
            Self::NoRandomBytes => "The machine has no random bytes for a delivery id. Try again.".to_owned(),
        }
    }
}
