//! A copy of an event's participants and program, in your own database, that stays in sync: one full read, then webhooks, then
//! reconciliation (contract §10).
//!
//! A [`Mirror`] reads every event that an organizer has connected, once and completely, applies the webhooks that the inbox hands to
//! it, and compares everything with the platform once a day. Read it with [typed queries](Mirror::participants), and follow its
//! [changes](Mirror::changes). The tables belong to your database; [`MirrorStore`](store::MirrorStore) is the trait for others.
//!
//! ```no_run
//! # use revento_api::Client;
//! # use revento_inbox::Handlers;
//! # use revento_mirror::{Mirror, store::MirrorStore};
//! # async fn start(client: Client, store: impl MirrorStore + 'static, handlers: Handlers) -> Result<Handlers, Box<dyn std::error::Error>> {
//! let mirror = Mirror::builder(client, store).build();
//! let handlers = mirror.register(handlers); // for the inbox's runner
//!
//! let vegans = mirror.participants("evt_1").approved().with_answer("dietary_notes", "vegan").all().await?;
//! println!("{} vegans", vegans.len());
//!
//! tokio::spawn(async move { mirror.run(std::future::pending()).await });
//! # Ok(handlers) }
//! ```
//!
//! # What it promises
//! - Webhooks may arrive late, twice, out of order, during a read, or not at all. Information replaces other information only if it
//!   is not older; what no webhook tells, such as a cancellation, the next reconciliation finds.
//! - After a reconciliation the mirror is equal to what the platform listed while it was read. What arrives late after it does not
//!   bring older data back.
//! - A participant who vanishes is removed when two reads after one another have not shown them; the second follows at once.
//! - A crash loses nothing: a read goes on at its stored cursor. Of several replicas one reads at a time, and all apply webhooks.
//! - When a connection ends, nothing more is written, and [`Mirror::fulfil`] wipes the event's data with evidence for the deletion
//!   ledger. A late webhook about an earlier connection does not harm the data of a new consent (invariant T8).
//!
//! # What it costs
//! The first read goes as fast as the client's pacing allows: 50 participants in a call, 25 000 in an hour. A reconciliation uses at
//! most [a fifth](MirrorBuilder::budget_share) of the hour's budget, and is spread over the day. A page that shows nothing new writes
//! no row and no change, only a mark for each of its items.
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `suite` | the conformance suite for a [`MirrorStore`](store::MirrorStore) of your own |
//!
//! The tables for SQLite and PostgreSQL are in the stores' crates, with their feature `mirror`.
//!
//! # What it does not do
//! It does not encrypt: rows are personal data in your own tables, for your own queries. It reads with the organizer's connection
//! only. The names of new applicants come with a read that begins some minutes later, because their webhook has none. The page [keep in sync](https://github.com/revento/revento-rs/blob/main/docs/guide/keep-in-sync.md) says how it works, and
//! what it costs.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod advance;
mod changes;
mod error;
mod machine;
pub mod memory;
mod mirror;
mod page;
mod reads;
mod run;
mod status;
pub mod store;
#[cfg(feature = "suite")]
pub mod suite;
mod webhooks;
mod wipe;

pub use changes::{Change, ChangeKind, ChangedRow, Changes};
pub use error::MirrorError;
pub use mirror::{Mirror, MirrorBuilder};
pub use reads::{Mirrored, Query};
pub use status::{CompleteRead, Phase, ReadProgress, Status};
pub use store::ResourceKind;
pub use webhooks::Applied;
pub use wipe::WipeEvidence;
