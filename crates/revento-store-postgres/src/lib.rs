//! The Revento SDK's token store and webhook inbox on PostgreSQL, for any number of replicas.
//!
//! [`PostgresStore`] is a [`TokenStore`](revento_store::TokenStore), an [`InboxStore`](revento_store::InboxStore),
//! a [`DeletionStore`](revento_store::DeletionStore) and a [`BudgetStore`](revento_store::BudgetStore): replicas
//! that share the database stay below a token's rate budgets together.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use revento_store_postgres::PostgresStore;
//!
//! let store = PostgresStore::connect("postgres://revento:secret@db.internal/revento").await?;
//! # Ok(()) }
//! ```
//!
//! # What it does to the database
//! - It creates its tables, all of them named `revento_…`, in the connection's schema or in
//!   [one of its own](PostgresOptions::schema), and brings them up to date when it connects: one
//!   replica does it under a lock, the others find it done. The role needs the right to create tables for
//!   that, or somebody runs [`PostgresStore::MIGRATIONS`] beforehand.
//! - A synchronous commit is switched on for its sessions where the server has it off: what is
//!   reported as stored is on the server's disk. A fail-over to a replica that does not commit
//!   synchronously can still lose the last writes; then a spent refresh token may come back.
//!
//! # How it works
//! Each method is one statement at `READ COMMITTED`; what needs several steps (an ordering key of the
//! inbox) is a function on the server. So no transaction is ever left open: a future that is dropped in
//! the midst of a write either has committed or leaves nothing behind, and a replica that is paused blocks
//! nobody. Broken connections are replaced.

mod budgets;
mod call;
mod deletions;
mod error;
mod inbox;
mod open_error;
mod options;
mod record;
mod schema;
#[cfg(test)]
mod sessions;
mod store;
mod text;
mod tokens;
mod url;

pub use open_error::OpenError;
pub use options::PostgresOptions;
pub use store::PostgresStore;
