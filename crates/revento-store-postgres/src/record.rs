//! Rows of this engine, for [`revento_store::columns`].

use revento_store::columns::{self, Value};
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    call::Call,
    error::unreadable,
    text::{escape, indexed, long, unescape},
};

/// Binds values in their order, and then the whole text of each indexed value, or `NULL` if it is short.
pub(crate) fn bind(call: Call, values: impl IntoIterator<Item = Value>) -> Call {
    let mut long_texts = Vec::new();
    let call = values.into_iter().fold(call, |call, value| match value {
        Value::Key(text) => call.bind(indexed(&text)),
        Value::Indexed(text) => {
            long_texts.push(long(&text));
            call.bind(indexed(&text))
        }
        Value::Text(text) => call.bind(text.map(|text| escape(&text).into_owned())),
        Value::Integer(number) => call.bind(number),
        Value::Flag(flag) => call.bind(flag),
        Value::Bytes(bytes) => call.bind(bytes),
    });
    long_texts.into_iter().fold(call, Call::bind)
}

/// A row of this engine.
pub(crate) struct Row<'r>(pub(crate) &'r PgRow);

impl columns::Row for Row<'_> {
    type Error = sqlx::Error;

    fn text(&self, column: &'static str) -> Result<Option<String>, sqlx::Error> {
        Ok(self.0.try_get::<Option<String>, _>(column)?.map(unescape))
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
