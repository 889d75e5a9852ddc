//! The calls of one token, in the order they came.

mod exchange;

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
    pacing::{Budget, Decision, LimitedBy, Remaining, Ticket},
};
use tokio::sync::{Mutex as Turns, Notify};

use self::exchange::Manners;
use super::{Denied, Permit, sharing::Sharing};
use crate::{client::Shared, meter};

/// How often to look whether another replica has freed a place; a random share is added.
const LOOK: Duration = Duration::from_millis(100);

/// One token's calls. Tokio's mutex gives turns in the order in which they were asked for.
pub(crate) struct Lane {
    key: String,
    limits: RateLimits,
    turns: Turns<()>,
    /// One exchange at a time, so that the callers of one process do not race each other.
    exchanges: Turns<Manners>,
    waiting: AtomicUsize,
    freed: Notify,
    state: Mutex<State>,
    sharing: Option<Arc<Sharing>>,
}

struct State {
    budget: Budget,
    /// What the store held when it was last seen.
    known: Option<Vec<u8>>,
    /// Calls that were dropped since.
    lost: Vec<(Ticket, Timestamp)>,
    /// Somebody finds out whether the store is back.
    asking: bool,
}

impl Lane {
    pub(super) fn new(key: String, limits: RateLimits, sharing: Option<Arc<Sharing>>) -> Arc<Self> {
        let state = State {
            budget: Budget::new(limits),
            known: None,
            lost: Vec::new(),
            asking: false,
        };
        Arc::new(Self {
            key,
            limits,
            turns: Turns::new(()),
            exchanges: Turns::new(Manners::default()),
            waiting: AtomicUsize::new(0),
            freed: Notify::new(),
            state: Mutex::new(state),
            sharing,
        })
    }

    /// Waits for a turn, first come, first served.
    pub(super) async fn turn(
        self: Arc<Self>,
        client: &Arc<Shared>,
        longest_queue: usize,
        give_up: Timestamp,
    ) -> Result<Permit, Denied> {
        let begun = client.clock.now();
        let ahead = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if ahead > longest_queue {
            return Err(Denied::QueueFull { waiting: ahead });
        }
        if ahead > 0 {
            // Known to be in vain: not worth a place in the queue.
            self.in_time(ahead, begun, give_up)?;
        }
        let _turn = match self.turns.try_lock() {
            Ok(turn) => turn,
            Err(_) => {
                let patience = client.timer.sleep(give_up.saturating_since(begun));
                match select(Box::pin(self.turns.lock()), patience).await {
                    Either::Left((turn, _)) => turn,
                    Either::Right(_) => return Err(self.too_late(client.clock.now())),
                }
            }
        };
        let mut at_least = begun;
        loop {
            // A clock that stands still or goes back does not undo a wait that is over.
            let now = client.clock.now().max(at_least);
            match self.update(client, |budget| budget.ask(now)).await {
                Decision::Go(ticket) => {
                    meter::waited(now.saturating_since(begun));
                    return Ok(Permit::new(Arc::clone(&self), ticket, Arc::clone(client)));
                }
                Decision::Wait(wait) => {
                    // A place can be free at any time; everything else is known.
                    if wait.until > give_up && (wait.limited_by != LimitedBy::InFlight || now >= give_up) {
                        return Err(Denied::TooLong {
                            ready_at: wait.until,
                            why: wait.limited_by,
                        });
                    }
                    let until = wait.until.min(give_up);
                    if self.wait(client, until, wait.limited_by, now).await {
                        at_least = until;
                    }
                }
            }
        }
    }

    /// Whether the whole wait is over, not only a call of this token.
    async fn wait(&self, client: &Shared, until: Timestamp, why: LimitedBy, now: Timestamp) -> bool {
        let whole = until.saturating_since(now);
        tracing::trace!(
            key = self.key,
            why = why.as_str(),
            ?whole,
            "waiting for the budget"
        );
        // Nobody tells when a call of another replica ends.
        let poll = self.sharing.is_some() && why == LimitedBy::InFlight;
        let pause = if poll {
            whole.min(LOOK.saturating_add(client.share_of(LOOK)))
        } else {
            whole
        };
        let freed = std::pin::pin!(self.freed.notified());
        match select(client.timer.sleep(pause), freed).await {
            Either::Left(_) => pause == whole,
            Either::Right(_) => false,
        }
    }

    /// Says what became of a call.
    pub(super) async fn report(&self, client: &Shared, change: impl FnMut(&mut Budget)) {
        self.update(client, change).await;
        meter::left(&self.locked().budget.remaining(client.clock.now()));
        self.freed.notify_one();
    }

    /// The same for a call that was dropped, when nothing can be awaited.
    pub(super) fn lost(&self, ticket: Ticket, now: Timestamp) {
        let mut state = self.locked();
        state.budget.lost(ticket, now);
        if self.sharing.is_some() {
            state.lost.push((ticket, now));
        }
        drop(state);
        self.freed.notify_one();
    }

    fn in_time(&self, ahead: usize, now: Timestamp, give_up: Timestamp) -> Result<(), Denied> {
        let ready_at = self.locked().budget.ready_at(ahead, now);
        if ready_at > give_up {
            let why = LimitedBy::Hour;
            return Err(Denied::TooLong { ready_at, why });
        }
        Ok(())
    }

    fn too_late(&self, now: Timestamp) -> Denied {
        let ahead = self.waiting.load(Ordering::Relaxed);
        Denied::TooLong {
            ready_at: self.locked().budget.ready_at(ahead, now),
            why: LimitedBy::Minute,
        }
    }

    pub(super) fn left(&self, now: Timestamp) -> Remaining {
        self.locked().budget.remaining(now)
    }

    pub(super) fn ready_at(&self, calls: usize, now: Timestamp) -> Timestamp {
        let ahead = self.waiting.load(Ordering::Relaxed).saturating_add(calls);
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

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue.
struct Waiting<'l>(&'l AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
