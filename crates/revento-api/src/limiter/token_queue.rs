//! The calls of one token, in the order in which they were made.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::future::{Either, select};
use revento_core::{
    Timestamp,
    pacing::{Budget, Decision, LimitedBy, RateLimitHeaders, Remaining, Ticket},
};
use tokio::sync::{Mutex as FairMutex, Notify};

use super::{counted_budget::CountedBudget, denied::Denied};
use crate::http::metrics;

/// How often to look whether another replica has freed a place; a random share is added.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The calls of one token. Tokio's mutex is fair: it gives turns in the order in which they were asked for.
pub(super) struct TokenQueue {
    budget: CountedBudget,
    turns: FairMutex<()>,
    waiting: AtomicUsize,
    freed: Notify,
}

impl TokenQueue {
    pub(super) fn new(budget: CountedBudget) -> Self {
        Self {
            budget,
            turns: FairMutex::new(()),
            waiting: AtomicUsize::new(0),
            freed: Notify::new(),
        }
    }

    /// Waits for a turn, first come, first served.
    pub(super) async fn turn(&self, longest_queue: usize, give_up: Timestamp) -> Result<Ticket, Denied> {
        let runtime = self.budget.runtime();
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
            match self.budget.update(|budget| budget.try_acquire(now)).await {
                Decision::Go(ticket) => {
                    metrics::budget_waited(now.saturating_since(begun));
                    return Ok(ticket);
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
        let runtime = self.budget.runtime();
        let whole = until.saturating_since(now);
        tracing::trace!(
            connection = self.budget.key(),
            limited_by = limited_by.as_str(),
            wait = ?whole,
            "waiting for the budget"
        );
        // No notification comes when a call of another replica ends.
        let poll = self.budget.is_shared() && limited_by == LimitedBy::InFlight;
        let pause = if poll {
            whole.min(LOOK_AGAIN.saturating_add(runtime.jitter(LOOK_AGAIN)))
        } else {
            whole
        };
        let freed = std::pin::pin!(self.freed.notified());
        match select(runtime.sleep(pause), freed).await {
            Either::Left(_) => pause == whole,
            Either::Right(_) => false,
        }
    }

    /// A call was answered.
    pub(super) async fn answered(&self, ticket: Ticket, limits: &RateLimitHeaders) {
        let now = self.budget.runtime().now();
        self.report(|budget| budget.complete(ticket, now, limits)).await;
    }

    /// A call never left this machine.
    pub(super) async fn unsent(&self, ticket: Ticket) {
        self.report(|budget| budget.unsent(ticket)).await;
    }

    async fn report(&self, change: impl FnMut(&mut Budget)) {
        self.budget.update(change).await;
        metrics::budget_remaining(&self.remaining());
        self.freed.notify_one();
    }

    /// A call was dropped.
    pub(super) fn abandon(&self, ticket: Ticket) {
        self.budget.abandon(ticket);
        self.freed.notify_one();
    }

    fn check_wait(&self, ahead: usize, now: Timestamp, give_up: Timestamp) -> Result<(), Denied> {
        let wait = self.budget.known(|budget| budget.forecast(ahead, now));
        match wait {
            Some(wait) if wait.until > give_up => Err(Denied::TooLong {
                ready_at: wait.until,
                limited_by: wait.limited_by,
            }),
            _ => Ok(()),
        }
    }

    fn too_late(&self) -> Denied {
        let now = self.budget.runtime().now();
        let ahead = self.waiting.load(Ordering::Relaxed);
        let wait = self.budget.known(|budget| budget.forecast(ahead, now));
        Denied::TooLong {
            ready_at: wait.map_or(now, |wait| wait.until),
            // When the budgets let the call go, the calls before it are still under way.
            limited_by: wait.map_or(LimitedBy::InFlight, |wait| wait.limited_by),
        }
    }

    pub(super) fn remaining(&self) -> Remaining {
        self.budget.remaining()
    }

    pub(super) fn ready_at(&self, calls: usize) -> Timestamp {
        let ahead = self.waiting.load(Ordering::Relaxed).saturating_add(calls);
        let now = self.budget.runtime().now();
        self.budget
            .known(|budget| budget.ready_at(ahead.saturating_sub(1), now))
    }

    pub(super) fn is_idle(&self, now: Timestamp) -> bool {
        self.waiting.load(Ordering::Relaxed) == 0 && self.budget.known(Budget::idle_at) <= now
    }

    pub(super) fn size_in_memory(&self) -> usize {
        size_of::<Self>() - size_of::<CountedBudget>() + self.budget.size_in_memory()
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
            .field("key", &self.budget.key())
            .finish_non_exhaustive()
    }
}
