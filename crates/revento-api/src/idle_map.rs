//! A map of connections whose idle entries are evicted. Uses no other module of this crate.

use std::{collections::HashMap, sync::Arc};

use revento_core::ConnectionKey;

/// Maps with fewer entries are never swept.
const SMALLEST_SWEEP: usize = 64;

/// One value for each connection. Idle values are evicted when the map has twice as many entries as after the last sweep,
/// so that a new entry costs constant time on average.
pub(crate) struct IdleMap<V> {
    map: HashMap<ConnectionKey, Arc<V>>,
    sweep_at: usize,
}

impl<V> Default for IdleMap<V> {
    fn default() -> Self {
        Self {
            map: HashMap::new(),
            sweep_at: SMALLEST_SWEEP,
        }
    }
}

impl<V> IdleMap<V> {
    pub(crate) fn get(&self, key: &ConnectionKey) -> Option<Arc<V>> {
        self.map.get(key).map(Arc::clone)
    }

    /// The value of a connection. A value that somebody else holds too is never evicted, so no connection has two.
    pub(crate) fn get_or_insert(
        &mut self,
        key: &ConnectionKey,
        is_idle: impl Fn(&V) -> bool,
        make: impl FnOnce() -> Arc<V>,
    ) -> Arc<V> {
        if let Some(value) = self.map.get(key) {
            return Arc::clone(value);
        }
        if self.map.len() >= self.sweep_at {
            self.map
                .retain(|_, value| Arc::strong_count(value) > 1 || !is_idle(value));
            self.map.shrink_to_fit();
            self.sweep_at = self.map.len().saturating_mul(2).max(SMALLEST_SWEEP);
        }
        let value = make();
        self.map.insert(key.clone(), Arc::clone(&value));
        value
    }

    /// What the values take in memory, by the size of each.
    pub(crate) fn memory(&self, size_of: impl Fn(&V) -> usize) -> MemoryUse {
        MemoryUse {
            entries: self.map.len(),
            bytes: self.map.values().map(|value| size_of(value)).sum(),
        }
    }
}

/// How much memory a client uses for its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryUse {
    /// The number of connections in memory.
    pub entries: usize,
    /// The bytes that they take.
    pub bytes: usize,
}
