//! The times of past calls, to the tenth of a second, in four bytes for each.

use std::collections::VecDeque;

use crate::Timestamp;

/// A tenth of a second, in microseconds.
const TENTH: i64 = 100_000;

/// Tenths of a second since 1970.
pub(super) type Tenths = i64;

/// The tenth that contains `at`.
pub(super) const fn down(at: Timestamp) -> Tenths {
    at.unix_micros().div_euclid(TENTH)
}

/// The first tenth that is not before `at`.
pub(super) const fn up(at: Timestamp) -> Tenths {
    let whole = down(at);
    if at.unix_micros().rem_euclid(TENTH) == 0 {
        whole
    } else {
        whole.saturating_add(1)
    }
}

pub(super) const fn time(tenths: Tenths) -> Timestamp {
    Timestamp::from_unix_micros(tenths.saturating_mul(TENTH))
}

/// The times at which calls were counted, the oldest first. Each mark is the distance from `base`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CallTimes {
    base: Tenths,
    marks: VecDeque<u32>,
}

impl CallTimes {
    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Tenths> {
        self.marks.iter().map(|mark| self.base + i64::from(*mark))
    }

    pub(super) fn last(&self) -> Option<Tenths> {
        self.marks.back().map(|mark| self.base + i64::from(*mark))
    }

    pub(super) fn at(&self, index: usize) -> Option<Tenths> {
        self.marks.get(index).map(|mark| self.base + i64::from(*mark))
    }

    /// The index of the first mark after `bound`.
    pub(super) fn first_after(&self, bound: Tenths) -> usize {
        self.marks
            .partition_point(|mark| self.base + i64::from(*mark) <= bound)
    }

    pub(super) fn add(&mut self, at: Tenths) {
        if self.marks.is_empty() {
            self.base = at;
        }
        if at < self.base {
            self.rebase(at);
        }
        // Marks more than 13 years after the oldest one become equal.
        let mark = u32::try_from(at - self.base).unwrap_or(u32::MAX);
        let index = self.marks.partition_point(|other| *other <= mark);
        self.marks.insert(index, mark);
    }

    /// Moves the mark at `index` to another time.
    pub(super) fn restamp(&mut self, index: usize, at: Tenths) {
        if self.marks.remove(index).is_some() {
            self.add(at);
        }
    }

    /// Removes the marks up to and including `bound`.
    pub(super) fn forget_until(&mut self, bound: Tenths) {
        let gone = self.first_after(bound);
        if gone > 0 {
            self.marks.drain(..gone);
            if let Some(first) = self.at(0) {
                self.rebase(first);
            }
            if self.marks.capacity() > 64 && self.marks.capacity() > 4 * self.marks.len() {
                self.marks.shrink_to_fit();
            }
        }
    }

    /// Moves the marks after `bound` to it, when the clock went back.
    pub(super) fn clamp_to(&mut self, bound: Tenths) {
        let first = self.first_after(bound);
        let moved = self.marks.len() - first;
        self.marks.truncate(first);
        for _ in 0..moved {
            self.add(bound);
        }
    }

    fn rebase(&mut self, base: Tenths) {
        let shift = self.base - base;
        for mark in &mut self.marks {
            *mark = u32::try_from(i64::from(*mark) + shift).unwrap_or(u32::MAX);
        }
        self.base = base;
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.marks.capacity() * size_of::<u32>()
    }
}
