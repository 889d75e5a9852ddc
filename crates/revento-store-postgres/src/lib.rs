//! The Revento SDK's token store, webhook inbox, deletion ledger and shared rate budget on PostgreSQL, for any number of replicas.
//!
//! [`PostgresStore`] is a [`TokenStore`](revento_store::TokenStore), an [`InboxStore`](revento_store::InboxStore),
//! a [`DeletionStore`](revento_store::DeletionStore), an [`Once`](revento_store::Once) and a
//! [`BudgetStore`](revento_store::BudgetStore): replicas that share the database stay below a token's rate budgets together.
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
//! - It creates its tables, whose names begin with `revento_`, in the connection's schema or in [one of its own](PostgresOptions::schema),
//!   and brings them up to date when it connects: one replica does it under a lock, the others wait and find it done. The role needs the
//!   right to create tables, or somebody runs [`PostgresStore::MIGRATIONS`] beforehand.
//! - It commits synchronously, also where the server's default is not to: a write that the store has reported is on the server's disk.
//!   A fail-over to a replica that does not commit synchronously can still lose the last writes; then a used refresh token may come back.
//!
//! # How it connects
//! The URL alone decides; the store reads no environment variable. It refuses to open while `PGOPTIONS`, `PGSSLCERT` or `PGSSLKEY` is
//! set, because its driver would read them. A host that is not this machine needs TLS with a trusted certificate for its name, unless
//! the URL says otherwise ([`PostgresOptions::new`]).
//!
//! # Behind a pooler
//! PgBouncer works in transaction mode and in session mode; name the [schema](PostgresOptions::schema). The store keeps nothing in a
//! session and takes nothing from it: each call names the schema of its tables, prepares no statement, and sets its own time limits. It
//! uses no `LISTEN` and no session-level lock.
//!
//! # How it works
//! Each call is one message to the server and one transaction at `READ COMMITTED`: one round trip. Deliveries that arrive at the same time,
//! and leases and completions, share transactions, at most two of which run at once; each caller gets its own answer. A delivery that the
//! server refuses for its values does not affect the others of its transaction, and neither does one whose ordering key a handler's
//! transaction holds: the store gives it a transaction of its own.
//!
//! If the connection of a call is lost, because the server, a pooler or a firewall closed it, the store makes the call again on another
//! connection, and recognizes what the call has written before. A few rare calls (those of [`DeletionStore`](revento_store::DeletionStore),
//! [`requeue`](revento_store::InboxStore::requeue) and [`reseal`](revento_store::InboxAdmin::reseal)) ask first whether the connection
//! works, and report an error that may have taken effect if it is lost later. If a future is dropped, its connection is closed, and the
//! server rolls back or has committed. A replica that is paused blocks nobody, because the server does not wait for it in a transaction.
//!
//! [`forget`](revento_store::InboxStore::forget) and [`expunge`](revento_store::InboxStore::expunge) work in slices of a thousand
//! deliveries, each a transaction of its own.
//!
//! # When the server fails
//! | what happens | what a call does |
//! |---|---|
//! | the server restarts, or an administrator ends the sessions | it is made again; it waits for the server for up to [`acquire_timeout`](PostgresOptions::acquire_timeout) |
//! | the primary became a replica that only reads | it fails as [unavailable](revento_store::StoreErrorReason::Unavailable), without effect; the store opens new connections, which may lead to the new primary |
//! | all connections are busy for longer than `acquire_timeout` | it fails as unavailable, without effect |
//! | a statement takes longer than 30 seconds, or waits for a lock longer than 10 | it fails as unavailable, without effect |
//! | a deadlock with a transaction of your own | it is made again |
//!
//! # Troubleshooting
//! | error | help |
//! |---|---|
//! | [`OpenError::Tls`] | name the authority's certificate in the URL: `sslrootcert=/etc/ssl/db.pem` |
//! | [`OpenError::NotAllowed`] | let the role create tables, or run the migrations as another role |
//! | [`StoreErrorReason::Rejected`](revento_store::StoreErrorReason::Rejected) | the tables, the role's rights or a pooler were changed; the data is as it was |
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `mirror` | the tables of `revento-mirror` |
//!
//! # What it does not do
//! It does not share the pool of your own program, and reads from no replica of the server. It deletes rows, but not what backups and the write-ahead
//! log of the server still have.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod budgets;
mod call;
mod connections;
mod deletions;
mod error;
mod inbox;
mod literal;
#[cfg(feature = "mirror")]
mod mirror;
mod once;
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

#[cfg(feature = "mirror")]
pub use mirror::PostgresMirror;
pub use open_error::OpenError;
pub use options::PostgresOptions;
pub use store::PostgresStore;
