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
#[serde(untagged)]
pub(crate) enum Outcome {
    /// It is queued as the delivery with this id.
    Queued {
        delivery_id: String,
        /// Why it is not sent at once, if so.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// It follows if nothing changes for so many seconds of the sandbox clock.
    Delayed { delayed_s: i64 },
    /// It is not sent.
    NotSent(Objection),
}

/// Why an integration gets no webhook, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Objection {
    #[serde(rename = "not_sent")]
    pub(crate) reason: NotSent,
    pub(crate) message: String,
}

impl Objection {
    pub(crate) fn new(reason: NotSent, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}

/// Why no webhook is sent. The order is that in which a developer has to mend the reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NotSent {
    /// The integration is not connected to the event.
    NotConnected,
    /// Nor can it be: it is suspended, the event is archived, the organization is not formal.
    CannotConnect,
    /// The action ends connections, and there was none to end.
    NothingEnded,
    /// The manifest does not declare the type.
    TypeNotDeclared,
    /// The integration has no webhook URL, and no listener takes its webhooks.
    NoWebhookUrl,
    /// The machine has no random bytes for an id.
    NoRandomBytes,
}
