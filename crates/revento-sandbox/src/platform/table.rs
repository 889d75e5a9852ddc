//! A table of typed rows that tracks which of them have changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A row of a table.
pub(crate) trait Row: Serialize + DeserializeOwned {
    /// The name of the table in the data file.
    const TABLE: &'static str;

    /// The primary key.
    fn key(&self) -> &str;
}

/// A change to write to the data file: a row as JSON, or its removal.
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
    /// Keys of the rows that have changed since the last `take_changes`.
    changed: BTreeSet<String>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            changed: BTreeSet::new(),
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

    /// Rows whose key starts with `prefix`, after the key `after`.
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

    /// Adds a row, or replaces the one with the same key.
    pub(crate) fn put(&mut self, row: T) {
        self.changed.insert(row.key().to_owned());
        self.rows.insert(row.key().to_owned(), row);
    }

    /// Changes a row in place and returns what `change` returns; `None` when there is no such row. `change` must not
    /// change the key.
    pub(crate) fn change<R>(&mut self, key: &str, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let row = self.rows.get_mut(key)?;
        self.changed.insert(key.to_owned());
        Some(change(row))
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<T> {
        let row = self.rows.remove(key)?;
        self.changed.insert(key.to_owned());
        Some(row)
    }

    /// Adds a row of the seed or of the data file, without marking it as changed.
    pub(crate) fn load(&mut self, row: T) {
        self.rows.insert(row.key().to_owned(), row);
    }

    /// Like [`load`](Self::load), from JSON.
    pub(crate) fn load_json(&mut self, body: &str) -> Result<(), String> {
        let row = serde_json::from_str(body).map_err(|error| format!("{}: {error}", T::TABLE))?;
        self.load(row);
        Ok(())
    }

    /// All rows as a JSON array.
    pub(crate) fn export(&self) -> Value {
        self.iter()
            .filter_map(|row| serde_json::to_value(row).ok())
            .collect()
    }

    /// Forgets which rows have changed.
    pub(crate) fn forget_changes(&mut self) {
        self.changed.clear();
    }

    /// Appends the rows that changed since the last call to `changes`.
    pub(crate) fn take_changes(&mut self, changes: &mut Vec<Change>) {
        for key in std::mem::take(&mut self.changed) {
            let body = self
                .rows
                .get(&key)
                .and_then(|row| serde_json::to_string(row).ok());
            changes.push(Change {
                table: T::TABLE,
                key,
                body,
            });
        }
    }
}
