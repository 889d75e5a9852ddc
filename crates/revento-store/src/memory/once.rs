//! [`Once`] in memory.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use revento_core::Timestamp;

use super::lock;
use crate::{Once, StoreError};

/// How many ended marks a call forgets at most.
const FORGOTTEN: usize = 16;

/// Use-once marks of one process. A restart forgets them, and another replica does not see them: for tests and tools.
#[derive(Default)]
pub struct MemoryOnce(Mutex<Marks>);

#[derive(Default)]
struct Marks {
    ends: HashMap<Arc<str>, Timestamp>,
    /// The same marks, the next one to end first.
    by_end: BTreeSet<(Timestamp, Arc<str>)>,
}

impl MemoryOnce {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many marks it remembers, those that have ended included.
    pub fn count(&self) -> usize {
        lock(&self.0).ends.len()
    }
}

impl Marks {
    fn take(&mut self, id: &str, now: Timestamp, until: Timestamp) -> bool {
        self.forget_some(now);
        if self.ends.get(id).is_some_and(|end| *end > now) {
            return false;
        }
        let id: Arc<str> = id.into();
        if let Some(ended) = self.ends.insert(Arc::clone(&id), until) {
            self.by_end.remove(&(ended, Arc::clone(&id)));
        }
        self.by_end.insert((until, id));
        true
    }

    fn forget_some(&mut self, now: Timestamp) {
        for _ in 0..FORGOTTEN {
            match self.by_end.first() {
                Some((end, id)) if *end <= now => {
                    self.ends.remove(id);
                    self.by_end.pop_first();
                }
                _ => break,
            }
        }
    }
}

#[async_trait]
impl Once for MemoryOnce {
    async fn take(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        Ok(lock(&self.0).take(id, now, until))
    }
}

impl fmt::Debug for MemoryOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryOnce")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h14_the_number_of_marks_is_bounded() {
        let mut marks = Marks::default();
        let at = |seconds: i64| Timestamp::from_unix_seconds(1_778_336_551 + seconds);
        for second in 0..1000 {
            assert!(marks.take(&format!("mark {second}"), at(second), at(second + 10)));
        }
        assert!((10..=11).contains(&marks.ends.len()), "{}", marks.ends.len());
        assert_eq!(marks.ends.len(), marks.by_end.len());
        // One mark that is taken again and again is one mark.
        for second in (1010..2000).step_by(10) {
            assert!(marks.take("again", at(second), at(second + 10)));
        }
        assert_eq!((marks.ends.len(), marks.by_end.len()), (1, 1));
    }
}
