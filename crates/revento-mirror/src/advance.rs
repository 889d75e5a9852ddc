//! Doing what is due for one event: following its connection, and reading.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use revento_core::{Connection, ConnectionStatus, EventId, Timestamp};
use revento_store::Fence;

use crate::{
    Mirror, MirrorError,
    machine::{
        merge::not_shown,
        pass::{self, Next},
        progress::{Progress, Reason},
    },
    store::{Condition, MirrorWrite, MirroredEvent, ReadClaim, ResourceKind, RowQuery, Wish, WriteOutcome},
};

/// How long a claim lasts. Its holder prolongs it before each step, and writes nothing after somebody else has it.
const CLAIM: Duration = Duration::from_secs(5 * 60);
/// How many rows are compared at once.
pub(crate) const SLICE: usize = 64;
/// When to look again at an event whose connection has ended.
const LOOK_AGAIN: Duration = Duration::from_secs(10 * 60);

/// One event under a claim.
pub(crate) struct Turn<'m> {
    pub(crate) mirror: &'m Mirror,
    pub(crate) event: MirroredEvent,
    pub(crate) progress: Progress,
    pub(crate) fence: Fence,
    pub(crate) claimed_until: Timestamp,
}

/// The event that is advanced, the claim on it, and the end of the claim. Whoever drops the work in the middle finds it here.
#[derive(Default)]
pub(crate) struct HeldClaim(Mutex<Option<(EventId, Fence, Timestamp)>>);

impl HeldClaim {
    fn get(&self) -> Option<(Fence, Timestamp)> {
        self.lock().as_ref().map(|(_, fence, until)| (*fence, *until))
    }

    fn set(&self, claim: Option<(EventId, Fence, Timestamp)>) {
        *self.lock() = claim;
    }

    pub(crate) fn take(&self) -> Option<(EventId, Fence, Timestamp)> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<(EventId, Fence, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether to go on with the same event.
pub(crate) enum Step {
    Again,
    /// Nothing is due before this time.
    Until(Timestamp),
}

impl Mirror {
    /// Does everything that is due for an event. Returns the time at which something is due again. [`run`](Self::run) calls it for all
    /// events; call it yourself where no process runs for long.
    ///
    /// It begins to mirror an event whose organizer has connected, reads what is due, and stops when the connection has ended. Of any
    /// number of replicas one reads an event at a time; the others return the time at which its claim ends.
    ///
    /// # Errors
    /// The store or the platform failed. Everything up to the last page is kept: call again later.
    pub async fn advance(&self, event_id: &EventId) -> Result<Timestamp, MirrorError> {
        let held = HeldClaim::default();
        let done = self.advance_holding(event_id, &held).await;
        let released = self.release(&held).await;
        let until = done?;
        released?;
        Ok(until)
    }

    /// [`advance`](Self::advance) without the release of what is in `held`.
    pub(crate) async fn advance_holding(
        &self,
        event_id: &EventId,
        held: &HeldClaim,
    ) -> Result<Timestamp, MirrorError> {
        let is_known = self.0.store.load(event_id, &[]).await?.event.is_some();
        if !is_known && !self.begin_if_connected(event_id).await? {
            return Ok(self.now().saturating_add(LOOK_AGAIN));
        }
        self.advance_claimed(event_id, held).await
    }

    /// Releases a claim, if there is one.
    pub(crate) async fn release(&self, held: &HeldClaim) -> Result<(), MirrorError> {
        if let Some((event_id, fence, _)) = held.take() {
            self.0.store.release(&event_id, fence).await?;
        }
        Ok(())
    }

    /// Begins to mirror an event that is not known, if it has a live connection that the mirror follows. Returns whether it has.
    pub(crate) async fn begin_if_connected(&self, event_id: &EventId) -> Result<bool, MirrorError> {
        let connection = self.0.client.connection(event_id.clone()).await?;
        let Some(live) = connection.filter(|it| it.status.is_live() && (self.0.accepts)(it)) else {
            return Ok(false);
        };
        let progress = Progress::new(live.consented_at);
        // Another replica may have begun first.
        self.0.store.begin(event_id, &progress.to_json()).await?;
        Ok(true)
    }

    async fn advance_claimed(&self, event_id: &EventId, held: &HeldClaim) -> Result<Timestamp, MirrorError> {
        loop {
            let now = self.now();
            // What is not due needs no claim.
            if held.get().is_none()
                && let Some(until) = self.waits_until(event_id, now).await?
            {
                return Ok(until);
            }
            let (fence, event) = match self.hold_claim(event_id, held, now).await? {
                ReadClaim::Granted { fence, event } => (fence, event),
                ReadClaim::Held { until } => return Ok(until),
                ReadClaim::Unknown => return Ok(now.saturating_add(LOOK_AGAIN)),
            };
            let progress = Progress::of(&event)?;
            let mut turn = Turn {
                mirror: self,
                event,
                progress,
                fence,
                claimed_until: held.get().map_or(now, |(_, until)| until),
            };
            match turn.step().await? {
                Step::Again => {}
                Step::Until(until) => return Ok(until),
            }
        }
    }

    /// Claims the event, or prolongs the claim when half of its time is over.
    async fn hold_claim(
        &self,
        event_id: &EventId,
        held: &HeldClaim,
        now: Timestamp,
    ) -> Result<ReadClaim, MirrorError> {
        if let Some((fence, until)) = held.get()
            && until.saturating_since(now) > CLAIM / 2
        {
            let event = self.0.store.load(event_id, &[]).await?.event;
            return Ok(event.map_or(ReadClaim::Unknown, |event| ReadClaim::Granted { fence, event }));
        }
        let until = now.saturating_add(CLAIM);
        let claim = self
            .0
            .store
            .claim(event_id, held.get().map(|(fence, _)| fence), now, until)
            .await?;
        held.set(match &claim {
            ReadClaim::Granted { fence, .. } => Some((event_id.clone(), *fence, until)),
            ReadClaim::Held { .. } | ReadClaim::Unknown => None,
        });
        Ok(claim)
    }

    /// Until when nothing is due, if that is so.
    async fn waits_until(
        &self,
        event_id: &EventId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, MirrorError> {
        let Some(event) = self.0.store.load(event_id, &[]).await?.event else {
            return Ok(Some(now.saturating_add(LOOK_AGAIN)));
        };
        let progress = Progress::of(&event)?;
        let connection = self.0.client.connection(event_id.clone()).await?;
        if connection_changed(&progress, connection.as_ref(), now) {
            return Ok(None);
        }
        let is_live = connection.is_some_and(|it| it.status.is_live());
        Ok(match pass::next(&progress, event.wished_at, now, &self.0.rules) {
            Next::WaitUntil(until) => Some(until),
            Next::Rest => Some(now.saturating_add(LOOK_AGAIN)),
            _ if !is_live => Some(now.saturating_add(LOOK_AGAIN)),
            _ => None,
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.client.now()
    }
}

/// Whether the connection is in another state than the notes say.
fn connection_changed(progress: &Progress, connection: Option<&Connection>, now: Timestamp) -> bool {
    let Some(connection) = connection else {
        return false;
    };
    if connection.status.is_live() {
        return connection.consented_at > progress.consented_at;
    }
    match &progress.ended {
        None => is_ended_for_good(connection),
        Some(ended) => !ended.is_wiped && wipe_is_due(connection, now),
    }
}

/// Whether the cached data has to be deleted. A connection that only needs a new consent keeps it.
fn is_ended_for_good(connection: &Connection) -> bool {
    matches!(
        connection.status,
        ConnectionStatus::Revoked | ConnectionStatus::Deleted
    )
}

/// Whether the mirror wipes on its own, because no webhook told of a deadline: a day before the 30 days are over.
fn wipe_is_due(connection: &Connection, now: Timestamp) -> bool {
    let day = Duration::from_secs(24 * 60 * 60);
    connection
        .delete_by
        .is_some_and(|deadline| deadline.saturating_sub(day) <= now)
}

impl Turn<'_> {
    /// Makes one step.
    async fn step(&mut self) -> Result<Step, MirrorError> {
        let now = self.mirror.now();
        let connection = self
            .mirror
            .0
            .client
            .connection(self.event.event_id.clone())
            .await?;
        if connection_changed(&self.progress, connection.as_ref(), now)
            && let Some(connection) = connection
        {
            return self.follow_connection(&connection).await;
        }
        if !connection.is_some_and(|it| it.status.is_live()) {
            return Ok(Step::Until(now.saturating_add(LOOK_AGAIN)));
        }
        match pass::next(&self.progress, self.event.wished_at, now, &self.mirror.0.rules) {
            Next::Rest => Ok(Step::Until(now.saturating_add(LOOK_AGAIN))),
            Next::WaitUntil(until) => Ok(Step::Until(until)),
            Next::Begin(reason) => self.begin(reason, now).await,
            Next::Page(kind, cursor) => self.read_pages(kind, cursor).await,
            Next::Sweep(kind, after) => self.sweep(kind, after, now).await,
        }
    }

    async fn begin(&mut self, reason: Reason, now: Timestamp) -> Result<Step, MirrorError> {
        tracing::debug!(event_id = %self.event.event_id, ?reason, "the mirror begins to read");
        let progress = pass::begin(&self.progress, reason, now, &self.mirror.0.rules);
        // This read fulfils the wishes until now. A later one gets a read of its own, because this one may be past its row.
        self.note(progress, Wish::Clear, false).await
    }

    /// The connection has ended, or there is a new consent.
    async fn follow_connection(&mut self, connection: &Connection) -> Result<Step, MirrorError> {
        let event_id = self.event.event_id.clone();
        match &self.progress.ended {
            None if connection.status.is_live() => {
                tracing::info!(%event_id, "the organizer has consented again: the mirror reads everything again");
                let progress = Progress {
                    consented_at: connection.consented_at,
                    current: None,
                    complete: None,
                    ..self.progress.clone()
                };
                self.note(progress, Wish::Clear, false).await
            }
            None => {
                tracing::warn!(%event_id, "the connection has ended: the mirror stops, and its data has to be wiped");
                let progress = self.progress.ended_at(connection.status_since);
                self.note(progress, Wish::Clear, true).await
            }
            // No data of an ended connection is carried over to a new one.
            Some(ended) if !ended.is_wiped => {
                self.mirror.wipe_ended(&event_id).await?;
                Ok(Step::Again)
            }
            Some(_) => {
                let progress = Progress {
                    last_pass: self.progress.last_pass,
                    ..Progress::new(connection.consented_at)
                };
                self.note(progress, Wish::Clear, false).await
            }
        }
    }

    /// Writes notes only.
    pub(crate) async fn note(
        &mut self,
        progress: Progress,
        wish: Wish,
        ends_epoch: bool,
    ) -> Result<Step, MirrorError> {
        let write = MirrorWrite {
            wish,
            ends_epoch,
            progress: Some(progress.to_json()),
            ..self.empty_write()
        };
        self.write(&write).await
    }

    pub(crate) fn empty_write(&self) -> MirrorWrite {
        MirrorWrite {
            fence: Some(self.fence),
            ..MirrorWrite::nothing(&self.event, self.mirror.now())
        }
    }

    /// Writes. Whatever the outcome, the next step begins with what is stored then.
    async fn write(&mut self, write: &MirrorWrite) -> Result<Step, MirrorError> {
        let outcome = self.write_rows(write).await?;
        Ok(self.step_after(outcome))
    }

    /// Writes, and wakes those who wait for changes.
    pub(crate) async fn write_rows(&self, write: &MirrorWrite) -> Result<WriteOutcome, MirrorError> {
        let outcome = self.mirror.0.store.write(write).await?;
        let is_written = matches!(outcome, WriteOutcome::Written { .. });
        if is_written && write.rows.iter().any(|row| row.is_announced) {
            self.mirror.0.changed.notify_waiters();
        }
        Ok(outcome)
    }

    pub(crate) fn step_after(&self, outcome: WriteOutcome) -> Step {
        match outcome {
            // Another replica reads now.
            WriteOutcome::Fenced => Step::Until(self.mirror.now().saturating_add(CLAIM)),
            WriteOutcome::Written { .. } | WriteOutcome::Conflict | WriteOutcome::OtherEpoch => Step::Again,
        }
    }

    /// Whether the claim need not be prolonged yet.
    pub(crate) fn claim_is_fresh(&self) -> bool {
        self.claimed_until.saturating_since(self.mirror.now()) > CLAIM / 2
    }

    /// Compares the next rows with what the read has shown.
    async fn sweep(
        &mut self,
        kind: ResourceKind,
        after: Option<Box<str>>,
        now: Timestamp,
    ) -> Result<Step, MirrorError> {
        let pass_number = self.progress.last_pass;
        let Some(began) = pass::sweep_began(&self.progress) else {
            let progress = pass::swept(&self.progress, None, 0, 0, now);
            return self.note(progress, Wish::Keep, false).await;
        };
        let query = RowQuery {
            event_id: self.event.event_id.clone(),
            kind,
            conditions: vec![Condition::NotShownBy(pass_number)],
            after,
            limit: SLICE,
        };
        let unseen = self.mirror.0.store.rows(&query).await?;
        let last = unseen.last().map(|stored| stored.row.id.clone());
        let last = last.filter(|_| unseen.len() == SLICE);
        let rows: Vec<_> = unseen
            .into_iter()
            .filter_map(|stored| not_shown(stored, pass_number, began))
            .collect();
        let removed = rows.iter().filter(|row| row.after.is_none()).count() as u64;
        let newly_missing = rows.len() as u64 - removed;
        let progress = pass::swept(&self.progress, last, newly_missing, removed, now);
        let write = MirrorWrite {
            progress: Some(progress.to_json()),
            rows,
            ..self.empty_write()
        };
        self.write(&write).await
    }
}
