//! The conformance suites for stores and sealers of the Revento SDK.
//!
//! Run them when you implement [`TokenStore`](revento_store::TokenStore), [`InboxStore`](revento_store::InboxStore),
//! [`DeletionStore`](revento_store::DeletionStore), [`Once`](revento_store::Once) or [`BudgetStore`](revento_store::BudgetStore) for
//! another database, or [`Sealer`](revento_store::Sealer) for a key service. If your store also implements [`InboxAdmin`](revento_store::InboxAdmin) or
//! [`TokenAdmin`](revento_store::TokenAdmin), for operators, run their suites, too. The SDK's own stores and sealers pass the same suites.
//!
//! A suite is a list of checks. Each check tests one rule of the trait on a store of its own. A failure says what the suite expected,
//! what the store returned with all causes of an error, and what goes wrong in production.
//!
//! # In a test
//! ```
//! use std::sync::Arc;
//!
//! use revento_store::{TokenStore, memory::MemoryTokens};
//! use revento_store_testkit::{Subject, TokenStoreSuite};
//!
//! # #[tokio::main] async fn main() { // in your crate: #[tokio::test(flavor = "multi_thread")]
//! let suite = TokenStoreSuite::new(|| async {
//!     let store: Arc<dyn TokenStore> = Arc::new(MemoryTokens::new());
//!     let again = store.clone();
//!     Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(again.clone()))))
//! });
//! let report = suite.skip("with_dump", "memory is not at rest").run().await;
//! report.assert_passed();
//! # }
//! ```
//! [`Report::assert_complete`] also fails if something was skipped. [`Report::to_json`] is for programs. [`Suite::only`] runs one check
//! while you mend the store. Run a suite on tokio's multi-threaded runtime; otherwise its races do not run in parallel.
//!
//! # As a test binary
//! With [`Harness`], each check is a test with a name:
//!
//! ```toml
//! [[test]]
//! name = "conformance"
//! harness = false
//! ```
//!
//! ```no_run
//! // tests/conformance.rs
//! use std::{process::ExitCode, sync::Arc};
//!
//! use revento_store::{TokenStore, memory::MemoryTokens};
//! use revento_store_testkit::{BoxError, Harness, Subject, TokenStoreSuite};
//!
//! /// A new, empty store for one check: here you create a file, a schema or a database.
//! async fn subject() -> Result<Subject<dyn TokenStore>, BoxError> {
//!     let store: Arc<dyn TokenStore> = Arc::new(MemoryTokens::new());
//!     let again = store.clone();
//!     Ok(Subject::new(store)
//!         .with_replicas(move || std::future::ready(Ok(again.clone()))) // opens the same data again
//!         .with_teardown(|| async { Ok(()) })) // drops the database
//! }
//!
//! fn main() -> ExitCode {
//!     let tokens = TokenStoreSuite::new(subject)
//!         .skip("with_dump", "memory is not at rest")
//!         .concurrency(2);
//!     Harness::new().suite(tokens).run()
//! }
//! ```
//!
//! | command | what it does |
//! |---|---|
//! | `cargo test --test conformance` | runs every check, as `cargo nextest run` does |
//! | `… -- k10` | runs the checks whose name contains `k10`; with `--exact` the one with this name |
//! | `… -- --list` | lists the checks |
//! | `… -- --skip k21` | leaves checks out of this run; [`Suite::skip`] leaves them out of each run, with a reason |
//! | `… -- --report FILE` | writes a report in JSON |
//! | `… -- --report-time` | prints how long each check took |
//!
//! # What a suite needs from you
//! A function that makes a new, empty [`Subject`]. The suite calls it once for each check.
//!
//! | | |
//! |---|---|
//! | [`Subject::with_replicas`] | opens the same data again: for restarts, and for races between replicas |
//! | [`Subject::with_dump`] | reads every byte at rest that your configuration writes (tables, indexes, logs, snapshots): the suite searches it for plaintext, also in UTF-16, in hexadecimal digits, in Base64 and escaped in JSON |
//! | [`Subject::with_restart`] | ends the engine and opens the same data: without it, a store on sled that never calls `flush` passes |
//! | [`Subject::with_teardown`] | removes the data of the check, however it has ended |
//! | [`Subject::guarded_by`] | a value to drop after the check, such as a temporary directory |
//! | [`Suite::skip`] | a check, or one of the first two hooks, that your store cannot have, and the reason |
//! | [`Suite::time_limit`] | after which a check fails because it hangs; five minutes by default |
//! | [`Suite::concurrency`] | how many checks run at the same time; one by default |
//!
//! A check whose hook is missing fails until you set the hook or skip it with a reason. Only `with_restart` can be missing: the checks of
//! restarts then open the data through `with_replicas`.
//!
//! The suites do not read the system clock: every time that they pass to a store is a constant, and some are far from today.
//! The guide's page [a store of your own](https://github.com/revento/revento-rs/blob/main/docs/guide/your-own-store.md) has the hooks of an SQL
//! store, and a test that kills its process. [`fixtures`] has values for the tests that you write beside them.
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `harness` | [`Harness`], on by default: each check is a test of a test binary |
//!
//! # What it does not do
//! It does not measure, and it cannot see what a rule of the trait does not promise. It cannot pull the plug: how durable the disk is, and what a
//! cluster loses when a server dies, is for tests of yours.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

#![expect(
    clippy::indexing_slicing,
    reason = "the suite indexes its own arrays, and a panic fails one check only"
)]

mod admin;
mod attempt;
mod budgets;
mod bytes;
mod check;
mod deletions;
mod difference;
mod dropped;
mod expect;
pub mod fixtures;
#[cfg(feature = "harness")]
mod harness;
mod inbox;
mod long;
mod once;
mod panics;
mod race;
mod report;
mod sealers;
mod show;
mod subject;
mod suite;
mod texts;
mod tokens;
mod traits;

#[cfg(feature = "harness")]
pub use harness::Harness;
pub use report::{CheckOutcome, Finding, Report};
pub use subject::{BoxError, Subject};
pub use suite::Suite;
pub use traits::{
    BudgetStoreSuite, DeletionStoreSuite, InboxAdminSuite, InboxStoreSuite, OnceSuite, SealerSuite,
    StoreTrait, TokenAdminSuite, TokenStoreSuite,
};
