//! Changes a budget in the shared store, or in this process alone while the store is not available.

use revento_core::pacing::Budget;
use revento_store::{BudgetSwapOutcome, BudgetWrite};

use super::{
    shared_store::SharedStore,
    token_queue::{LOOK_AGAIN, TokenQueue},
};

/// How often a write that lost against other replicas is repeated before this call is counted alone.
const RACES: usize = 32;

impl TokenQueue {
    /// Changes the budget, in the shared store where there is one.
    pub(super) async fn update<T>(&self, mut change: impl FnMut(&mut Budget) -> T) -> T {
        let Some(shared) = &self.shared else {
            return change(&mut self.locked().budget);
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
        self.locked().is_probing = false;
        if !shared.is_worth_asking() || !self.is_available(shared).await {
            return self.count_alone(None, change);
        }
        backoff.wait(&self.runtime, LOOK_AGAIN).await;
        let begun = self.runtime.now();
        let answer = self.write_change(shared, change).await;
        backoff.won(begun, self.runtime.now());
        answer
    }

    fn change_while_probing<T>(&self, change: impl FnOnce(&mut Budget) -> T) -> Option<T> {
        let mut state = self.locked();
        state.is_probing.then(|| change(&mut state.budget))
    }

    /// Whether the store answers again. The probe writes what the store held last, so a lost answer does no harm.
    async fn is_available(&self, shared: &SharedStore) -> bool {
        let known = {
            let mut state = self.locked();
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
        let mut state = self.locked();
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
            let mut state = self.locked();
            let mine = state.budget.clone();
            // If the answer gets lost, counting twice is worse than not counting: the platform's headers correct that.
            state.budget.forget_ended();
            mine
        };
        for _ in 0..RACES {
            let (known, lost) = {
                let state = self.locked();
                (state.known.clone(), state.lost.clone())
            };
            let mut before = mine.merge(self.read(known.as_deref()));
            for (ticket, at) in &lost {
                before.lost(*ticket, *at);
            }
            let mut budget = before.clone();
            let answer = change(&mut budget);
            let next = budget.to_bytes();
            match shared
                .compare_and_swap(self.write(known.as_deref(), &next, &budget))
                .await
            {
                Ok(BudgetSwapOutcome::Swapped) => {
                    let mut state = self.locked();
                    let written = lost.len().min(state.lost.len());
                    state.lost.drain(..written);
                    (state.budget, state.known) = (budget, Some(next));
                    return answer;
                }
                Ok(BudgetSwapOutcome::Conflict(current)) => self.locked().known = Some(current),
                Err(_) => return self.count_alone(Some(before), change),
            }
        }
        tracing::warn!(
            key = self.key,
            "other replicas changed a rate budget before each write; this call is counted alone"
        );
        self.locked().budget = mine;
        self.count_alone(None, change)
    }

    /// Counts in this process, from what the replicas had in common last.
    fn count_alone<T>(&self, common: Option<Budget>, change: impl FnOnce(&mut Budget) -> T) -> T {
        let mut state = self.locked();
        if let Some(common) = common.filter(|_| !state.budget.is_detached()) {
            state.budget = common;
        }
        let lost = std::mem::take(&mut state.lost);
        state.budget.detach(self.runtime.random(), |budget| {
            for (ticket, at) in lost {
                budget.lost(ticket, at);
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
}
