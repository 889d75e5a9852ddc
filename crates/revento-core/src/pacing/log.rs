//! When past calls were counted, to the tenth of a second: four bytes for each call of the last hour.

use std::collections::VecDeque;

use crate::Timestamp;

/// A tenth of a second, in microseconds.
const TENTH: i64 = 100_000;

/// Tenths of a second since 1970.
pub(super) type Tenths = i64;

/// The tenth that `at` lies in.
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

/// Marks in order, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Log {
    base: Tenths,
    marks: VecDeque<u32>,
}

impl Log {
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
        // Beyond 13 years from the oldest mark nothing is told apart any more.
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

    /// Forgets what is not after `bound`.
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

    /// Moves whatever lies after `bound` to it: the clock went back.
    pub(super) fn not_after(&mut self, bound: Tenths) {
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
