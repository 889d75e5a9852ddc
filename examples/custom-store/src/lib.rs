//! Stores for a database of one's own. The page docs/guide/your-own-store.md explains them.
//!
//! [`SqlStore`] has the smallest store of each kind in plain SQL, here for SQLite. [`RedbStore`] has tokens in redb, an embedded
//! key-value store, and [`MariaDbTokens`] has them in MariaDB or MySQL. The suites of `revento-store-testkit` test them
//! (`tests/conformance.rs`).

mod budgets;
mod deletions;
mod inbox;
mod mariadb;
mod once;
mod redb;
mod sql;
mod tokens;

pub use crate::{mariadb::MariaDbTokens, redb::RedbStore, sql::SqlStore};
