//! A budget that its replicas cannot share for a while, and the merge afterwards.

use super::Budget;

impl Budget {
    /// Detaches this copy of a shared budget, until [`merge`](Self::merge).
    ///
    /// `change` is the change that the store did not take, or may or may not have taken. `salt` is a random number: the
    /// tickets of detached replicas then have different ids. If the budget is detached already, only the change is made.
    pub fn detach<T>(&mut self, salt: u32, change: impl FnOnce(&mut Self) -> T) -> T {
        if self.is_detached() {
            return change(self);
        }
        self.detached = Some(Box::default());
        let answer = change(self);
        self.next_id = salt;
        answer
    }

    /// The shared budget, plus the calls of this replica since [`detach`](Self::detach). It takes the tickets of both.
    #[must_use]
    pub fn merge(&self, mut shared: Self) -> Self {
        let Some(detached) = &self.detached else {
            return shared;
        };
        for call in detached.ended() {
            // A call that is not in flight there is known to have ended, or its lease has expired and it counts already.
            let unknown = shared.remove_call(call.id).is_some();
            if let Some(at) = call.counts.filter(|_| unknown || call.begun_detached) {
                shared.log.add(at);
            }
        }
        for call in &self.in_flight {
            match shared.in_flight.iter_mut().find(|known| known.id == call.id) {
                Some(known) => known.ends = known.ends.min(call.ends),
                None if detached.has_begun(call.id) => shared.in_flight.push(*call),
                None => {}
            }
        }
        shared.closed_until = shared.closed_until.max(self.closed_until);
        shared.refusals = shared.refusals.max(self.refusals);
        shared.cap = shared.cap.or(self.cap);
        shared
    }

    /// Forgets the ended calls, because a merge has stored them, or may have: the platform's headers correct a call that
    /// is missing, and a call that counts twice costs more.
    pub fn forget_ended(&mut self) {
        if let Some(detached) = &mut self.detached {
            detached.forget_ended();
        }
    }
}
