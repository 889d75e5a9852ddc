//! What belongs together.

use revento_core::Envelope;
use serde::Deserialize;

#[derive(Deserialize)]
struct Identified {
    id: String,
}

/// An ordering key for [`InboxBuilder::ordered_by`](crate::InboxBuilder::ordered_by): the webhooks of one
/// resource, such as an application, are handled one after the other, those of others at the same time.
///
/// What has no `id` in its data is not ordered. The arrival decides, which is not always the order in which
/// things happened: compare `occurred_at` as well, as with [`Webhook::supersedes`](crate::Webhook::supersedes).
pub fn by_resource(envelope: &Envelope) -> String {
    let kind = envelope.event_type.as_str().split('.').next();
    let event = envelope.event_id.as_ref().map(|id| id.as_str());
    match envelope.data::<Identified>() {
        Ok(Identified { id }) => [event.unwrap_or_default(), kind.unwrap_or_default(), &id].join("/"),
        Err(_) => String::new(),
    }
}
