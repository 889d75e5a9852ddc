//! The worker.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    time::Duration,
};

use futures_util::{
    TryStreamExt as _,
    future::{Either, select},
};
use revento_core::{EventId, Timestamp, error::chain};
use tokio::time::sleep;

use crate::{
    Mirror, MirrorError,
    advance::HeldClaim,
    mirror::event_of,
    store::{MirrorWrite, Wish, WriteOutcome},
};

/// How often the worker looks for connections and wishes of other replicas.
const LOOK: Duration = Duration::from_secs(60);
/// The pause after the first failure. It doubles with each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// How often the change feed is shortened.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);

/// When an event is due, and how often it has failed.
#[derive(Debug, Default, Clone, Copy)]
struct Due {
    at: Option<Timestamp>,
    failures: u32,
}

impl Mirror {
    /// Keeps the mirrors of all connected events in sync, until `stop` completes. Run it in every replica, as a task of its own:
    ///
    /// ```no_run
    /// # async fn example(mirror: revento_mirror::Mirror, stop: impl Future<Output = ()> + Send + 'static) {
    /// tokio::spawn(async move { mirror.run(stop).await });
    /// # }
    /// ```
    ///
    /// It begins with an event as soon as this process has connected it or gets its first webhook, and looks for what other replicas
    /// have connected once a minute. It reads what is due, one event after the other, and forgets old changes. When the store or the
    /// platform fails, it logs a warning and tries again, after 30 seconds at first and after an hour at most. When it is stopped in the
    /// middle of a read, it releases its claim, and the next run goes on at the same page, in any replica.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let held = HeldClaim::default();
        match select(pin!(self.work(&held)), pin!(stop)).await {
            Either::Left(((), _)) | Either::Right(((), _)) => {}
        }
        // `select` has dropped the work: nothing writes under the claim any more.
        if let Some((event_id, fence, _)) = held.take()
            && let Err(error) = self.0.store.release(&event_id, fence).await
        {
            tracing::warn!(%event_id, error = %chain(&error), "the mirror cannot release its claim, which expires by itself");
        }
    }

    async fn work(&self, held: &HeldClaim) {
        let mut due = BTreeMap::<EventId, Due>::new();
        let mut forgotten_at = None;
        loop {
            let now = self.now();
            // From here on, so that no connection is missed that is made after they were listed.
            let connected = self.0.client.connected();
            match self.known_events().await {
                Ok(events) => {
                    due.retain(|event_id, _| events.contains(event_id));
                    for event_id in events {
                        due.entry(event_id).or_default();
                    }
                }
                Err(error) => tracing::warn!(error = %chain(&error), "the mirror cannot list its events"),
            }
            for (event_id, due) in &mut due {
                self.work_on(event_id, due, held).await;
            }
            if forgotten_at.is_none_or(|at| now.saturating_since(at) >= FORGET_EVERY) {
                forgotten_at = Some(now);
                self.forget().await;
            }
            let next = due.values().filter_map(|due| due.at).min();
            let pause = next.map_or(LOOK, |at| at.saturating_since(self.now())).min(LOOK);
            tokio::select! {
                () = sleep(pause) => {}
                () = self.0.work.notified() => {}
                () = connected => {}
            }
        }
    }

    /// Does what is due for one event.
    async fn work_on(&self, event_id: &EventId, due: &mut Due, held: &HeldClaim) {
        let now = self.now();
        // A webhook may have wished a read since, so a time without a failure is only a hint.
        if due.failures > 0 && due.at.is_some_and(|at| at > now) {
            return;
        }
        let advanced = self.advance_holding(event_id, held).await;
        let released = self.release(held).await;
        *due = match advanced.and_then(|at| released.map(|()| at)) {
            Ok(at) => Due {
                at: Some(at),
                failures: 0,
            },
            Err(error) => {
                let pause = FIRST_PAUSE
                    .saturating_mul(1 << due.failures.min(10))
                    .min(LONGEST_PAUSE);
                tracing::warn!(%event_id, error = %chain(&error), ?pause, "the mirror of an event pauses after a failure");
                Due {
                    at: Some(self.now().saturating_add(pause)),
                    failures: due.failures.saturating_add(1),
                }
            }
        };
    }

    /// The events that are mirrored, and those that are connected and will be.
    async fn known_events(&self) -> Result<BTreeSet<EventId>, MirrorError> {
        let mut events: BTreeSet<EventId> = self
            .all_events()
            .await?
            .into_iter()
            .map(|event| event.event_id)
            .collect();
        let mut connections = self.0.client.connections();
        while let Some(connection) = connections.try_next().await? {
            if let Some(event_id) = event_of(&connection)
                && connection.status.is_live()
                && (self.0.accepts)(&connection)
            {
                events.insert(event_id.clone());
            }
        }
        Ok(events)
    }

    async fn forget(&self) {
        let before = self.now().saturating_sub(self.0.keep_changes);
        match self.0.store.forget_changes(before).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "the mirror has forgotten old changes"),
            Err(error) => tracing::warn!(error = %chain(&error), "the mirror cannot forget old changes"),
        }
    }

    /// Asks for a read before the next reconciliation, for example after an outage in which webhooks may be lost. Any replica may make
    /// it. It begins [`complete_within`](crate::MirrorBuilder::complete_within) after this call, and takes the place of a
    /// reconciliation that is under way. While another read is under way, and for that time after a read is complete, it waits. Returns
    /// `false` if the event is not mirrored, or if its connection ends meanwhile.
    ///
    /// # Errors
    /// The store failed. Call again.
    pub async fn wish_read(&self, event_id: impl Into<EventId>) -> Result<bool, MirrorError> {
        let event_id = event_id.into();
        let at = self.now();
        let Some(event) = self.0.store.load(&event_id, &[]).await?.event else {
            return Ok(false);
        };
        let write = MirrorWrite {
            wish: Wish::Since(at),
            ..MirrorWrite::nothing(&event, at)
        };
        let outcome = self.0.store.write(&write).await?;
        Ok(matches!(outcome, WriteOutcome::Written { .. }))
    }
}
