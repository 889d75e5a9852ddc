//! The inbox: accepts verified deliveries into the store.

use std::sync::{Arc, atomic::AtomicI64};

use revento_core::{DeliveryId, Envelope, EnvelopeId, EventType, Timestamp, text::printable};
use revento_store::{
    BuriedCursor, BuriedDelivery, Clock, DeliveryState, InboxStore, InsertOutcome, NewDelivery,
    RequeueAttempts, RequeueOutcome, SealError, Sealed, Sealer, StoreError, SystemClock,
};
use revento_webhooks::{EventError, Verified};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use crate::{
    AcceptError, Handlers, Policy, RequeueError, Runner, accept_limit::AcceptLimit, metrics, open_error,
    shared::Shared, stored_id,
};

/// Stores verified webhooks before they are acknowledged, until the handlers of a [`runner`](Self::runner) have handled them. The webhook
/// endpoint of a web framework's adapter takes one. Clones share one inbox.
#[derive(Debug, Clone)]
pub struct Inbox {
    pub(crate) shared: Arc<Shared>,
}

/// Configures an [`Inbox`].
#[derive(Debug)]
pub struct InboxBuilder {
    shared: Shared,
}

impl InboxBuilder {
    /// Replaces the default policy.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.shared.policy = policy;
        self
    }

    /// Handles deliveries with the same key one at a time, in the order of their arrival, such as those
    /// [of one resource](crate::by_resource). A delivery that waits for a retry delays the others of its key. An
    /// empty key means no order, which is the default.
    #[must_use]
    pub fn ordered_by(mut self, key: fn(&Envelope) -> String) -> Self {
        self.shared.ordering_key = Some(key);
        self
    }

    /// Replaces the operating system's clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.shared.clock = Arc::new(clock);
        self
    }

    /// Builds the inbox. Starts nothing.
    pub fn build(self) -> Inbox {
        metrics::begin();
        Inbox {
            shared: Arc::new(self.shared),
        }
    }
}

/// What the inbox did with a delivery. In each case it is stored, so answer 2xx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Accepted {
    /// The delivery is new and queued.
    New,
    /// The delivery was buried, and the platform signed this attempt after that. It is queued again.
    Requeued,
    /// The delivery is known already and is in this state. If that is buried, the attempt was signed before the burial: it is
    /// a late retry, or a copy that somebody captured.
    Duplicate(DeliveryState),
}

impl Inbox {
    /// Configures an inbox on a store.
    pub fn builder(store: impl InboxStore + 'static, sealer: impl Sealer + 'static) -> InboxBuilder {
        InboxBuilder {
            shared: Shared {
                store: Arc::new(store),
                sealer: Arc::new(sealer),
                clock: Arc::new(SystemClock),
                policy: Policy::default(),
                queued: Notify::new(),
                accepting: AcceptLimit::default(),
                cleanup_at: AtomicI64::new(i64::MIN),
                ordering_key: None,
            },
        }
    }

    /// Stores a verified delivery. After `Ok`, answer 2xx.
    ///
    /// The inbox also accepts a verified body that is not the promised envelope, because the platform would only send
    /// it again. A runner buries it. Its id is `unreadable/` and the digest of the body.
    ///
    /// The inbox logs an `ERROR` event when a known delivery id comes with another envelope, or a known envelope with
    /// another body: the platform is at fault, or an attacker replays a captured delivery.
    ///
    /// # Errors
    /// The type header disagrees with the signed body, the sealer or the store failed, or
    /// [too many deliveries](crate::Policy::max_concurrent_accepts) are being accepted.
    pub async fn accept(&self, verified: &Verified<'_>) -> Result<Accepted, AcceptError> {
        let Shared {
            accepting, policy, ..
        } = &*self.shared;
        let _permit = accepting.begin(policy, verified.body().len())?;
        let delivery_id = DeliveryId::new(verified.unsigned_delivery_id());
        let delivery = match verified.envelope() {
            Ok(envelope) => self.seal_envelope(verified, envelope, delivery_id).await?,
            Err(EventError::TypeMismatch) => return Err(AcceptError::TypeMismatch),
            Err(error) => {
                tracing::error!(delivery_id = %printable(delivery_id.as_str()), %error, "the body of a verified webhook is not an envelope; a runner will bury it");
                self.seal_unreadable(verified, delivery_id).await?
            }
        };
        let accepted = match self.shared.store.insert(&delivery).await? {
            InsertOutcome::New { delivery_id_reused } => {
                if delivery_id_reused {
                    alert(
                        &delivery,
                        "a known delivery id came with another envelope, which is queued: \
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
                        the platform used an envelope id twice",
                    );
                }
                Accepted::Duplicate(state)
            }
        };
        let (envelope_id, delivery_id, event_type) = (
            printable(delivery.envelope_id.as_str()),
            printable(delivery.delivery_id.as_str()),
            printable(delivery.event_type.as_str()),
        );
        tracing::debug!(%envelope_id, %delivery_id, %event_type, ?accepted, "webhook accepted");
        metrics::accepted(accepted);
        if !matches!(accepted, Accepted::Duplicate(_)) {
            self.shared.queued.notify_one();
        }
        Ok(accepted)
    }

    /// The state of a delivery; `None` when it is unknown or was forgotten. The id is the envelope's signed one, or the one in
    /// [`buried`](Self::buried).
    ///
    /// # Errors
    /// The store failed.
    pub async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        self.shared.store.state(envelope_id).await
    }

    /// Lists at most `limit` buried deliveries with their errors, the last buried first, starting after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        let Shared { store, sealer, .. } = &*self.shared;
        let mut buried = store.buried(after, limit).await?;
        for delivery in &mut buried {
            delivery.error = open_error(&**sealer, delivery).await;
        }
        Ok(buried)
    }

    /// Queues a buried delivery again for one attempt, after an operator removed the cause. If the attempt fails, the delivery is
    /// buried again. `false` when it is not buried.
    ///
    /// # Errors
    /// Its body was [expunged](crate::Policy::buried_retention), or the store failed.
    pub async fn requeue(&self, envelope_id: &EnvelopeId) -> Result<bool, RequeueError> {
        self.requeue_for(envelope_id, RequeueAttempts::Single).await
    }

    /// [Queues a buried delivery again](Self::requeue), for one attempt or for as many as a new delivery gets.
    ///
    /// # Errors
    /// Its body was [expunged](crate::Policy::buried_retention), or the store failed.
    pub async fn requeue_for(
        &self,
        envelope_id: &EnvelopeId,
        attempts: RequeueAttempts,
    ) -> Result<bool, RequeueError> {
        let now = self.shared.clock.now();
        match self.shared.store.requeue(envelope_id, now, attempts).await? {
            RequeueOutcome::Requeued => {
                self.shared.queued.notify_one();
                Ok(true)
            }
            RequeueOutcome::NotBuried => Ok(false),
            RequeueOutcome::Expunged => Err(RequeueError::Expunged {
                envelope_id: envelope_id.clone(),
            }),
        }
    }

    /// A runner that calls these handlers. Spawn its [`Runner::run`].
    pub fn runner(&self, handlers: Handlers) -> Runner {
        Runner::new(Arc::clone(&self.shared), handlers)
    }

    async fn seal_envelope(
        &self,
        verified: &Verified<'_>,
        envelope: Envelope,
        delivery_id: DeliveryId,
    ) -> Result<NewDelivery, SealError> {
        let body = verified.body();
        let ordering_key = self.shared.ordering_key.map(|key| key(&envelope));
        let envelope_id = stored_id::of_envelope(envelope.id);
        Ok(NewDelivery {
            body: self.seal(&envelope_id, body).await?,
            body_digest: Sha256::digest(body).into(),
            ordering_key: ordering_key.unwrap_or_default(),
            occurred_at: envelope.occurred_at,
            signed_at: Timestamp::from_unix_seconds(verified.timestamp()),
            received_at: self.shared.clock.now(),
            envelope_id,
            delivery_id,
            event_type: envelope.event_type,
        })
    }

    /// The digest of the signed body is its identity.
    async fn seal_unreadable(
        &self,
        verified: &Verified<'_>,
        delivery_id: DeliveryId,
    ) -> Result<NewDelivery, SealError> {
        let body_digest: [u8; 32] = Sha256::digest(verified.body()).into();
        let envelope_id = stored_id::of_unreadable(body_digest);
        let now = self.shared.clock.now();
        Ok(NewDelivery {
            body: self.seal(&envelope_id, verified.body()).await?,
            body_digest,
            ordering_key: String::new(),
            occurred_at: now,
            signed_at: Timestamp::from_unix_seconds(verified.timestamp()),
            received_at: now,
            envelope_id,
            delivery_id,
            event_type: EventType::from(verified.unsigned_event_type()),
        })
    }

    async fn seal(&self, envelope_id: &EnvelopeId, body: &[u8]) -> Result<Sealed, SealError> {
        self.shared
            .sealer
            .seal(&revento_store::reseal::body_context(envelope_id), body)
            .await
    }
}

/// Logs a contradiction between identities for the operators.
fn alert(delivery: &NewDelivery, message: &'static str) {
    tracing::error!(
        delivery_id = %printable(delivery.delivery_id.as_str()),
        envelope_id = %printable(delivery.envelope_id.as_str()),
        event_type = %printable(delivery.event_type.as_str()),
        "{message}"
    );
}
