//! The error text of a failed attempt, as the store keeps it.
//!
//! A handler's error may repeat what it has read, so its text is sealed like the body. It is bound to its delivery, and the store
//! deletes it with the body.

use revento_core::{EnvelopeId, error::chain, text::printable};
use revento_store::{
    BuriedDelivery, Sealed, Sealer,
    reseal::{error_context, error_text},
};

/// Seals the text. If that fails, the outcome of the attempt is more important: the store gets no text.
pub(crate) async fn seal(sealer: &dyn Sealer, envelope_id: &EnvelopeId, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    match sealer.seal(&error_context(envelope_id), text.as_bytes()).await {
        Ok(sealed) => error_text(&sealed),
        Err(error) => {
            tracing::error!(envelope_id = %printable(envelope_id.as_str()), error = %chain(&error),
                "the error text of a webhook could not be sealed and is not kept");
            String::new()
        }
    }
}

/// Opens the [error](BuriedDelivery::error) of a delivery that an [`InboxStore`](revento_store::InboxStore) listed, for tools that
/// have no inbox. [`Inbox::buried`](crate::Inbox::buried) does it by itself.
///
/// If it cannot be opened, the text says so.
pub async fn open_error(sealer: &dyn Sealer, delivery: &BuriedDelivery) -> String {
    open_error_text(sealer, &delivery.envelope_id, &delivery.error).await
}

/// Opens the error of a delivery in any state, such as [`DeliveryDetails::error`](revento_store::DeliveryDetails::error).
///
/// If it cannot be opened, the text says so.
pub async fn open_error_text(sealer: &dyn Sealer, envelope_id: &EnvelopeId, error: &str) -> String {
    if error.is_empty() {
        return String::new();
    }
    try_open(sealer, envelope_id, error)
        .await
        .unwrap_or_else(|| "the error text cannot be opened: its sealing key is missing".to_owned())
}

async fn try_open(sealer: &dyn Sealer, envelope_id: &EnvelopeId, stored: &str) -> Option<String> {
    let sealed = Sealed::from_bytes(hex::decode(stored).ok()?);
    let opened = sealer.open(&error_context(envelope_id), &sealed).await;
    String::from_utf8(opened.ok()?.plaintext.to_vec()).ok()
}
