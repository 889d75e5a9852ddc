//! [`Recent`]: a map that forgets.

use std::{
    collections::HashMap,
    hash::Hash,
    mem,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use revento_core::Timestamp;

/// A map that keeps each entry for at least one lifetime and at most two.
///
/// The entries are in two generations. When the younger one has lived for a lifetime, it becomes the older one, and the
/// former older one is dropped as a whole, after the lock is released. So no call walks over the entries. A generation that
/// reaches the capacity counts as one that has lived long enough.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    lifetime: Duration,
    capacity: usize,
    generations: Mutex<Generations<K, V>>,
}

#[derive(Debug)]
struct Generations<K, V> {
    younger: HashMap<K, V>,
    older: HashMap<K, V>,
    /// When the younger generation began.
    since: Timestamp,
}

impl<K: Hash + Eq, V: Clone> Recent<K, V> {
    pub(crate) fn new(lifetime: Duration, capacity: usize) -> Self {
        Self {
            lifetime,
            capacity,
            generations: Mutex::new(Generations {
                younger: HashMap::new(),
                older: HashMap::new(),
                since: Timestamp::UNIX_EPOCH,
            }),
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let found = generations
            .younger
            .get(key)
            .or_else(|| generations.older.get(key));
        found.cloned()
    }

    /// Inserts an entry. Returns the value that the key had.
    pub(crate) fn insert(&self, key: K, value: V, now: Timestamp) -> Option<V> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let forgotten = generations.rotate(self.lifetime, self.capacity, now);
        let before = generations.older.get(&key).cloned();
        let before = generations.younger.insert(key, value).or(before);
        drop(generations);
        drop(forgotten);
        before
    }
}

impl<K, V> Generations<K, V> {
    fn rotate(&mut self, lifetime: Duration, capacity: usize, now: Timestamp) -> Option<HashMap<K, V>> {
        // A clock that was set back must not make entries live for longer.
        self.since = self.since.min(now);
        let is_old = now >= self.since.saturating_add(lifetime);
        if !is_old && self.younger.len() < capacity {
            return None;
        }
        self.since = now;
        let younger = mem::take(&mut self.younger);
        Some(mem::replace(&mut self.older, younger))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_778_336_551 + seconds)
    }

    #[test]
    fn h14_an_entry_is_kept_for_its_lifetime_and_then_forgotten() {
        let recent = Recent::new(Duration::from_secs(60), usize::MAX);
        recent.insert(1000, (), at(-1000));
        for begin in [0, 30, 59] {
            assert_eq!(recent.insert(begin, (), at(begin)), None);
        }
        for later in 60..119 {
            recent.insert(later, (), at(later));
            assert!(recent.get(&59).is_some(), "{later}");
        }
        recent.insert(200, (), at(200));
        recent.insert(300, (), at(300));
        assert!(recent.get(&59).is_none());
    }

    #[test]
    fn h14_its_memory_is_bounded() {
        let recent = Recent::new(Duration::from_secs(3600), 100);
        for key in 0..10_000 {
            recent.insert(key, (), at(0));
        }
        let known = (0..10_000).filter(|key| recent.get(key).is_some()).count();
        assert!((100..=200).contains(&known), "{known}");
        assert!(recent.get(&9_999).is_some() && recent.get(&9_900).is_some());
    }

    #[test]
    fn h14_a_clock_that_jumps_forgets_nothing_early() {
        let recent = Recent::new(Duration::from_secs(60), usize::MAX);
        recent.insert("a", (), at(0));
        assert_eq!(recent.insert("a", (), at(-500)), Some(()));
        assert_eq!(recent.insert("a", (), at(-450)), Some(()));
    }
}
