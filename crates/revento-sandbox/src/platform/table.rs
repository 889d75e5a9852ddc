//! A table of typed rows that knows which of them changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A row of a table.
pub(crate) trait Row: Serialize + DeserializeOwned {
    /// The name under which the data file keeps rows of this type.
    const TABLE: &'static str;

    /// The primary key.
    fn key(&self) -> &str;
}

/// A change to be made durable: the new text of a row, or its removal.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) table: &'static str,
    pub(crate) key: String,
    pub(crate) body: Option<String>,
}

/// Rows in the order of their keys.
#[derive(Debug)]
pub(crate) struct Table<T> {
    rows: BTreeMap<String, T>,
    dirty: BTreeSet<String>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            dirty: BTreeSet::new(),
        }
    }
}

impl<T: Row> Table<T> {
    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        self.rows.get(key)
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.rows.contains_key(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Rows in the order of their keys.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.values()
    }

    /// Rows whose key starts with `prefix`, from behind `after` on.
    pub(crate) fn range<'a>(&'a self, prefix: &'a str, after: Option<&str>) -> impl Iterator<Item = &'a T> {
        let start = match after {
            Some(after) => std::ops::Bound::Excluded(after.to_owned()),
            None => std::ops::Bound::Included(prefix.to_owned()),
        };
        self.rows
            .range((start, std::ops::Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
            .map(|(_, row)| row)
    }

    /// Adds a row, or replaces the one with its key.
    pub(crate) fn put(&mut self, row: T) {
        self.dirty.insert(row.key().to_owned());
        self.rows.insert(row.key().to_owned(), row);
    }

    /// Changes a row in place; `None` when there is none. The key must stay.
    pub(crate) fn change<R>(&mut self, key: &str, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let row = self.rows.get_mut(key)?;
        self.dirty.insert(key.to_owned());
        Some(change(row))
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<T> {
        let row = self.rows.remove(key)?;
        self.dirty.insert(key.to_owned());
        Some(row)
    }

    /// Puts a row of the seed or of the data file in place, without marking it changed.
    pub(crate) fn load(&mut self, row: T) {
        self.rows.insert(row.key().to_owned(), row);
    }

    /// Forgets what changed, where nothing is kept.
    pub(crate) fn settle(&mut self) {
        self.dirty.clear();
    }

    /// Hands out what changed since the last call.
    pub(crate) fn drain(&mut self, into: &mut Vec<Change>) {
        for key in std::mem::take(&mut self.dirty) {
            let body = self
                .rows
                .get(&key)
                .and_then(|row| serde_json::to_string(row).ok());
            into.push(Change {
                table: T::TABLE,
                key,
                body,
            });
        }
    }
}
