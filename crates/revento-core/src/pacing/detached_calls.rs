//! The calls of a detached budget, which a merge adds to the shared one.

use super::call_times::Tenths;

/// The calls begun and ended since the budget was detached. What the platform's headers said since is left out: each
/// replica merges its own calls, and the headers would count them twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DetachedCalls {
    /// The ids of calls begun since that are still in flight.
    begun: Vec<u32>,
    ended: Vec<EndedCall>,
}

/// A call that has ended since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EndedCall {
    pub(super) id: u32,
    pub(super) begun_detached: bool,
    /// When the call counts; `None` if it costs nothing.
    pub(super) counts: Option<Tenths>,
}

impl DetachedCalls {
    pub(super) fn ended(&self) -> &[EndedCall] {
        &self.ended
    }

    /// Whether the call began here and is still in flight.
    pub(super) fn has_begun(&self, id: u32) -> bool {
        self.begun.contains(&id)
    }

    pub(super) fn note_begun(&mut self, id: u32) {
        self.begun.push(id);
    }

    pub(super) fn note_ended(&mut self, id: u32, counts: Option<Tenths>) {
        let index = self.begun.iter().position(|begun| *begun == id);
        let begun_detached = index.map(|index| self.begun.swap_remove(index)).is_some();
        // The others do not know a call that was begun here, so one that costs nothing need not be merged.
        if counts.is_some() || !begun_detached {
            self.ended.push(EndedCall {
                id,
                begun_detached,
                counts,
            });
        }
    }

    pub(super) fn forget_ended(&mut self) {
        self.ended = Vec::new();
    }

    /// Forgets the ended calls that have left all windows.
    pub(super) fn forget_ended_until(&mut self, bound: Tenths) {
        self.ended.retain(|call| call.counts.is_none_or(|at| at > bound));
    }

    pub(super) fn size_in_memory(&self) -> usize {
        size_of::<Self>()
            + self.ended.capacity() * size_of::<EndedCall>()
            + self.begun.capacity() * size_of::<u32>()
    }
}
