//! One attempt to handle a delivery.

use revento_core::{Envelope, Timestamp, error::chain};
use revento_store::{LeasedDelivery, Sealed};
use tokio::time::Instant;

use crate::{HandlerError, Handlers, Webhook, lease::Leased, metrics, shared::Shared};

/// An attempt whose handlers have ended. Its outcome is not stored yet.
pub(crate) struct Attempt {
    /// Without the body.
    pub(crate) delivery: LeasedDelivery,
    pub(crate) leased_until: Timestamp,
    /// `None` when the body cannot be read.
    pub(crate) webhook: Option<Webhook>,
    pub(crate) errors: Vec<HandlerError>,
}

/// Opens a delivery and calls its handlers.
pub(crate) async fn attempt(shared: &Shared, handlers: &Handlers, leased: Leased) -> Attempt {
    let Leased {
        mut delivery,
        until: leased_until,
    } = leased;
    let body = std::mem::replace(&mut delivery.body, Sealed::from_bytes(Vec::new()));
    let (webhook, errors) = match open(shared, &delivery, &body).await {
        Ok(webhook) => {
            let begun = Instant::now();
            let errors = call(shared, handlers, &webhook).await;
            metrics::handlers_ended(&webhook.envelope.event_type, begun.elapsed());
            (Some(webhook), errors)
        }
        Err(error) => (None, vec![error]),
    };
    Attempt {
        delivery,
        leased_until,
        webhook,
        errors,
    }
}

async fn call(shared: &Shared, handlers: &Handlers, webhook: &Webhook) -> Vec<HandlerError> {
    tokio::time::timeout(shared.policy.handler_timeout, handlers.call(webhook))
        .await
        .unwrap_or_else(|_| vec![HandlerError::retry("the handlers exceeded the time limit")])
}

async fn open(shared: &Shared, delivery: &LeasedDelivery, body: &Sealed) -> Result<Webhook, HandlerError> {
    let context = revento_store::reseal::body_context(&delivery.lease.envelope_id);
    let opened = shared.sealer.open(&context, body).await?;
    let envelope = Envelope::parse(&opened.plaintext)
        .map_err(|error| HandlerError::permanent(chain(&error).to_string()))?;
    Ok(Webhook {
        envelope: envelope.into(),
        data: (),
        delivery_id: delivery.delivery_id.clone(),
        attempt: delivery.attempt,
        lease: delivery.lease.clone(),
    })
}
