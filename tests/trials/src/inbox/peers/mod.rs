//! What the inbox is compared with: the disk alone, and each engine by hand.

mod append;
mod postgres;
mod sqlite;

pub(super) use self::{append::Append, postgres::PostgresByHand, sqlite::SqliteByHand};
