//! Taking a verified delivery in.

use std::{fmt, sync::Arc};

use revento_core::{DeliveryId, Envelope, EnvelopeId, EventType};
use revento_store::{
    BuriedCursor, BuriedDelivery, Clock, DeliveryState, InboxStore, InsertOutcome, NewDelivery,
    RequeueOutcome, SealError, Sealer, StoreError, SystemClock,
};
use revento_webhooks::{EventError, Verified};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use crate::{Handlers, Policy, Runner};

/// Takes deliveries in, for any number of endpoints and runners. Clones are handles to one inbox.
#[derive(Debug, Clone)]
pub struct Inbox {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) store: Arc<dyn InboxStore>,
    pub(crate) sealer: Arc<dyn Sealer>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: Policy,
    pub(crate) arrived: Notify,
    order_by: fn(&Envelope) -> String,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("store", &self.store)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// Configures an [`Inbox`].
#[derive(Debug)]
pub struct InboxBuilder {
    store: Arc<dyn InboxStore>,
    sealer: Arc<dyn Sealer>,
    clock: Arc<dyn Clock>,
    policy: Policy,
    order_by: fn(&Envelope) -> String,
}

impl InboxBuilder {
    /// Replaces the default policy.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Handles deliveries with the same key one at a time, in the order of their arrival, such as those
    /// [of one resource](crate::by_resource). An empty key means no order, which is the default. A delivery
    /// that is being retried holds up its key.
    pub fn ordered_by(mut self, key: fn(&Envelope) -> String) -> Self {
        self.order_by = key;
        self
    }

    /// Replaces the operating system's clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Builds the inbox. Starts nothing.
    pub fn build(self) -> Inbox {
        let Self {
            store,
            sealer,
            clock,
            policy,
            order_by,
        } = self;
        Inbox {
            shared: Arc::new(Shared {
                store,
                sealer,
                clock,
                policy,
                arrived: Notify::new(),
                order_by,
            }),
        }
    }
}

/// What became of a delivery: in each case it is durably known, so answer 2xx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is new and queued.
    New,
    /// It had been buried and is queued again.
    Requeued,
    /// It was known; nothing happens.
    Known(DeliveryState),
}

/// A delivery was not taken in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// The unsigned type header disagrees with the signed body (contract §4.1). Answer 401.
    #[error("the event header does not name the type of the signed body")]
    TypeMismatch,
    /// The store did not confirm. Answer 503, and the platform tries again.
    #[error("the delivery could not be stored: {0}")]
    Store(#[from] StoreError),
    /// The body could not be sealed. Answer 503, and the platform tries again.
    #[error("the delivery could not be sealed: {0}")]
    Seal(#[from] SealError),
}

/// A delivery was not queued again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequeueError {
    /// Its body was [expunged](crate::Policy::keep_buried); nothing was changed.
    #[error(
        "{envelope_id} cannot be queued again, for its body was expunged; nothing was changed: \
         replay the delivery from the developer console, which sends its body anew"
    )]
    Expunged {
        /// The delivery.
        envelope_id: EnvelopeId,
    },
    /// The store did not confirm. It may be queued; calling again is safe.
    #[error("the delivery may or may not be queued again: {0}; call again")]
    Store(#[from] StoreError),
}

impl Inbox {
    /// Configures an inbox on a store.
    pub fn builder(store: Arc<dyn InboxStore>, sealer: Arc<dyn Sealer>) -> InboxBuilder {
        let clock = Arc::new(SystemClock);
        InboxBuilder {
            store,
            sealer,
            clock,
            policy: Policy::default(),
            order_by: |_| String::new(),
        }
    }

    /// Stores a verified delivery. When this returns `Ok`, the sender may be answered 2xx.
    ///
    /// A genuine body that is not the promised envelope is taken in too, and buried when its turn
    /// comes: refusing it would only make the platform send it again.
    ///
    /// Where a known delivery id comes with another envelope, or a known envelope with another body, an event of
    /// level `ERROR` tells so: either the platform is at fault, or somebody replays what they have captured.
    ///
    /// # Errors
    /// When the type header was tampered with, or nothing was stored.
    pub async fn accept(&self, verified: &Verified<'_>) -> Result<Accepted, AcceptError> {
        let delivery_id = DeliveryId::new(verified.unsigned_delivery_id());
        let delivery = match verified.envelope() {
            Ok(envelope) => self.seal_envelope(envelope, delivery_id, verified.body()).await?,
            Err(EventError::TypeMismatch) => return Err(AcceptError::TypeMismatch),
            Err(error) => {
                tracing::error!(%delivery_id, %error, "a genuine webhook cannot be read");
                self.seal_unreadable(verified, delivery_id).await?
            }
        };
        let accepted = match self.shared.store.insert(&delivery).await? {
            InsertOutcome::New { delivery_id_reused } => {
                if delivery_id_reused {
                    alert(
                        &delivery,
                        "a delivery id came again with another envelope, which is queued: \
                        it may be a replay with changed headers",
                    );
                }
                Accepted::New
            }
            InsertOutcome::Requeued { other_body } => {
                if other_body {
                    alert(
                        &delivery,
                        "a buried webhook came again with another body, which is queued in its place",
                    );
                }
                Accepted::Requeued
            }
            InsertOutcome::Known { state, other_body } => {
                if other_body {
                    alert(
                        &delivery,
                        "a known webhook came again with another body, which is not handled: \
                        the platform has given an identity twice",
                    );
                }
                Accepted::Known(state)
            }
        };
        tracing::debug!(envelope_id = %delivery.envelope_id, event_type = %delivery.event_type, ?accepted, "webhook");
        if !matches!(accepted, Accepted::Known(_)) {
            self.shared.arrived.notify_one();
        }
        Ok(accepted)
    }

    /// Where a delivery stands; `None` when it is not known or was forgotten.
    ///
    /// # Errors
    /// When the store cannot tell.
    pub async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        self.shared.store.state(envelope_id).await
    }

    /// Lists at most `limit` buried deliveries with their errors, the last buried first, behind `after` if it is given.
    ///
    /// # Errors
    /// When the store cannot tell.
    pub async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        self.shared.store.buried(after, limit).await
    }

    /// Queues a buried delivery once more, as an operator who has removed the cause does. `false` when it is
    /// not buried.
    ///
    /// # Errors
    /// When its body was [expunged](crate::Policy::keep_buried), or the store cannot tell.
    pub async fn requeue(&self, envelope_id: &EnvelopeId) -> Result<bool, RequeueError> {
        let now = self.shared.clock.now();
        match self.shared.store.requeue(envelope_id, now).await? {
            RequeueOutcome::Requeued => {
                self.shared.arrived.notify_one();
                Ok(true)
            }
            RequeueOutcome::NotBuried => Ok(false),
            RequeueOutcome::Expunged => Err(RequeueError::Expunged {
                envelope_id: envelope_id.clone(),
            }),
        }
    }

    /// A runner for this inbox. Spawn its [`Runner::run`].
    pub fn runner(&self, handlers: Handlers) -> Runner {
        Runner::new(self.clone(), handlers)
    }

    async fn seal_envelope(
        &self,
        envelope: Envelope,
        delivery_id: DeliveryId,
        body: &[u8],
    ) -> Result<NewDelivery, SealError> {
        Ok(NewDelivery {
            body: self.shared.sealer.seal(&context(&envelope.id), body).await?,
            body_digest: Sha256::digest(body).into(),
            ordering_key: (self.shared.order_by)(&envelope),
            occurred_at: envelope.occurred_at,
            received_at: self.shared.clock.now(),
            envelope_id: envelope.id,
            delivery_id,
            event_type: envelope.event_type,
        })
    }

    /// Its identity is what was signed, namely all of it.
    async fn seal_unreadable(
        &self,
        verified: &Verified<'_>,
        delivery_id: DeliveryId,
    ) -> Result<NewDelivery, SealError> {
        let body_digest: [u8; 32] = Sha256::digest(verified.body()).into();
        let envelope_id = EnvelopeId::new(format!("unreadable/{}", hex::encode(body_digest)));
        let now = self.shared.clock.now();
        Ok(NewDelivery {
            body: self
                .shared
                .sealer
                .seal(&context(&envelope_id), verified.body())
                .await?,
            body_digest,
            ordering_key: String::new(),
            occurred_at: now,
            received_at: now,
            envelope_id,
            delivery_id,
            event_type: EventType::from(verified.unsigned_event_type()),
        })
    }
}

/// Tells the operators what no answer to the sender can mend.
fn alert(delivery: &NewDelivery, what: &'static str) {
    let NewDelivery {
        delivery_id,
        envelope_id,
        event_type,
        ..
    } = delivery;
    tracing::error!(%delivery_id, %envelope_id, %event_type, "{what}");
}

/// What binds a sealed body to its delivery.
pub(crate) fn context(envelope_id: &EnvelopeId) -> String {
    format!("revento/inbox/{envelope_id}")
}
