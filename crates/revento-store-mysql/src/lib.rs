//! The Revento SDK's token store, webhook inbox, deletion ledger and shared rate budget on MySQL and MariaDB, for any number of replicas.
//!
//! [`MySqlStore`] is a [`TokenStore`](revento_store::TokenStore), an [`InboxStore`](revento_store::InboxStore), a
//! [`DeletionStore`](revento_store::DeletionStore), an [`Once`](revento_store::Once) and a [`BudgetStore`](revento_store::BudgetStore).
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use revento_store_mysql::MySqlStore;
//!
//! let store = MySqlStore::connect("mysql://revento:secret@db.internal/revento").await?;
//! # Ok(()) }
//! ```

mod budgets;
mod call;
mod connect;
mod deletions;
mod error;
mod expired;
mod inbox;
mod literal;
mod once;
mod open_error;
mod options;
mod record;
mod schema;
#[cfg(test)]
mod sessions;
mod store;
mod tokens;
mod url;

pub use open_error::OpenError;
pub use options::MySqlOptions;
pub use store::MySqlStore;
