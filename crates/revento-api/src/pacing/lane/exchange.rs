//! Changing a budget where all replicas see it, and here while they cannot.

use revento_core::{Timestamp, pacing::Budget};
use revento_store::{BudgetSwapOutcome, BudgetWrite};

use super::{LOOK, Lane};
use crate::{client::Shared, pacing::sharing::Sharing};

/// How often an exchange that lost against other replicas is tried again before this one goes on alone.
const RACES: usize = 32;

impl Lane {
    /// Changes the budget, here or where all replicas see it.
    pub(super) async fn update<T>(&self, client: &Shared, mut change: impl FnMut(&mut Budget) -> T) -> T {
        let Some(sharing) = &self.sharing else {
            return change(&mut self.locked().budget);
        };
        let mut manners = match self.exchanges.try_lock() {
            Ok(one) => one,
            Err(_) => {
                // Somebody finds out whether the store is back: nobody has to wait for that.
                if let Some(answer) = self.change_while_asking(&mut change) {
                    return answer;
                }
                self.exchanges.lock().await
            }
        };
        self.locked().asking = false;
        if !sharing.is_worth_asking(client.clock.now()) || !self.is_back(client, sharing).await {
            return self.go_alone(client, None, change);
        }
        manners.after_you(client).await;
        let begun = client.clock.now();
        let answer = self.exchange(client, sharing, change).await;
        manners.had_a_turn(begun, client.clock.now());
        answer
    }

    fn change_while_asking<T>(&self, change: impl FnOnce(&mut Budget) -> T) -> Option<T> {
        let mut state = self.locked();
        state.asking.then(|| change(&mut state.budget))
    }

    /// Whether the store can be reached again. Nothing hangs on the answer, so it may be lost.
    async fn is_back(&self, client: &Shared, sharing: &Sharing) -> bool {
        let known = {
            let mut state = self.locked();
            if !state.budget.is_detached() {
                return true;
            }
            state.asking = true;
            state.known.clone()
        };
        let shared = self.read(known.as_deref());
        let bytes = shared.to_bytes();
        let answer = sharing
            .exchange(self.write(client, known.as_deref(), &bytes, &shared))
            .await;
        let mut state = self.locked();
        state.asking = false;
        match answer {
            Ok(BudgetSwapOutcome::Swapped) => state.known = Some(bytes),
            Ok(BudgetSwapOutcome::Conflict(current)) => state.known = Some(current),
            Err(_) => return false,
        }
        true
    }

    /// Changes what all replicas see, and tells them what was done since they were heard last.
    async fn exchange<T>(
        &self,
        client: &Shared,
        sharing: &Sharing,
        mut change: impl FnMut(&mut Budget) -> T,
    ) -> T {
        let mine = {
            let mut state = self.locked();
            let mine = state.budget.clone();
            // Should the answer get lost: told twice is worse than not at all, which the platform's headers mend.
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
            match sharing
                .exchange(self.write(client, known.as_deref(), &next, &budget))
                .await
            {
                Ok(BudgetSwapOutcome::Swapped) => {
                    let mut state = self.locked();
                    let told = lost.len().min(state.lost.len());
                    state.lost.drain(..told);
                    (state.budget, state.known) = (budget, Some(next));
                    return answer;
                }
                Ok(BudgetSwapOutcome::Conflict(current)) => self.locked().known = Some(current),
                Err(_) => return self.go_alone(client, Some(before), change),
            }
        }
        tracing::warn!(
            key = self.key,
            "a rate budget was changed by others again and again; going on alone for one call"
        );
        self.locked().budget = mine;
        self.go_alone(client, None, change)
    }

    /// Counts for itself, from what all replicas saw last.
    fn go_alone<T>(&self, client: &Shared, seen: Option<Budget>, change: impl FnOnce(&mut Budget) -> T) -> T {
        let mut state = self.locked();
        if let Some(seen) = seen.filter(|_| !state.budget.is_detached()) {
            state.budget = seen;
        }
        let lost = std::mem::take(&mut state.lost);
        state.budget.detach(client.random(), |budget| {
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

    fn write<'w>(
        &'w self,
        client: &Shared,
        expected: Option<&'w [u8]>,
        next: &'w [u8],
        budget: &Budget,
    ) -> BudgetWrite<'w> {
        BudgetWrite {
            key: &self.key,
            expected,
            next,
            now: client.clock.now(),
            idle_at: budget.idle_at(),
        }
    }
}

/// Between replicas there is no queue, there are races. Who has won one knows what the store holds and needs one round
/// trip for the next; who has lost needs two, and would lose again and again. So a winner waits for that long before it
/// takes part again.
#[derive(Default)]
pub(super) struct Manners {
    next: Option<Timestamp>,
}

impl Manners {
    async fn after_you(&self, client: &Shared) {
        let now = client.clock.now();
        let pause = self.next.map(|next| next.saturating_since(now).min(LOOK));
        if let Some(pause) = pause.filter(|pause| !pause.is_zero()) {
            client.timer.sleep(pause).await;
        }
    }

    fn had_a_turn(&mut self, begun: Timestamp, now: Timestamp) {
        self.next = Some(now.saturating_add(now.saturating_since(begun) * 2));
    }
}
