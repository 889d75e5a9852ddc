//! A deliberate mistake: what it changes in the store, and the finding that names it.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use revento_store::columns::Value;

/// The statements of the store, each after a line with its name.
const STATEMENTS: &str = include_str!("store/store.sql");

/// A mistake of somebody who writes a store, usually one changed line.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) name: &'static str,
    /// The check that has to fail.
    pub(crate) check: &'static str,
    /// What the check has to report, so that the author finds the cause.
    pub(crate) words: &'static [&'static str],
    statements: HashMap<&'static str, Arc<str>>,
    changes: Vec<(Change, AtomicBool)>,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    /// Another text of a statement.
    Sql(&'static str),
    /// Another value for a parameter of a statement. The first one has the number 1.
    Bound(&'static str, usize, fn(Value) -> Value),
    /// Another value from a column.
    Read(&'static str, fn(Value) -> Value),
    /// The statements of a method are not in a transaction.
    NoTransaction(&'static str),
    /// Nobody looks at how many rows the statement has changed: it counts as one.
    NotCounted(&'static str),
    /// Each process remembers the rows of the statement until it writes itself.
    Remembered(&'static str),
}

/// A mistake in the text of a statement.
pub(crate) fn sql(
    name: &'static str,
    statement: &'static str,
    right: &'static str,
    wrong: &'static str,
) -> Mistake {
    Mistake::new(name).and_sql(statement, right, wrong)
}

/// A mistake in the value for a parameter.
pub(crate) fn bound(
    name: &'static str,
    statement: &'static str,
    parameter: usize,
    wrong: fn(Value) -> Value,
) -> Mistake {
    Mistake::new(name).and(Change::Bound(statement, parameter, wrong))
}

/// A mistake in the reading of a column.
pub(crate) fn read(name: &'static str, column: &'static str, wrong: fn(Value) -> Value) -> Mistake {
    Mistake::new(name).and(Change::Read(column, wrong))
}

/// The statements of a method are not in a transaction.
pub(crate) fn no_transaction(name: &'static str, method: &'static str) -> Mistake {
    Mistake::new(name).and(Change::NoTransaction(method))
}

/// Each process has a cache in front of a statement.
pub(crate) fn cached(name: &'static str, statement: &'static str) -> Mistake {
    Mistake::new(name).and(Change::Remembered(statement))
}

impl Mistake {
    fn new(name: &'static str) -> Self {
        let sections = STATEMENTS.split("-- name: ").skip(1);
        let named = sections.filter_map(|section| section.split_once('\n'));
        Self {
            name,
            check: "",
            words: &[],
            statements: named.map(|(name, text)| (name, Arc::from(text.trim()))).collect(),
            changes: Vec::new(),
        }
    }

    /// How often a check may run until it has found the mistake.
    pub(crate) fn races(&self) -> usize {
        let is_race = |change: &(Change, AtomicBool)| {
            matches!(change.0, Change::NoTransaction(_) | Change::NotCounted(_))
        };
        if self.changes.iter().any(is_race) { 20 } else { 1 }
    }

    /// The store as it should be.
    pub(crate) fn none() -> Self {
        Self::new("no mistake")
    }

    /// Another line that belongs to the mistake.
    pub(crate) fn and_sql(
        mut self,
        statement: &'static str,
        right: &'static str,
        wrong: &'static str,
    ) -> Self {
        let text = &self.statements[statement];
        assert_eq!(
            text.matches(right).count(),
            1,
            "{:?}: {statement:?} has to contain {right:?} once:\n{text}",
            self.name
        );
        let changed = text.replace(right, wrong);
        self.statements.insert(statement, Arc::from(changed));
        self.and(Change::Sql(statement))
    }

    /// Nobody looks at how many rows this statement has changed.
    pub(crate) fn and_not_counted(self, statement: &'static str) -> Self {
        self.and(Change::NotCounted(statement))
    }

    /// And the statements of this method are not in a transaction.
    pub(crate) fn and_no_transaction(self, method: &'static str) -> Self {
        self.and(Change::NoTransaction(method))
    }

    fn and(mut self, change: Change) -> Self {
        self.changes.push((change, AtomicBool::new(false)));
        self
    }

    /// The check that finds the mistake, and what it says.
    pub(crate) fn found_by(mut self, check: &'static str, words: &'static [&'static str]) -> Self {
        (self.check, self.words) = (check, words);
        self
    }

    /// Whether the store has run each line that the mistake changes.
    pub(crate) fn is_reached(&self) -> bool {
        self.changes
            .iter()
            .all(|(_, reached)| reached.load(Ordering::Relaxed))
    }

    /// The text of a statement.
    pub(crate) fn statement(&self, name: &'static str) -> Arc<str> {
        self.reaches(|change| matches!(change, Change::Sql(statement) if *statement == name));
        self.statements[name].clone()
    }

    /// The values that are bound to a statement.
    pub(crate) fn bound(&self, name: &'static str, values: &[Value]) -> Vec<Value> {
        let mut values = values.to_vec();
        for (change, reached) in &self.changes {
            if let Change::Bound(statement, parameter, wrong) = *change
                && statement == name
            {
                reached.store(true, Ordering::Relaxed);
                let value = &mut values[parameter - 1];
                *value = wrong(value.clone());
            }
        }
        values
    }

    /// A value as the store reads it.
    pub(crate) fn read(&self, name: &str, value: Value) -> Value {
        for (change, reached) in &self.changes {
            if let Change::Read(column, wrong) = *change
                && column == name
            {
                reached.store(true, Ordering::Relaxed);
                return wrong(value);
            }
        }
        value
    }

    pub(crate) fn has_no_transaction(&self, name: &'static str) -> bool {
        self.reaches(|change| matches!(change, Change::NoTransaction(method) if *method == name))
    }

    /// How many rows a statement has changed, as the store counts them.
    pub(crate) fn counted(&self, name: &'static str, rows: u64) -> u64 {
        let is_ignored =
            self.reaches(|change| matches!(change, Change::NotCounted(statement) if *statement == name));
        if is_ignored { 1 } else { rows }
    }

    pub(crate) fn remembers(&self, name: &'static str) -> bool {
        self.reaches(|change| matches!(change, Change::Remembered(statement) if *statement == name))
    }

    /// Notes that the store runs a line that a change is in.
    fn reaches(&self, is_there: impl Fn(&Change) -> bool) -> bool {
        let mut found = false;
        for (change, reached) in &self.changes {
            if is_there(change) {
                reached.store(true, Ordering::Relaxed);
                found = true;
            }
        }
        found
    }
}
