//! The proofs that handlers take.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use revento_core::{Envelope, kind::Kind};
use revento_webhooks::{Verified, VerifiedDelivery};

use crate::Rejection;

/// A verified delivery whose content nobody has looked at yet. Clones share it.
///
/// [`VerifyLayer`](crate::VerifyLayer) leaves it in the request's extensions.
#[derive(Clone)]
pub struct Delivery(Arc<VerifiedDelivery>);

impl Delivery {
    pub(crate) fn new(delivery: VerifiedDelivery) -> Self {
        Self(Arc::new(delivery))
    }

    /// The proof, with the body, the delivery's unsigned id and type, and the secret that held.
    pub fn verified(&self) -> Verified<'_> {
        self.0.as_verified()
    }

    /// The raw body, as signed. No copy is made.
    pub fn bytes(&self) -> Bytes {
        self.0.bytes()
    }

    /// Reads the envelope, and the data of one kind.
    ///
    /// # Errors
    /// When the unsigned type header was tampered with, the webhook is of another kind, or its content
    /// is not what the contract promises.
    pub fn read<K: Kind>(self) -> Result<Webhook<K>, Rejection> {
        let (envelope, data) = self.0.read::<K>()?;
        Ok(Webhook {
            delivery: self,
            envelope,
            data,
        })
    }
}

/// Shows no content.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A verified webhook of one kind: what a handler takes. Only a verified delivery yields it.
///
/// `Webhook<ApplicationApproved>` has that kind's data; `Webhook<AnyEvent>` takes every kind, also ones
/// that this version does not know.
pub struct Webhook<K: Kind> {
    delivery: Delivery,
    envelope: Envelope,
    data: K::Data,
}

impl<K: Kind> Webhook<K> {
    /// The signed envelope.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The snapshot.
    pub fn data(&self) -> &K::Data {
        &self.data
    }

    /// The snapshot, taken out.
    pub fn into_data(self) -> K::Data {
        self.data
    }

    /// The delivery behind it, with the raw body.
    pub fn delivery(&self) -> &Delivery {
        &self.delivery
    }
}

/// Shows no content.
impl<K: Kind> fmt::Debug for Webhook<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("kind", &K::NAME)
            .field("delivery", &self.delivery)
            .field("envelope", &self.envelope)
            .finish_non_exhaustive()
    }
}
