//! Ordering keys.

use revento_core::Envelope;
use serde::Deserialize;

#[derive(Deserialize)]
struct Identified {
    id: String,
}

/// An ordering key for [`InboxBuilder::ordered_by`](crate::InboxBuilder::ordered_by): webhooks of the same resource,
/// such as an application, are handled one after the other.
///
/// Webhooks without an `id` in their data are not ordered. The order is that of arrival, which may differ from the order
/// of the changes: compare `occurred_at` too, with [`Webhook::supersedes`](crate::Webhook::supersedes).
pub fn by_resource(envelope: &Envelope) -> String {
    let kind = envelope.event_type.as_str().split('.').next();
    let event = envelope.event_id.as_ref().map(|id| id.as_str());
    match envelope.data::<Identified>() {
        Ok(Identified { id }) => [event.unwrap_or_default(), kind.unwrap_or_default(), &id].join("/"),
        Err(_) => String::new(),
    }
}
