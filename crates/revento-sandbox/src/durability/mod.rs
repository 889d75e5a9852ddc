//! Durable state: a journal that takes changed rows in order, and the SQLite file behind it.

mod entry;
mod error;
mod file;
mod journal;

pub(crate) use error::{DataFileError, WriteError};
pub(crate) use file::open;
pub(crate) use journal::Journal;
