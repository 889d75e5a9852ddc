//! Rows of this engine, for [`revento_store::columns`].

use revento_store::columns::{self, Value};
use sqlx::{
    Row as _, Sqlite,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use crate::error::unreadable;

/// Binds values in their order.
pub(crate) fn bind<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    values: impl IntoIterator<Item = Value>,
) -> Query<'q, Sqlite, SqliteArguments> {
    values.into_iter().fold(query, |query, value| match value {
        // SQLite's indexes have no limit.
        Value::Key(text) | Value::Indexed(text) => query.bind(text),
        Value::Text(text) => query.bind(text),
        Value::Integer(number) => query.bind(number),
        Value::Flag(flag) => query.bind(flag),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

/// A row of this engine.
pub(crate) struct Row<'r>(pub(crate) &'r SqliteRow);

impl columns::Row for Row<'_> {
    type Error = sqlx::Error;

    fn text(&self, column: &'static str) -> Result<Option<String>, sqlx::Error> {
        self.0.try_get(column)
    }

    fn integer(&self, column: &'static str) -> Result<Option<i64>, sqlx::Error> {
        self.0.try_get(column)
    }

    fn bytes(&self, column: &'static str) -> Result<Option<Vec<u8>>, sqlx::Error> {
        self.0.try_get(column)
    }

    fn unreadable(&self, column: &'static str) -> sqlx::Error {
        unreadable(column)
    }
}
