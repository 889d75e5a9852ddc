//! The Revento SDK's stores on NATS JetStream, for any number of replicas and a cluster of servers.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use revento_store_nats::NatsStore;
//!
//! let servers = "tls://revento:secret@n1.internal,tls://n2.internal,tls://n3.internal";
//! let store = NatsStore::connect(servers).await?;
//! # Ok(()) }
//! ```
//!
//! # What the servers have to do
//! A used refresh token that comes back after a crash revokes a whole token family. So the store refuses servers that can lose what they
//! have acknowledged, with an [`OpenError`] that says what to change. On a cluster each stream has three copies
//! ([`NatsOptions::replicas`]), and a write is acknowledged when two of three servers have it: one server may end, be cut off or lose its
//! disk. A server syncs its disk every two minutes, unless it has `sync_interval: always` (since version 2.10), and no client can ask
//! which. So if two of three machines lose power at once, what was written last may be gone: place them apart, or set
//! `sync_interval: always`. A single server has the only copy: [`NatsOptions::trust_the_server`] says that you have set it or accept the
//! risk.
//!
//! A single server needs version 2.9. A cluster needs 2.11: an older one loses records when a node fails. Set `max_payload: 2MB`: with the
//! default of 1 MB a server refuses the largest webhooks, whose bodies may have 1 MiB.
//!
//! Servers on other machines have to speak TLS (`tls://`), unless [`NatsOptions::allow_plain_text`] says otherwise. The store reads no
//! environment variable.
//!
//! # How it works
//! Each kind of records has a stream, `revento_tokens` and so on (or another [prefix](NatsOptions::prefix)), and each record has a subject,
//! whose last message is the record. The store creates the streams. A subject is a digest of the record's id, and the message has the id
//! itself. A write names the message that it replaces and succeeds only if that is still the last one. All writes that would replace
//! one message have the same message id, so the servers take one of them, and an attempt that was not answered is made again without
//! harm. After ten seconds the write fails and may have taken effect.
//!
//! A stream has no order but that of its messages. So each handle keeps an index in memory, and reads what is new in the stream before
//! it lists anything. The records in the stream are the truth: each one is loaded before it is returned or changed. The index has
//! a few hundred bytes for each connection, and for each delivery until it is forgotten. The first list of a new process reads the stream
//! once.
//!
//! Of the deliveries of an ordering key one is handled at a time, in the order of the messages that have queued them. What comes later is
//! always behind, so a delivery that is in front stays there, and a lease only has to replace the message that the index knows.
//!
//! The same handle is a [`BudgetStore`](revento_store::BudgetStore): replicas that share it stay below a token's rate budgets together.
//! What has been spent is in the servers' memory, and they drop it after two days.
//!
//! # What is weaker than in a database
//! - The leader of a stream answers reads. During an election the old leader or the new one may for a moment answer with an older state.
//!   Writes are not affected: they need a majority, and name what they replace.
//! - While a cluster elects a leader, which takes some seconds, calls fail with an error that is transient.
//! - What a write replaced stays in the servers' files until they compact them: the sealed tokens of a connection that was refreshed or
//!   removed, the sealed body of a delivery that is done or expunged. Of a forgotten delivery only the last message, which has no body, is
//!   overwritten at once.
//! - A lease of many deliveries is one write for each of them. If it fails on the way, some may be leased; their leases expire.
//!
//! # Features
//! It has no Cargo features.
//!
//! # What it does not do
//! It has no tables for `revento-mirror`, and no transaction that a handler could share: make handlers idempotent by the envelope's id. It configures no
//! servers.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod budgets;
mod deletions;
mod failure;
mod follower;
mod inbox;
mod inbox_admin;
mod inbox_index;
mod names;
mod once;
mod open_error;
mod options;
mod pages;
mod setup;
mod store;
mod stream;
mod token_index;
mod tokens;
mod url;

pub use open_error::OpenError;
pub use options::NatsOptions;
pub use store::NatsStore;
