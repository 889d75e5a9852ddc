//! The deletion ledger: what has to be deleted, by when, and the proof that it was (contract §2.6).

use std::{fmt, sync::Arc, time::Duration};

use revento_core::{Envelope, EnvelopeId, EventType, Timestamp, limits, resource::DeletionRequired};
use revento_store::{Clock, DeletionDuty, DeletionProof, DeletionStore, StoreError, SystemClock};

use crate::{HandlerError, Webhook};

const DAY: Duration = Duration::from_secs(86_400);
/// So long before the deadline somebody is reminded; behind it, every day.
const STEPS: [Duration; 4] = [
    Duration::from_secs(14 * 86_400),
    Duration::from_secs(7 * 86_400),
    Duration::from_secs(3 * 86_400),
    DAY,
];
/// How many open duties one look takes in; the most urgent are first.
const AT_ONCE: usize = 1000;

/// Keeps every `data.deletion_required` until its data is deleted, and then as the proof of it.
///
/// It needs no live token and no known connection: a webhook for a connection that nobody remembers is a
/// duty all the same. The same webhook any number of times is one duty.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), revento_store::StoreError> {
/// use std::sync::Arc;
/// use revento_core::EventType;
/// use revento_inbox::{Deletions, Handlers};
/// use revento_store::memory::MemoryDeletions;
///
/// let deletions = Deletions::new(Arc::new(MemoryDeletions::new()));
/// let handlers = Handlers::new().on(EventType::DataDeletionRequired, deletions.handler());
/// // Once a day:
/// for duty in deletions.to_remind().await? {
///     println!("{:?} has to be deleted by {}", duty.event_id, duty.deadline_at);
///     deletions.reminded(&duty.envelope_id).await?;
/// }
/// # drop(handlers);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Deletions {
    store: Arc<dyn DeletionStore>,
    clock: Arc<dyn Clock>,
}

impl Deletions {
    /// A ledger in a store.
    pub fn new(store: Arc<dyn DeletionStore>) -> Self {
        Self {
            store,
            clock: Arc::new(SystemClock),
        }
    }

    /// Replaces the operating system's clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Records what a webhook asks for. `true` when it is a new duty; of another type, or known, it is none.
    ///
    /// Data that lacks its details still is a duty: its deadline is 30 days after the webhook occurred.
    ///
    /// # Errors
    /// When the store cannot tell whether it is kept: call again.
    pub async fn on_webhook(&self, envelope: &Envelope) -> Result<bool, StoreError> {
        match duty(envelope) {
            Some(duty) => {
                let is_new = self.store.record(&duty).await?;
                if is_new {
                    tracing::warn!(envelope_id = %duty.envelope_id, deadline_at = %duty.deadline_at,
                        "cached data has to be deleted");
                }
                Ok(is_new)
            }
            None => Ok(false),
        }
    }

    /// [`on_webhook`](Self::on_webhook) for [`Handlers::on`](crate::Handlers::on).
    pub fn handler(
        &self,
    ) -> impl Fn(Webhook) -> futures_util::future::BoxFuture<'static, Result<(), HandlerError>>
    + Send
    + Sync
    + 'static
    + use<> {
        let ledger = self.clone();
        move |webhook| {
            let ledger = ledger.clone();
            Box::pin(async move {
                ledger.on_webhook(&webhook.envelope).await?;
                Ok(())
            })
        }
    }

    /// The open duties, the most urgent first.
    ///
    /// # Errors
    /// When the store cannot tell.
    pub async fn open(&self) -> Result<Vec<DeletionDuty>, StoreError> {
        self.store.open_duties(AT_ONCE).await
    }

    /// A duty, open or done.
    ///
    /// # Errors
    /// When the store cannot tell.
    pub async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError> {
        self.store.duty(envelope_id).await
    }

    /// The open duties of which somebody has to be reminded now: 14, 7, 3 days and one before the deadline, and
    /// behind it every day. Tell somebody, then call [`reminded`](Self::reminded).
    ///
    /// # Errors
    /// When the store cannot tell.
    pub async fn to_remind(&self) -> Result<Vec<DeletionDuty>, StoreError> {
        let now = self.clock.now();
        let mut open = self.open().await?;
        open.retain(|duty| reminder_due(duty, now));
        Ok(open)
    }

    /// Notes that somebody was reminded. `false` when nothing is open.
    ///
    /// # Errors
    /// When the store cannot tell; at worst somebody is reminded twice.
    pub async fn reminded(&self, envelope_id: &EnvelopeId) -> Result<bool, StoreError> {
        self.store.reminded(envelope_id, self.clock.now()).await
    }

    /// Notes that the data is gone, with a note for whoever asks later: what, from where, by whom; no personal
    /// data. `false` when that was noted before: the first proof stays.
    ///
    /// # Errors
    /// When the store cannot tell: call again.
    pub async fn settle(
        &self,
        envelope_id: &EnvelopeId,
        note: impl Into<String>,
    ) -> Result<bool, StoreError> {
        let proof = DeletionProof {
            at: self.clock.now(),
            note: note.into(),
        };
        self.store.settle(envelope_id, &proof).await
    }
}

/// Whether a duty means data that was fetched under a consent of this time. A late webhook must not erase what
/// came with a newer connection.
pub fn means_data_of(duty: &DeletionDuty, consented_at: Timestamp) -> bool {
    consented_at <= duty.occurred_at
}

fn duty(envelope: &Envelope) -> Option<DeletionDuty> {
    if envelope.event_type != EventType::DataDeletionRequired {
        return None;
    }
    let data = envelope.data::<DeletionRequired>().ok();
    let (deadline_at, reason) = data
        .map(|data| (data.deadline_at, data.reason))
        .unwrap_or_default();
    let latest = envelope.occurred_at.saturating_add(limits::DELETION_PERIOD);
    Some(DeletionDuty {
        envelope_id: envelope.id.clone(),
        event_id: envelope.event_id.clone(),
        organization_id: envelope.organization_id.clone(),
        occurred_at: envelope.occurred_at,
        deadline_at: deadline_at.unwrap_or(latest),
        reason,
        reminded_at: None,
        done: None,
    })
}

/// Whether a step has passed of which nobody was told.
fn reminder_due(duty: &DeletionDuty, now: Timestamp) -> bool {
    if duty.deadline_at <= now {
        let since = duty.reminded_at.filter(|at| duty.deadline_at <= *at);
        return since.is_none_or(|at| now.saturating_since(at) >= DAY);
    }
    let steps = STEPS.map(|before| duty.deadline_at.saturating_sub(before));
    let passed = steps.into_iter().rfind(|step| *step <= now);
    passed.is_some_and(|step| duty.reminded_at.is_none_or(|at| at < step))
}

impl fmt::Debug for Deletions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deletions")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
