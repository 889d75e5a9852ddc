//! The Revento SDK's token store, webhook inbox, deletion ledger, use-once marks and shared rate budget on MySQL and MariaDB, for any number
//! of replicas.
//!
//! [`MySqlStore`] is a [`TokenStore`](revento_store::TokenStore), an [`InboxStore`](revento_store::InboxStore), a
//! [`DeletionStore`](revento_store::DeletionStore), an [`Once`](revento_store::Once) and a [`BudgetStore`](revento_store::BudgetStore): replicas
//! that share the database stay below a token's rate budgets together.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use revento_store_mysql::MySqlStore;
//!
//! let store = MySqlStore::connect("mysql://revento:secret@db.internal/revento").await?;
//! # Ok(()) }
//! ```
//!
//! It needs MariaDB 10.6 or MySQL 8.0, or a later version, with InnoDB. The tests of this crate run on MariaDB 10.11, also on a server with
//! unusual defaults. On MySQL they have not run yet: the store uses what both have.
//!
//! # What it does to the database
//! - It creates its tables, whose names begin with `revento_`, in the database of the URL, and brings them up to date when it connects. MySQL
//!   has no transactions around such changes, so each step can be run again: one replica takes the steps under a claim in the table
//!   `revento_schema`, the others wait, and another one continues if it is killed. The user needs `SELECT`, `INSERT`, `UPDATE`, `DELETE`, and for
//!   the steps `CREATE`, `ALTER`, `INDEX` and `DROP`; a user without these four connects when another one has done it.
//! - It changes no other table, and refuses to open if a table with one of its names is not its own.
//! - It keeps texts as bytes: no collation compares them, and no character set converts them. Long ids are found by a
//!   [shortened text](revento_store::columns::index_text).
//!
//! # What the server has to do
//! - `innodb_flush_log_at_trx_commit = 1`, which is the default, and `sync_binlog = 1` if it writes a binary log, which is not the default of
//!   MariaDB. With other values a crash of the machine can lose the last writes; then a used refresh token may come back. The store cannot set
//!   them for its own transactions. A fail-over to a replica that does not commit synchronously can lose the last writes as well.
//! - `binlog_format = ROW` or `MIXED` if it writes a binary log: with `STATEMENT` the server refuses the store's transactions.
//! - `max_allowed_packet` of at least twice the largest delivery: the default of 16 MiB (MySQL: 64 MiB) is enough. A larger call is
//!   refused before it is sent.
//!
//! # How it connects
//! The URL alone decides; the store reads no environment variable and no option file. A host that is not this machine needs TLS with a trusted
//! certificate for its name, unless the URL says otherwise ([`MySqlOptions::new`]). The user's plugin is `mysql_native_password`, or
//! `caching_sha2_password` over TLS.
//!
//! # Behind a proxy
//! ProxySQL, MaxScale and the like may give each transaction another session. The store keeps nothing in a session and takes nothing from it:
//! each call names the database of its tables, sets the isolation level of its own transaction only, prepares no statement, and uses no
//! `GET_LOCK`, no temporary table and no `LAST_INSERT_ID()`. No statement depends on `sql_mode`, `autocommit`, `completion_type`, the time
//! zone, or a character set. The proxy has to let several statements in one message through.
//!
//! # How it works
//! Each call is one message to the server and one transaction at `READ COMMITTED`: one round trip. It finds its rows by their primary keys, so that
//! it locks no gap between them. Every write bears the name of its call. If the connection of a call is lost, because the server, a proxy or a
//! firewall closed it, the store makes the call again on another connection, and recognizes by this name what it has written before. If a
//! future is dropped, its connection is closed, and the server rolls back or has committed.
//!
//! Deliveries that arrive at the same time, and leases and completions, share transactions; each caller gets its own answer.
//!
//! # When the server fails
//! | what happens | what a call does |
//! |---|---|
//! | the server restarts, or an administrator ends the sessions | it is made again; it waits for the server for up to [`acquire_timeout`](MySqlOptions::acquire_timeout) |
//! | a deadlock, or a lock that it does not get | it is made again, up to twelve times, each after a random pause |
//! | the primary became a replica that only reads | it fails as [unavailable](revento_store::StoreErrorReason::Unavailable), without effect; the store opens new connections, which may lead to the new primary |
//! | all connections are busy for longer than `acquire_timeout` | it fails as unavailable, without effect |
//! | the server is silent for 60 seconds | it fails as unavailable, and may have taken effect |
//!
//! # Troubleshooting
//! | error | help |
//! |---|---|
//! | [`OpenError::Tls`] | name the authority's certificate in the URL: `ssl-ca=/etc/ssl/db.pem` |
//! | [`OpenError::Denied`] | check user, password and the user's plugin; `ed25519` and `unix_socket` are not supported |
//! | [`OpenError::NotAllowed`] | grant the rights, or let another user connect once |
//! | [`StoreErrorReason::Rejected`](revento_store::StoreErrorReason::Rejected) | the tables, the user's rights, a setting or a proxy were changed; the data is as it was |
//!
//! # Features
//! It has no Cargo features.
//!
//! # What it does not do
//! It has no tables for `revento-mirror` yet. It does not share the pool of your own program, and reads from no replica of the server. It deletes rows,
//! but not what backups and the binary log of the server still have.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

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
