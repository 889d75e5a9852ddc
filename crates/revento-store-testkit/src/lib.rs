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
//! With [`Harness`], each check is a test with a name. `cargo test` lists, filters and runs it by itself.
//!
//! # What a suite needs from you
//! A function that makes a new, empty [`Subject`]. The suite calls it once for each check.
//!
//! | | |
//! |---|---|
//! | [`Subject::with_replicas`] | opens the same data again: for restarts, and for races between replicas |
//! | [`Subject::with_dump`] | reads every byte at rest: the suite searches it for plaintext |
//! | [`Subject::with_restart`] | ends the engine and opens the same data: without it, what the engine has in memory only seems durable |
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
//! [`fixtures`] has values for the tests that you write beside them.

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

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
