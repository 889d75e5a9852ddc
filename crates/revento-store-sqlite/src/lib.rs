//! The Revento SDK's token store and webhook inbox on SQLite: one file, no server.
//!
//! [`SqliteStore`] is a [`TokenStore`](revento_store::TokenStore), an [`InboxStore`](revento_store::InboxStore),
//! a [`DeletionStore`](revento_store::DeletionStore) and an [`Once`](revento_store::Once). Several processes of one machine can share the file;
//! replicas on several machines cannot, and a network file system is no way around that.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("revento.sqlite");
//! use revento_store::TokenStore;
//! use revento_store_sqlite::SqliteStore;
//!
//! let store = SqliteStore::open(&path).await?;
//! assert!(store.of_client(&"clt_1".into(), None, 10).await?.is_empty());
//! store.close().await?;
//! # Ok(()) }
//! ```
//!
//! # What it does to the file
//! - It creates the file readable by its owner alone, and beside it a write-ahead log (`-wal`, `-shm`). To back it up use `VACUUM INTO` or
//!   SQLite's backup, not a copy of the one file. Do not put a backup back that is older than the last refresh: the platform revokes a
//!   connection whose used refresh token it sees again.
//! - It syncs each write to the disk before it reports it (`synchronous=FULL`).
//! - It overwrites what it deletes with zeros (`secure_delete`). The write-ahead log keeps earlier states of pages until
//!   [`InboxStore::expunge`](revento_store::InboxStore::expunge), which a `Runner` of revento-inbox calls each hour, or
//!   [`SqliteStore::close`] empties it. Backups, and snapshots of the file system, are yours to delete.
//! - It marks the file as its own, with the version of its schema. It refuses a file of another program or of a newer version with an
//!   [`OpenError`] and leaves it as it was.
//!
//! # How it works
//! One connection writes, in transactions that hold the write lock from their beginning (`BEGIN IMMEDIATE`), so no write fails halfway
//! because of a lock; a few other connections read, and one runs checkpoints while the first writes. If a future is
//! dropped during a write, the write has either been committed or left nothing behind.
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `mirror` | the tables of `revento-mirror` in the store's file |
//!
//! # What it does not do
//! It is for processes on one machine: a network file system is no place for the file. It is no [`BudgetStore`](revento_store::BudgetStore) for replicas
//! on several machines: use PostgreSQL, MySQL or NATS for them.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod checkpointer;
mod connect;
mod deletions;
mod error;
mod hash;
mod inbox;
#[cfg(feature = "mirror")]
mod mirror;
mod once;
mod open_error;
mod record;
mod schema;
mod store;
#[cfg(test)]
mod tests;
mod tokens;
mod writer;

#[cfg(feature = "mirror")]
pub use mirror::SqliteMirror;
pub use open_error::OpenError;
pub use store::SqliteStore;
