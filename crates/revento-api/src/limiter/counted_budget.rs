//! Counts what is spent of one token's budget: in this process, or in the store that replicas share.
//!
//! While the shared store is not available, the process counts alone. Afterwards it adds what it has spent.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use revento_core::{
    Timestamp,
    limits::RateLimits,
    pacing::{Budget, Remaining, Ticket},
};
use revento_store::{BudgetSwapOutcome, BudgetWrite};
use tokio::sync::Mutex as FairMutex;

use super::{race_backoff::RaceBackoff, shared_store::SharedStore};
use crate::runtime::Runtime;

/// How often a write that lost against other replicas is repeated before this call is counted alone.
const MAX_SWAP_ATTEMPTS: usize = 32;
/// The longest pause between two races of a process.
const LONGEST_BACKOFF: Duration = Duration::from_millis(100);

/// The budget of one token.
pub(super) struct CountedBudget {
    key: String,
    limits: RateLimits,
    /// One write to the shared store at a time, so that the callers of one process do not race each other.
    writes: FairMutex<RaceBackoff>,
    state: Mutex<State>,
    shared: Option<Arc<SharedStore>>,
    runtime: Runtime,
}

struct State {
    budget: Budget,
    /// What the shared store held when this process reached it last.
    known: Option<Vec<u8>>,
    /// Calls that were dropped since.
    lost: Vec<(Ticket, Timestamp)>,
    /// One call finds out whether the store answers again.
    is_probing: bool,
}

impl CountedBudget {
    pub(super) fn new(
        key: String,
        limits: RateLimits,
        shared: Option<Arc<SharedStore>>,
        runtime: Runtime,
    ) -> Self {
        let state = State {
            budget: Budget::new(limits),
            known: None,
            lost: Vec::new(),
            is_probing: false,
        };
        Self {
            key,
            limits,
            writes: FairMutex::new(RaceBackoff::default()),
            state: Mutex::new(state),
            shared,
            runtime,
        }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(super) fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// What this process knows of the budget, without asking the shared store.
    pub(super) fn known<T>(&self, look: impl FnOnce(&Budget) -> T) -> T {
        look(&self.lock().budget)
    }

    pub(super) fn remaining(&self) -> Remaining {
        let now = self.runtime.now();
        self.known(|budget| budget.remaining(now))
    }

    /// A call was dropped. Nothing can be awaited here, so the shared store hears of it with the next write.
    pub(super) fn abandon(&self, ticket: Ticket) {
        let now = self.runtime.now();
        let mut state = self.lock();
        state.budget.abandon(ticket, now);
        if self.shared.is_some() {
            state.lost.push((ticket, now));
        }
    }

    /// How many bytes of memory it takes, itself included.
    pub(super) fn size_in_memory(&self) -> usize {
        let state = self.lock();
        let known = state.known.as_ref().map_or(0, Vec::capacity);
        size_of::<Self>() + self.key.capacity() + known + state.budget.size_in_memory() - size_of::<Budget>()
    }

    /// Changes the budget, in the shared store where there is one.
    pub(super) async fn update<T>(&self, mut change: impl FnMut(&mut Budget) -> T) -> T {
        let Some(shared) = &self.shared else {
            return change(&mut self.lock().budget);
        };
        let mut backoff = match self.writes.try_lock() {
            Ok(backoff) => backoff,
            Err(_) => {
                // Another call finds out whether the store answers again: nobody has to wait for that.
                if let Some(answer) = self.change_while_probing(&mut change) {
                    return answer;
                }
                self.writes.lock().await
            }
        };
        self.lock().is_probing = false;
        if !shared.is_worth_asking() || !self.is_available(shared).await {
            return self.count_alone(None, change);
        }
        backoff.wait(&self.runtime, LONGEST_BACKOFF).await;
        let begun = self.runtime.now();
        let answer = self.write_change(shared, change).await;
        backoff.won(begun, self.runtime.now());
        answer
    }

    fn change_while_probing<T>(&self, change: impl FnOnce(&mut Budget) -> T) -> Option<T> {
        let mut state = self.lock();
        state.is_probing.then(|| change(&mut state.budget))
    }

    /// Whether the store answers again. The probe writes what the store held last, so a lost answer does no harm.
    async fn is_available(&self, shared: &SharedStore) -> bool {
        let known = {
            let mut state = self.lock();
            if !state.budget.is_detached() {
                return true;
            }
            state.is_probing = true;
            state.known.clone()
        };
        let budget = self.read(known.as_deref());
        let bytes = budget.to_bytes();
        let outcome = shared
            .compare_and_swap(self.write(known.as_deref(), &bytes, &budget))
            .await;
        let mut state = self.lock();
        state.is_probing = false;
        match outcome {
            Ok(BudgetSwapOutcome::Swapped) => state.known = Some(bytes),
            Ok(BudgetSwapOutcome::Conflict(current)) => state.known = Some(current),
            Err(_) => return false,
        }
        true
    }

    /// Changes the shared budget, and adds what this process has spent since it reached the store last.
    async fn write_change<T>(&self, shared: &SharedStore, mut change: impl FnMut(&mut Budget) -> T) -> T {
        let mine = {
            let mut state = self.lock();
            let mine = state.budget.clone();
            // If the answer gets lost, counting twice is worse than not counting: the platform's headers correct that.
            state.budget.forget_ended();
            mine
        };
        for _ in 0..MAX_SWAP_ATTEMPTS {
            let (known, lost) = {
                let state = self.lock();
                (state.known.clone(), state.lost.clone())
            };
            let mut before = mine.merge(self.read(known.as_deref()));
            for (ticket, at) in &lost {
                before.abandon(*ticket, *at);
            }
            let mut budget = before.clone();
            let answer = change(&mut budget);
            let next = budget.to_bytes();
            match shared
                .compare_and_swap(self.write(known.as_deref(), &next, &budget))
                .await
            {
                Ok(BudgetSwapOutcome::Swapped) => {
                    let mut state = self.lock();
                    let written = lost.len().min(state.lost.len());
                    state.lost.drain(..written);
                    (state.budget, state.known) = (budget, Some(next));
                    return answer;
                }
                Ok(BudgetSwapOutcome::Conflict(current)) => self.lock().known = Some(current),
                Err(_) => return self.count_alone(Some(before), change),
            }
        }
        tracing::warn!(
            connection = self.key,
            "other replicas changed a rate budget before each write; this call is counted alone"
        );
        self.lock().budget = mine;
        self.count_alone(None, change)
    }

    /// Counts in this process, from what the replicas had in common last.
    fn count_alone<T>(&self, common: Option<Budget>, change: impl FnOnce(&mut Budget) -> T) -> T {
        let mut state = self.lock();
        if let Some(common) = common.filter(|_| !state.budget.is_detached()) {
            state.budget = common;
        }
        let lost = std::mem::take(&mut state.lost);
        state.budget.detach(self.runtime.random(), |budget| {
            for (ticket, at) in lost {
                budget.abandon(ticket, at);
            }
            change(budget)
        })
    }

    fn read(&self, bytes: Option<&[u8]>) -> Budget {
        let budget = bytes.and_then(Budget::from_bytes);
        budget.unwrap_or_else(|| Budget::new(self.limits))
    }

    fn write<'w>(&'w self, expected: Option<&'w [u8]>, next: &'w [u8], budget: &Budget) -> BudgetWrite<'w> {
        BudgetWrite {
            key: &self.key,
            expected,
            next,
            now: self.runtime.now(),
            idle_at: budget.idle_at(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
