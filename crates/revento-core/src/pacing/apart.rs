//! A budget that cannot be shared for a while, and how what was spent meanwhile is brought home.

use super::{Budget, budget::Flight, log::Tenths};

/// What has been done since the budget went its own way. What the platform said meanwhile is no part of it: the others
/// bring home what they have spent, and headers would count it twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Apart {
    /// Calls begun since.
    begun: Vec<u32>,
    ended: Vec<Ended>,
}

/// A call that has ended since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ended {
    id: u32,
    begun_apart: bool,
    /// When it counts; `None` when it cost nothing.
    counts: Option<Tenths>,
}

impl Budget {
    /// From now on this budget is one replica's own, until [`rejoined`](Self::rejoined) brings home what was spent.
    /// `last` is the change that could not be told, or of which it is not known whether it was. `salt` is a random
    /// number, so that no two replicas give out the same tickets from here on. A second time makes the change only.
    pub fn part<T>(&mut self, salt: u32, last: impl FnOnce(&mut Self) -> T) -> T {
        if self.is_apart() {
            return last(self);
        }
        self.apart = Some(Box::default());
        let answer = last(self);
        self.next = salt;
        answer
    }

    /// Whether it went its own way.
    pub fn is_apart(&self) -> bool {
        self.apart.is_some()
    }

    /// What all replicas share, with what was spent here since [`part`](Self::part). Tickets of either are good for it.
    #[must_use]
    pub fn rejoined(&self, mut shared: Self) -> Self {
        let Some(apart) = &self.apart else {
            return shared;
        };
        for call in &apart.ended {
            // What is under way no more there has been told, or its lease ran out and it counts already.
            let untold = shared.take_out(call.id).is_some();
            if let Some(at) = call.counts.filter(|_| untold || call.begun_apart) {
                shared.log.add(at);
            }
        }
        for flight in &self.flights {
            match shared.flights.iter_mut().find(|known| known.id == flight.id) {
                Some(known) => known.ends = known.ends.min(flight.ends),
                None if apart.begun.contains(&flight.id) => shared.flights.push(*flight),
                None => {}
            }
        }
        shared.closed_until = shared.closed_until.max(self.closed_until);
        shared.refusals = shared.refusals.max(self.refusals);
        shared.choke = shared.choke.or(self.choke);
        shared
    }

    /// What has ended is brought home, or may have been: to count it again would be worse than to have it told by the
    /// platform's headers.
    pub fn forget_what_ended(&mut self) {
        if let Some(apart) = &mut self.apart {
            apart.ended = Vec::new();
        }
    }

    pub(super) fn note_begun(&mut self, id: u32) {
        if let Some(apart) = &mut self.apart {
            apart.begun.push(id);
        }
    }

    pub(super) fn note_ended(&mut self, id: u32, counts: Option<Tenths>) {
        if let Some(apart) = &mut self.apart {
            let index = apart.begun.iter().position(|begun| *begun == id);
            let begun_apart = index.map(|index| apart.begun.swap_remove(index)).is_some();
            // Nobody else has heard of a call that was begun here and cost nothing.
            if counts.is_some() || !begun_apart {
                apart.ended.push(Ended {
                    id,
                    begun_apart,
                    counts,
                });
            }
        }
    }

    /// What counts no more need not be brought home.
    pub(super) fn forget_ended_until(&mut self, bound: Tenths) {
        if let Some(apart) = &mut self.apart {
            apart.ended.retain(|call| call.counts.is_none_or(|at| at > bound));
        }
    }

    pub(super) fn size_apart(&self) -> usize {
        self.apart.as_ref().map_or(0, |apart| {
            size_of::<Apart>()
                + apart.ended.capacity() * size_of::<Ended>()
                + apart.begun.capacity() * size_of::<u32>()
        })
    }

    pub(super) fn take_out(&mut self, id: u32) -> Option<Flight> {
        let index = self.flights.iter().position(|flight| flight.id == id)?;
        Some(self.flights.swap_remove(index))
    }
}
