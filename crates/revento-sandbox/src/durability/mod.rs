//! Making changes durable: a journal that takes changed rows in order, and a SQLite file behind it.

mod file;
mod journal;

pub(crate) use file::open;
pub(crate) use journal::{Journal, Unwritten};
