//! The deliveries that a runner has leased and not finished.

use std::{future::ready, sync::atomic::AtomicBool};

use futures_util::{
    future::BoxFuture,
    stream::{FuturesUnordered, StreamExt},
};
use tokio::time::Instant;

use crate::{
    Handlers,
    attempt::{Attempt, attempt},
    lease::Leased,
    lease_schedule::LeaseSchedule,
    outcome::{Outcome, store_and_report},
    shared::Shared,
};

/// How many successful attempts may wait for the store. Their slots are free already, so that the store gets them in groups.
const MAX_COMPLETING: usize = 256;

/// The deliveries in progress. They go on only while one of the methods is awaited.
pub(crate) struct InProgress<'a> {
    shared: &'a Shared,
    handlers: &'a Handlers,
    /// When it is set, a store that fails is not asked again for an outcome.
    stopping: &'a AtomicBool,
    /// Handlers run.
    handling: FuturesUnordered<BoxFuture<'a, Attempt>>,
    /// The handlers succeeded, and the store is told.
    completing: FuturesUnordered<BoxFuture<'a, Outcome>>,
    /// The handlers failed, the store is told, and then the failure hook. Each takes up a slot, because the hook is the integration's
    /// code like a handler.
    failing: FuturesUnordered<BoxFuture<'a, Outcome>>,
    tally: Tally,
    /// The outcomes that the schedule does not know yet.
    unreported: Vec<Outcome>,
}

/// How many attempts have ended in which way.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) begun: usize,
    pub(crate) handled: usize,
    pub(crate) failed: usize,
}

impl<'a> InProgress<'a> {
    pub(crate) fn new(shared: &'a Shared, handlers: &'a Handlers, stopping: &'a AtomicBool) -> Self {
        Self {
            shared,
            handlers,
            stopping,
            handling: FuturesUnordered::new(),
            completing: FuturesUnordered::new(),
            failing: FuturesUnordered::new(),
            tally: Tally::default(),
            unreported: Vec::new(),
        }
    }

    /// How many deliveries may begin.
    pub(crate) fn room(&self) -> usize {
        let taken = self.handling.len() + self.failing.len();
        let free = self.shared.policy.slots().saturating_sub(taken);
        free.min(MAX_COMPLETING.saturating_sub(self.completing.len()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.handling.is_empty() && self.completing.is_empty() && self.failing.is_empty()
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// Begins to handle deliveries.
    pub(crate) fn begin(&mut self, leased: Vec<Leased>) {
        self.tally.begun += leased.len();
        for delivery in leased {
            let attempt = attempt(self.shared, self.handlers, delivery);
            self.handling.push(Box::pin(attempt));
        }
    }

    /// Waits until a step of a delivery has ended. `None` if nothing is in progress. Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> Option<()> {
        tokio::select! {
            Some(attempt) = self.handling.next() => self.tell_store(attempt),
            Some(outcome) = self.completing.next() => self.note(outcome),
            Some(outcome) = self.failing.next() => self.note(outcome),
            else => return None,
        }
        Some(())
    }

    /// Goes on as far as possible without waiting, and tells the schedule what has happened.
    pub(crate) async fn settle(&mut self, schedule: &mut LeaseSchedule) {
        loop {
            tokio::select! {
                biased;
                Some(()) = self.next() => {}
                () = ready(()) => break,
            }
        }
        for outcome in self.unreported.drain(..) {
            match outcome {
                Outcome::Handled | Outcome::Buried => schedule.left_queue(),
                Outcome::Retry(at) => {
                    let delay = at.saturating_since(self.shared.clock.now());
                    schedule.retry_in(delay, Instant::now());
                }
                Outcome::Unknown => {}
            }
        }
    }

    /// Awaits `work` while the deliveries go on: one of them may hold the database connection that `work` waits for.
    pub(crate) async fn drive<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                Some(()) = self.next() => {}
            }
        }
    }

    fn tell_store(&mut self, attempt: Attempt) {
        let has_failed = !attempt.errors.is_empty();
        let outcome = Box::pin(store_and_report(
            self.shared,
            self.handlers,
            attempt,
            self.stopping,
        ));
        if has_failed {
            self.failing.push(outcome);
        } else {
            self.completing.push(outcome);
        }
    }

    fn note(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Handled => self.tally.handled += 1,
            Outcome::Retry(_) | Outcome::Buried => self.tally.failed += 1,
            Outcome::Unknown => {}
        }
        self.unreported.push(outcome);
    }
}
