//! A budget that its replicas cannot share for a while, and the merge afterwards.

use super::{Budget, budget::CallInFlight, call_log::Tenths};

/// The calls begun and ended since the budget was detached. What the platform's headers said since is left out: each
/// replica merges its own calls, and the headers would count them twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Detached {
    /// The ids of calls begun since that are still in flight.
    begun: Vec<u32>,
    ended: Vec<EndedCall>,
}

/// A call that has ended since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct EndedCall {
    id: u32,
    begun_detached: bool,
    /// When it counts; `None` if it costs nothing.
    counts: Option<Tenths>,
}

impl Budget {
    /// Detaches this copy of a shared budget, until [`merge`](Self::merge).
    ///
    /// `change` is the change that the store did not take, or may or may not have taken. `salt` is a random number: the
    /// tickets of detached replicas then have different ids. On a detached budget only the change is made.
    pub fn detach<T>(&mut self, salt: u32, change: impl FnOnce(&mut Self) -> T) -> T {
        if self.is_detached() {
            return change(self);
        }
        self.detached = Some(Box::default());
        let answer = change(self);
        self.next_id = salt;
        answer
    }

    /// Whether the budget is detached.
    pub fn is_detached(&self) -> bool {
        self.detached.is_some()
    }

    /// The shared budget, plus the calls of this replica since [`detach`](Self::detach). It takes the tickets of both.
    #[must_use]
    pub fn merge(&self, mut shared: Self) -> Self {
        let Some(detached) = &self.detached else {
            return shared;
        };
        for call in &detached.ended {
            // A call that is not in flight there is known to have ended, or its lease has expired and it counts already.
            let unknown = shared.remove_call(call.id).is_some();
            if let Some(at) = call.counts.filter(|_| unknown || call.begun_detached) {
                shared.log.add(at);
            }
        }
        for call in &self.in_flight {
            match shared.in_flight.iter_mut().find(|known| known.id == call.id) {
                Some(known) => known.ends = known.ends.min(call.ends),
                None if detached.begun.contains(&call.id) => shared.in_flight.push(*call),
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
            detached.ended = Vec::new();
        }
    }

    pub(super) fn note_begun(&mut self, id: u32) {
        if let Some(detached) = &mut self.detached {
            detached.begun.push(id);
        }
    }

    pub(super) fn note_ended(&mut self, id: u32, counts: Option<Tenths>) {
        if let Some(detached) = &mut self.detached {
            let index = detached.begun.iter().position(|begun| *begun == id);
            let begun_detached = index.map(|index| detached.begun.swap_remove(index)).is_some();
            // The others do not know a call that was begun here, so one that costs nothing need not be merged.
            if counts.is_some() || !begun_detached {
                detached.ended.push(EndedCall {
                    id,
                    begun_detached,
                    counts,
                });
            }
        }
    }

    /// Forgets the ended calls that have left all windows.
    pub(super) fn forget_ended_until(&mut self, bound: Tenths) {
        if let Some(detached) = &mut self.detached {
            detached
                .ended
                .retain(|call| call.counts.is_none_or(|at| at > bound));
        }
    }

    pub(super) fn detached_size(&self) -> usize {
        self.detached.as_ref().map_or(0, |detached| {
            size_of::<Detached>()
                + detached.ended.capacity() * size_of::<EndedCall>()
                + detached.begun.capacity() * size_of::<u32>()
        })
    }

    pub(super) fn remove_call(&mut self, id: u32) -> Option<CallInFlight> {
        let index = self.in_flight.iter().position(|call| call.id == id)?;
        Some(self.in_flight.swap_remove(index))
    }
}
