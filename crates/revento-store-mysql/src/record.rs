//! Rows of this engine, for [`revento_store::columns`].

use revento_store::columns::{self, Value, index_text};
use sqlx::{Row as _, mysql::MySqlRow};

use crate::{call::Call, error::unreadable};

/// Binds values in their order, and then the whole text of each indexed value, or `NULL` if it is short.
pub(crate) fn bind(call: Call, values: impl IntoIterator<Item = Value>) -> Call {
    let mut long_texts = Vec::new();
    let call = values.into_iter().fold(call, |call, value| match value {
        Value::Key(text) => call.bind(index_text(&text)),
        Value::Indexed(text) => {
            long_texts.push(long(&text));
            call.bind(index_text(&text))
        }
        Value::Text(text) => call.bind(text),
        Value::Integer(number) => call.bind(number),
        Value::Flag(flag) => call.bind(flag),
        Value::Bytes(bytes) => call.bind(bytes),
    });
    long_texts.into_iter().fold(call, Call::bind)
}

/// The whole text for the column beside the indexed one, if [`index_text`] has shortened it.
pub(crate) fn long(text: &str) -> Option<String> {
    (index_text(text) != text).then(|| text.to_owned())
}

/// A row of this engine.
pub(crate) struct Row<'r>(pub(crate) &'r MySqlRow);

impl columns::Row for Row<'_> {
    type Error = sqlx::Error;

    fn text(&self, column: &'static str) -> Result<Option<String>, sqlx::Error> {
        let bytes: Option<Vec<u8>> = self.0.try_get(column)?;
        let text = bytes.map(String::from_utf8).transpose();
        text.map_err(|error| sqlx::Error::ColumnDecode {
            index: column.to_owned(),
            source: error.utf8_error().into(),
        })
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
