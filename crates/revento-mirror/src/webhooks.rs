//! Applying webhooks.
//!
//! Webhooks that arrive together share one load and one write. No task is spawned: each caller puts its webhook into the queue, and
//! the one whose turn it is applies all that wait. One caller alone waits for nobody.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{BoxFuture, FutureExt as _};
use revento_core::{
    Envelope, EventId, EventType, Timestamp,
    kind::Payload,
    resource::{Application, Participant},
};
use revento_inbox::{HandlerError, Handlers, Webhook};

use crate::{
    Mirror, MirrorError,
    machine::{
        merge::{Batch, Content, Observation},
        overlay::Part,
        progress::Progress,
    },
    store::{Loaded, MirrorWrite, MirroredEvent, ResourceKind, RowKey, Stamp, Wish, WriteOutcome},
};

/// How many webhooks share a write.
const MAX_BATCH: usize = 64;
/// How often a batch is applied again after a conflict.
const ATTEMPTS: usize = 16;

/// The types of webhooks that change a mirror.
const TYPES: [EventType; 11] = [
    EventType::ApplicationSubmitted,
    EventType::ApplicationApproved,
    EventType::ApplicationRejected,
    EventType::ApplicationRevisionRequested,
    EventType::ParticipantRegistered,
    EventType::ParticipantProfileUpdated,
    EventType::ActivityUpdated,
    EventType::ActivityCapacityStateChanged,
    EventType::EventPublished,
    EventType::EventUnpublished,
    EventType::DataDeletionRequired,
];

/// What a webhook did to the mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Applied {
    /// The webhook told something new, or the same again.
    Current,
    /// The mirror knows something newer. Nothing was changed.
    Outdated,
    /// The webhook does not belong to the mirror: its event or its kind of resource is not mirrored, or it is from before the consent.
    /// Nothing was changed.
    NotMirrored,
    /// The connection has ended. The mirror of its event has stopped, and waits to be wiped.
    Ended,
}

impl Mirror {
    /// Adds the mirror's handlers. They may handle a webhook any number of times, in any order and in any replica.
    ///
    /// ```no_run
    /// # async fn example(mirror: revento_mirror::Mirror, deletions: revento_inbox::Deletions) {
    /// use revento_core::EventType;
    /// use revento_inbox::Handlers;
    ///
    /// let handlers = Handlers::new().on_type(EventType::DataDeletionRequired, deletions.handler());
    /// let handlers = mirror.register(handlers);
    /// # drop(handlers);
    /// # }
    /// ```
    #[must_use]
    pub fn register(&self, handlers: Handlers) -> Handlers {
        TYPES.into_iter().fold(handlers, |handlers, event_type| {
            handlers.on_type(event_type, self.handler())
        })
    }

    fn handler(
        &self,
    ) -> impl Fn(Webhook) -> BoxFuture<'static, Result<(), HandlerError>> + Send + Sync + 'static + use<>
    {
        let mirror = self.clone();
        move |webhook| {
            let mirror = mirror.clone();
            async move {
                mirror.apply(&webhook.envelope).await?;
                Ok(())
            }
            .boxed()
        }
    }

    /// Applies a verified webhook. The [handlers](Self::register) call it.
    ///
    /// # Errors
    /// The store failed, or the webhook's data cannot be read.
    pub async fn apply(&self, envelope: &Envelope) -> Result<Applied, MirrorError> {
        if envelope.event_type == EventType::DataDeletionRequired {
            return self.end(envelope).await;
        }
        let Some(event_id) = envelope.event_id.clone() else {
            return Ok(Applied::NotMirrored);
        };
        let Some((key, content)) = content(envelope)?.filter(|(key, _)| self.copies(key.kind)) else {
            return Ok(Applied::NotMirrored);
        };
        let waiting = Arc::new(Waiting {
            event_id,
            occurred_at: envelope.occurred_at,
            key,
            content,
            applied: Mutex::default(),
        });
        self.0.queue.push(Arc::clone(&waiting));
        let _turn = self.0.queue.turns.lock().await;
        loop {
            // An earlier turn may have applied it.
            if let Some(applied) = waiting.take() {
                return applied;
            }
            let batch = self.0.queue.take(&waiting);
            self.apply_batch(&batch).await;
        }
    }

    async fn apply_batch(&self, batch: &[Arc<Waiting>]) {
        let mut by_event = BTreeMap::<&EventId, Vec<&Arc<Waiting>>>::new();
        for waiting in batch {
            by_event.entry(&waiting.event_id).or_default().push(waiting);
        }
        for (event_id, webhooks) in by_event {
            match self.apply_to_event(event_id, &webhooks).await {
                Ok(applied) => {
                    for (waiting, applied) in webhooks.into_iter().zip(applied) {
                        waiting.answer(Ok(applied));
                    }
                }
                Err(error) => {
                    webhooks
                        .into_iter()
                        .for_each(|waiting| waiting.answer(Err(error.clone())));
                }
            }
        }
    }

    /// Applies webhooks of one event in one write.
    async fn apply_to_event(
        &self,
        event_id: &EventId,
        webhooks: &[&Arc<Waiting>],
    ) -> Result<Vec<Applied>, MirrorError> {
        let keys: Vec<RowKey> = webhooks.iter().map(|waiting| waiting.key.clone()).collect();
        for _ in 0..ATTEMPTS {
            let Loaded { event, rows } = self.0.store.load(event_id, &keys).await?;
            let Some(event) = event else {
                if self.begin_if_connected(event_id).await? {
                    self.0.work.notify_one();
                    continue;
                }
                return Ok(vec![Applied::NotMirrored; webhooks.len()]);
            };
            let progress = Progress::of(&event)?;
            let mut batch = Batch::new(rows);
            let applied = webhooks
                .iter()
                .map(|waiting| waiting.apply(&mut batch, &progress))
                .collect();
            if self.write_batch(&event, batch).await? {
                return Ok(applied);
            }
        }
        Err(MirrorError::Contended)
    }

    /// Writes a batch. Returns `false` if something has changed since it was loaded.
    async fn write_batch(&self, event: &MirroredEvent, batch: Batch) -> Result<bool, MirrorError> {
        let rows = batch.into_writes();
        if rows.is_empty() {
            return Ok(true);
        }
        let at = self.now();
        let is_incomplete =
            |row: &crate::store::RowWrite| row.after.as_ref().is_some_and(|row| !row.is_complete());
        let wish = if rows.iter().any(is_incomplete) {
            Wish::Since(at)
        } else {
            Wish::Keep
        };
        let is_announced = rows.iter().any(|row| row.is_announced);
        let write = MirrorWrite {
            wish,
            rows,
            ..MirrorWrite::nothing(event, at)
        };
        let written = matches!(self.0.store.write(&write).await?, WriteOutcome::Written { .. });
        if written && is_announced {
            self.0.changed.notify_waiters();
        }
        Ok(written)
    }

    /// A connection has ended: the mirror stops, unless its data is from a later consent (invariant T8).
    async fn end(&self, envelope: &Envelope) -> Result<Applied, MirrorError> {
        let Some(event_id) = &envelope.event_id else {
            return Ok(Applied::NotMirrored);
        };
        for _ in 0..ATTEMPTS {
            let Some(event) = self.0.store.load(event_id, &[]).await?.event else {
                return Ok(Applied::NotMirrored);
            };
            let progress = Progress::of(&event)?;
            if progress.consented_at > envelope.occurred_at {
                return Ok(Applied::Outdated);
            }
            if progress.ended.is_some() {
                return Ok(Applied::Ended);
            }
            if self.stop(&event, &progress, envelope.occurred_at).await? {
                return Ok(Applied::Ended);
            }
        }
        Err(MirrorError::Contended)
    }

    /// Begins the epoch in which nothing is written but the wiping.
    pub(crate) async fn stop(
        &self,
        event: &MirroredEvent,
        progress: &Progress,
        at: Timestamp,
    ) -> Result<bool, MirrorError> {
        tracing::warn!(event_id = %event.event_id, "the connection has ended: the mirror stops, and its data has to be wiped");
        let write = MirrorWrite {
            progress: Some(progress.ended_at(at).to_json()),
            ends_epoch: true,
            wish: Wish::Clear,
            ..MirrorWrite::nothing(event, self.now())
        };
        Ok(matches!(
            self.0.store.write(&write).await?,
            WriteOutcome::Written { .. }
        ))
    }
}

/// What a webhook says of which row; `None` if it says nothing that a mirror keeps.
fn content(envelope: &Envelope) -> Result<Option<(RowKey, Content)>, MirrorError> {
    let whole = || Content::Whole {
        json: envelope.data_json().into(),
    };
    let key = |kind, id: &str| RowKey { kind, id: id.into() };
    Ok(match envelope.payload()? {
        Payload::Participant(Participant { id, .. }) => {
            Some((key(ResourceKind::Participant, id.as_str()), whole()))
        }
        Payload::Application(application) => of_application(&application, envelope.occurred_at),
        Payload::Activity(activity) => Some((key(ResourceKind::Activity, activity.id.as_str()), whole())),
        Payload::ActivityCapacity(capacity) => capacity.activity_id.as_ref().map(|id| {
            let part = Part::of_capacity(&capacity);
            (key(ResourceKind::Activity, id.as_str()), Content::Part(part))
        }),
        Payload::Event(event) => Some((key(ResourceKind::Event, event.id.as_str()), whole())),
        _ => None,
    })
}

fn of_application(application: &Application, occurred_at: Timestamp) -> Option<(RowKey, Content)> {
    let participant_id = application.participant_id.as_ref()?;
    let key = RowKey {
        kind: ResourceKind::Participant,
        id: participant_id.as_str().into(),
    };
    Some((key, Content::Part(Part::of_application(application, occurred_at))))
}

/// A webhook that waits to be applied.
#[derive(Debug)]
struct Waiting {
    event_id: EventId,
    occurred_at: Timestamp,
    key: RowKey,
    content: Content,
    applied: Mutex<Option<Result<Applied, MirrorError>>>,
}

impl Waiting {
    fn apply(&self, batch: &mut Batch, progress: &Progress) -> Applied {
        if progress.ended.is_some() || self.occurred_at < progress.consented_at {
            return Applied::NotMirrored;
        }
        let is_news = batch.apply(&Observation {
            key: self.key.clone(),
            stamp: Stamp::webhook(self.occurred_at),
            content: self.content.clone(),
            absent_as_of: progress.absent_as_of(self.key.kind),
        });
        if is_news {
            Applied::Current
        } else {
            Applied::Outdated
        }
    }

    fn answer(&self, applied: Result<Applied, MirrorError>) {
        *lock(&self.applied) = Some(applied);
    }

    fn take(&self) -> Option<Result<Applied, MirrorError>> {
        lock(&self.applied).take()
    }
}

/// The webhooks that wait, in the order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Vec<Arc<Waiting>>>,
    /// Tokio's mutex is fair: it gives turns in the order in which they were asked for.
    turns: tokio::sync::Mutex<()>,
}

impl Queue {
    fn push(&self, waiting: Arc<Waiting>) {
        lock(&self.waiting).push(waiting);
    }

    /// Takes the webhooks for one write, this one among them. If a caller was dropped before its webhook was taken, the webhook is not
    /// written. If a caller is dropped after it has taken others, their own callers apply these.
    fn take(&self, own: &Arc<Waiting>) -> Vec<Arc<Waiting>> {
        let mut waiting = lock(&self.waiting);
        waiting.retain(|other| !Arc::ptr_eq(other, own) && Arc::strong_count(other) > 1);
        let others = waiting.len().min(MAX_BATCH - 1);
        let mut batch = vec![Arc::clone(own)];
        batch.extend(waiting.drain(..others));
        batch
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
