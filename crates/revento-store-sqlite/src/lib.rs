//! The Revento SDK's token store and webhook inbox on SQLite: one file, no server.
//!
//! [`SqliteStore`] is a [`TokenStore`](revento_store::TokenStore), an [`InboxStore`](revento_store::InboxStore)
//! and a [`DeletionStore`](revento_store::DeletionStore). Several processes of one machine can share the file;
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
//! - It is created readable by its owner alone, with its write-ahead log beside it (`-wal`, `-shm`).
//!   To back it up use `VACUUM INTO` or SQLite's backup, not a copy of the one file.
//! - Every write is synced to the disk before it is reported (`synchronous=FULL`).
//! - It is marked as this store's, and with the version of its schema; a file of another program or
//!   of a newer version is refused with an [`OpenError`] and left as it was.
//!
//! # How it works
//! One connection writes, in transactions that hold the write lock from their beginning
//! (`BEGIN IMMEDIATE`), so that no write ever fails halfway for a lock; a few others read. A future
//! that is dropped in the midst of a write either has committed or leaves nothing behind.

mod deletions;
mod error;
mod inbox;
mod open_error;
mod opening;
#[cfg(test)]
mod plans;
mod record;
mod schema;
mod store;
mod tokens;

pub use open_error::OpenError;
pub use store::SqliteStore;
