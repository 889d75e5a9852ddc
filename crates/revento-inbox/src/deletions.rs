//! The deletion ledger: duties to delete data, their deadlines and their proofs (contract §2.6).

use std::{fmt, sync::Arc, time::Duration};

use revento_core::{
    Envelope, EnvelopeId, EventType, Timestamp, limits, resource::DeletionRequired, text::printable,
};
use revento_store::{Clock, DeletionDuty, DeletionProof, DeletionStore, StoreError, SystemClock};

use crate::{HandlerError, Webhook};

const DAY: Duration = Duration::from_secs(86_400);
/// When reminders are due before the deadline. After the deadline they are due every day.
const REMINDERS_BEFORE: [Duration; 4] = [
    Duration::from_secs(14 * 86_400),
    Duration::from_secs(7 * 86_400),
    Duration::from_secs(3 * 86_400),
    DAY,
];
/// How many open duties one call returns, the most urgent first.
const PAGE_SIZE: usize = 1000;

/// Records every `data.deletion_required` as a duty, and keeps it as a proof after the deletion.
///
/// A duty needs no live token and no known connection (invariant T8). The same webhook creates one duty, however often
/// it arrives.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), revento_store::StoreError> {
/// use revento_core::EventType;
/// use revento_inbox::{Deletions, Handlers};
/// use revento_store::memory::MemoryDeletions;
///
/// let deletions = Deletions::new(MemoryDeletions::new());
/// let handlers = Handlers::new().on_type(EventType::DataDeletionRequired, deletions.handler());
/// // Once a day:
/// for duty in deletions.due_reminders().await? {
///     println!("{:?} has to be deleted by {}", duty.event_id, duty.deadline_at);
///     deletions.mark_reminded(&duty.envelope_id).await?;
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
    pub fn new(store: impl DeletionStore + 'static) -> Self {
        Self {
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
        }
    }

    /// Replaces the operating system's clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Records the duty of a webhook. `true` when it is new; `false` when it is known, or the webhook has another type.
    ///
    /// A webhook without a readable deadline is a duty too: its deadline is 30 days after the webhook occurred. The
    /// [handler](Self::handler) reports it.
    ///
    /// # Errors
    /// The store failed; the duty may be recorded. Call again.
    pub async fn record(&self, envelope: &Envelope) -> Result<bool, StoreError> {
        match duty(envelope) {
            Some(duty) => {
                let is_new = self.store.record(&duty).await?;
                if is_new {
                    tracing::warn!(envelope_id = %printable(duty.envelope_id.as_str()), deadline_at = %duty.deadline_at,
                        "cached data has to be deleted");
                }
                Ok(is_new)
            }
            None => Ok(false),
        }
    }

    /// A handler that [records](Self::record) webhooks, for [`Handlers::on_type`](crate::Handlers::on_type).
    ///
    /// It records the duty of a webhook whose data cannot be read, too. Then it fails for good: the runner buries the delivery
    /// and calls [`Handlers::on_failure`](crate::Handlers::on_failure), so that somebody asks the platform for the deadline.
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
                ledger.record(&webhook.envelope).await?;
                if webhook.envelope.event_type == EventType::DataDeletionRequired {
                    webhook.envelope.deletion_deadline()?;
                }
                Ok(())
            })
        }
    }

    /// The open duties, the most urgent first, at most 1000.
    ///
    /// # Errors
    /// The store failed.
    pub async fn open(&self) -> Result<Vec<DeletionDuty>, StoreError> {
        self.store.open_duties(PAGE_SIZE).await
    }

    /// A duty, open or done.
    ///
    /// # Errors
    /// The store failed.
    pub async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError> {
        self.store.duty(envelope_id).await
    }

    /// The open duties that are due for a reminder: 14, 7, 3 days and 1 day before the deadline, and every day after
    /// it. Remind somebody, then call [`mark_reminded`](Self::mark_reminded).
    ///
    /// # Errors
    /// The store failed.
    pub async fn due_reminders(&self) -> Result<Vec<DeletionDuty>, StoreError> {
        let now = self.clock.now();
        let mut open = self.open().await?;
        open.retain(|duty| reminder_due(duty, now));
        Ok(open)
    }

    /// Records that somebody was reminded. `false` when the duty is not open.
    ///
    /// # Errors
    /// The store failed. At worst somebody is reminded twice.
    pub async fn mark_reminded(&self, envelope_id: &EnvelopeId) -> Result<bool, StoreError> {
        self.store.mark_reminded(envelope_id, self.clock.now()).await
    }

    /// Records the proof that the data was deleted. The note says what was deleted, where and by whom; it must not
    /// contain personal data. `false` when the duty has a proof already, which stays.
    ///
    /// # Errors
    /// The store failed; the proof may be recorded. Call again.
    pub async fn mark_deleted(
        &self,
        envelope_id: &EnvelopeId,
        note: impl Into<String>,
    ) -> Result<bool, StoreError> {
        let proof = DeletionProof {
            at: self.clock.now(),
            note: note.into(),
        };
        self.store.mark_deleted(envelope_id, &proof).await
    }
}

/// Whether a duty covers data that was fetched under a consent of this time. A late webhook must not delete the data of
/// a newer connection (invariant T8).
pub fn covers_consent(duty: &DeletionDuty, consented_at: Timestamp) -> bool {
    consented_at <= duty.occurred_at
}

fn duty(envelope: &Envelope) -> Option<DeletionDuty> {
    if envelope.event_type != EventType::DataDeletionRequired {
        return None;
    }
    let reason = envelope
        .data::<DeletionRequired>()
        .ok()
        .and_then(|data| data.reason);
    let latest = || envelope.occurred_at.saturating_add(limits::DELETION_PERIOD);
    Some(DeletionDuty {
        envelope_id: envelope.id.clone(),
        event_id: envelope.event_id.clone(),
        organization_id: envelope.organization_id.clone(),
        occurred_at: envelope.occurred_at,
        deadline_at: envelope.deletion_deadline().unwrap_or_else(|_| latest()),
        reason,
        reminded_at: None,
        done: None,
    })
}

/// Whether a reminder is due that was not sent yet.
fn reminder_due(duty: &DeletionDuty, now: Timestamp) -> bool {
    if duty.deadline_at <= now {
        let since = duty.reminded_at.filter(|at| duty.deadline_at <= *at);
        return since.is_none_or(|at| now.saturating_since(at) >= DAY);
    }
    let due_at = REMINDERS_BEFORE.map(|before| duty.deadline_at.saturating_sub(before));
    let passed = due_at.into_iter().rfind(|at| *at <= now);
    passed.is_some_and(|due| duty.reminded_at.is_none_or(|at| at < due))
}

impl fmt::Debug for Deletions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deletions")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
