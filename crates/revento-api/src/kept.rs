//! What is kept in memory for each connection while it is in use.

use std::{collections::HashMap, sync::Arc};

use revento_core::ConnectionKey;

/// Below this nobody looks for what is idle.
const FEW: usize = 64;

/// One for each connection. What is idle goes when there are twice as many as at the last sweep, so that sweeping costs
/// little for each new one.
pub(crate) struct Kept<V> {
    map: HashMap<ConnectionKey, Arc<V>>,
    sweep_at: usize,
}

impl<V> Default for Kept<V> {
    fn default() -> Self {
        Self {
            map: HashMap::new(),
            sweep_at: FEW,
        }
    }
}

impl<V> Kept<V> {
    pub(crate) fn get(&self, key: &ConnectionKey) -> Option<Arc<V>> {
        self.map.get(key).map(Arc::clone)
    }

    /// What somebody else holds as well is never idle, so there are never two of one connection.
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
            self.sweep_at = self.map.len().saturating_mul(2).max(FEW);
        }
        let value = make();
        self.map.insert(key.clone(), Arc::clone(&value));
        value
    }

    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Arc<V>> {
        self.map.values()
    }
}
