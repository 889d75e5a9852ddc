//! The calls of one token, in the order in which they were made, and the budget that they spend.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::{Either, select};
use revento_core::{
    Timestamp,
    limits::RateLimits,
    pacing::{Budget, Decision, LimitedBy, RateLimitHeaders, Remaining, Ticket},
};
use tokio::sync::{Mutex as FairMutex, Notify};

use super::{Denied, Permit, race_backoff::RaceBackoff, shared_store::SharedStore};
use crate::{http::metrics, runtime::Runtime};

/// How often to look whether another replica has freed a place; a random share is added.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The calls of one token. Tokio's mutex is fair: it gives turns in the order in which they were asked for.
pub(super) struct TokenQueue {
    pub(super) key: String,
    pub(super) limits: RateLimits,
    turns: FairMutex<()>,
    /// One write to the shared store at a time, so that the callers of one process do not race each other.
    pub(super) writes: FairMutex<RaceBackoff>,
    waiting: AtomicUsize,
    freed: Notify,
    state: Mutex<State>,
    pub(super) shared: Option<Arc<SharedStore>>,
    pub(super) runtime: Runtime,
}

pub(super) struct State {
    pub(super) budget: Budget,
    /// What the shared store held when this process reached it last.
    pub(super) known: Option<Vec<u8>>,
    /// Calls that were dropped since.
    pub(super) lost: Vec<(Ticket, Timestamp)>,
    /// One call finds out whether the store answers again.
    pub(super) is_probing: bool,
}

impl TokenQueue {
    pub(super) fn new(
        key: String,
        limits: RateLimits,
        shared: Option<Arc<SharedStore>>,
        runtime: Runtime,
    ) -> Arc<Self> {
        let state = State {
            budget: Budget::new(limits),
            known: None,
            lost: Vec::new(),
            is_probing: false,
        };
        Arc::new(Self {
            key,
            limits,
            turns: FairMutex::new(()),
            writes: FairMutex::new(RaceBackoff::default()),
            waiting: AtomicUsize::new(0),
            freed: Notify::new(),
            state: Mutex::new(state),
            shared,
            runtime,
        })
    }

    /// Waits for a turn, first come, first served.
    pub(super) async fn turn(
        self: Arc<Self>,
        longest_queue: usize,
        give_up: Timestamp,
    ) -> Result<Permit, Denied> {
        let runtime = &self.runtime;
        let begun = runtime.now();
        let ahead = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if ahead > longest_queue {
            return Err(Denied::QueueFull { waiting: ahead });
        }
        if ahead > 0 {
            // A call that would wait in vain takes no place in the queue.
            self.check_wait(ahead, begun, give_up)?;
        }
        let _turn = match self.turns.try_lock() {
            Ok(turn) => turn,
            Err(_) => {
                let patience = give_up.saturating_since(begun);
                match runtime.timeout(patience, self.turns.lock()).await {
                    Ok(turn) => turn,
                    Err(_) => return Err(self.too_late()),
                }
            }
        };
        let mut at_least = begun;
        loop {
            // A clock that stands still or is set back does not undo a wait that is over.
            let now = runtime.now().max(at_least);
            match self.update(|budget| budget.ask(now)).await {
                Decision::Go(ticket) => {
                    metrics::budget_waited(now.saturating_since(begun));
                    return Ok(Permit::new(Arc::clone(&self), ticket));
                }
                Decision::Wait(wait) => {
                    // A place can become free at any time; the ends of all other waits are known.
                    if wait.until > give_up && (wait.limited_by != LimitedBy::InFlight || now >= give_up) {
                        return Err(Denied::TooLong {
                            ready_at: wait.until,
                            limited_by: wait.limited_by,
                        });
                    }
                    let until = wait.until.min(give_up);
                    if self.wait(until, wait.limited_by, now).await {
                        at_least = until;
                    }
                }
            }
        }
    }

    /// Whether the whole wait is over, and not only another call of this token.
    async fn wait(&self, until: Timestamp, limited_by: LimitedBy, now: Timestamp) -> bool {
        let whole = until.saturating_since(now);
        tracing::trace!(
            key = self.key,
            limited_by = limited_by.as_str(),
            ?whole,
            "waiting for the budget"
        );
        // No notification comes when a call of another replica ends.
        let poll = self.shared.is_some() && limited_by == LimitedBy::InFlight;
        let pause = if poll {
            whole.min(LOOK_AGAIN.saturating_add(self.runtime.jitter(LOOK_AGAIN)))
        } else {
            whole
        };
        let freed = std::pin::pin!(self.freed.notified());
        match select(self.runtime.sleep(pause), freed).await {
            Either::Left(_) => pause == whole,
            Either::Right(_) => false,
        }
    }

    /// A call was answered.
    pub(super) async fn answered(&self, ticket: Ticket, limits: &RateLimitHeaders) {
        let now = self.runtime.now();
        self.report(|budget| budget.done(ticket, now, limits)).await;
    }

    /// A call never left this machine.
    pub(super) async fn unsent(&self, ticket: Ticket) {
        self.report(|budget| budget.unsent(ticket)).await;
    }

    async fn report(&self, change: impl FnMut(&mut Budget)) {
        self.update(change).await;
        metrics::budget_left(&self.left());
        self.freed.notify_one();
    }

    /// A call was dropped. Nothing can be awaited here, so the shared store hears of it with the next write.
    pub(super) fn lost(&self, ticket: Ticket) {
        let now = self.runtime.now();
        let mut state = self.locked();
        state.budget.lost(ticket, now);
        if self.shared.is_some() {
            state.lost.push((ticket, now));
        }
        drop(state);
        self.freed.notify_one();
    }

    fn check_wait(&self, ahead: usize, now: Timestamp, give_up: Timestamp) -> Result<(), Denied> {
        let ready_at = self.locked().budget.ready_at(ahead, now);
        if ready_at > give_up {
            let limited_by = LimitedBy::Hour;
            return Err(Denied::TooLong { ready_at, limited_by });
        }
        Ok(())
    }

    fn too_late(&self) -> Denied {
        let ahead = self.waiting.load(Ordering::Relaxed);
        Denied::TooLong {
            ready_at: self.locked().budget.ready_at(ahead, self.runtime.now()),
            limited_by: LimitedBy::Minute,
        }
    }

    pub(super) fn left(&self) -> Remaining {
        self.locked().budget.remaining(self.runtime.now())
    }

    pub(super) fn ready_at(&self, calls: usize) -> Timestamp {
        let ahead = self.waiting.load(Ordering::Relaxed).saturating_add(calls);
        let now = self.runtime.now();
        self.locked().budget.ready_at(ahead.saturating_sub(1), now)
    }

    pub(super) fn is_idle(&self, now: Timestamp) -> bool {
        self.waiting.load(Ordering::Relaxed) == 0 && self.locked().budget.idle_at() <= now
    }

    pub(super) fn size_in_memory(&self) -> usize {
        let state = self.locked();
        let known = state.known.as_ref().map_or(0, Vec::capacity);
        size_of::<Self>() + self.key.capacity() + known + state.budget.size_in_memory() - size_of::<Budget>()
    }

    pub(super) fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue.
struct Waiting<'q>(&'q AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for TokenQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenQueue")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
