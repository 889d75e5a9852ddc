//! A stored webhook, as a handler gets it.

use std::{fmt, sync::Arc};

use revento_core::{DeliveryId, Envelope, EnvelopeError, EventType, Timestamp, kind::Kind};
use revento_store::Lease;
use serde::{Deserialize, Deserializer, de::IgnoredAny};

/// A verified webhook that a handler has to handle.
///
/// `Webhook<ApplicationApproved>` has the data of that [kind](revento_core::kind). A plain `Webhook` has the envelope
/// only: read its data with [`read`](Self::read) or [`Envelope::data_json`].
#[non_exhaustive]
pub struct Webhook<K: Kind = Unread> {
    /// The signed content.
    pub envelope: Arc<Envelope>,
    /// The data of the envelope.
    pub data: K::Data,
    /// The unsigned id of the delivery, for logs.
    pub delivery_id: DeliveryId,
    /// The number of this attempt, from 1.
    pub attempt: u32,
    /// The lease of this delivery, for a handler that completes it in its own transaction
    /// ([`CompletionStatement`](revento_store::CompletionStatement)).
    pub lease: Lease,
}

/// The kind of a webhook whose data was not read.
#[derive(Debug, Clone, Copy)]
pub struct Unread;

impl Kind for Unread {
    type Data = ();

    const NAME: &'static str = "*";

    fn accepts(_: &EventType) -> bool {
        true
    }

    fn read<'de, D: Deserializer<'de>>(_: &EventType, data: D) -> Result<(), D::Error> {
        IgnoredAny::deserialize(data).map(|_| ())
    }
}

impl<K: Kind> Webhook<K> {
    /// The same webhook with the data of another kind.
    ///
    /// # Errors
    /// The webhook has another type, or its data lacks a field that the contract promises. The error names the field
    /// and shows no value.
    pub fn read<L: Kind>(&self) -> Result<Webhook<L>, EnvelopeError> {
        let data = self.envelope.read::<L>()?;
        Ok(Webhook {
            envelope: Arc::clone(&self.envelope),
            data,
            delivery_id: self.delivery_id.clone(),
            attempt: self.attempt,
            lease: self.lease.clone(),
        })
    }

    /// Whether this webhook's snapshot of a resource is at least as new as the stored one, which occurred at `stored`.
    ///
    /// Deliveries arrive late and out of order (contract §4.2). Store `occurred_at` with each resource, and skip an
    /// older snapshot. A snapshot of the same time counts as new, so that a repeated attempt repeats its work.
    pub fn supersedes(&self, stored: Option<Timestamp>) -> bool {
        stored.is_none_or(|stored| stored <= self.envelope.occurred_at)
    }
}

#[cfg(feature = "test-util")]
impl<K: Kind<Data: serde::Serialize>> Webhook<K> {
    /// An example that carries this data, for the tests of a handler: the first attempt of a delivery.
    pub fn example_of(data: K::Data) -> Self {
        let envelope = Envelope::example_of::<K>(&data);
        Self {
            lease: Lease {
                envelope_id: envelope.id.clone(),
                fence: 1,
            },
            envelope: envelope.into(),
            data,
            delivery_id: DeliveryId::new("5f0c9f0e-7a44-4a0e-9d0b-0f3a1c2b4d5e"),
            attempt: 1,
        }
    }
}

impl<K: Kind> Clone for Webhook<K>
where
    K::Data: Clone,
{
    fn clone(&self) -> Self {
        Self {
            envelope: Arc::clone(&self.envelope),
            data: self.data.clone(),
            delivery_id: self.delivery_id.clone(),
            attempt: self.attempt,
            lease: self.lease.clone(),
        }
    }
}

/// Without the data, which may be personal.
impl<K: Kind> fmt::Debug for Webhook<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("envelope", &self.envelope)
            .field("delivery_id", &self.delivery_id)
            .field("attempt", &self.attempt)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}
