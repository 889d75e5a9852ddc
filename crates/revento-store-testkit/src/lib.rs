//! The conformance suite for stores of the Revento SDK.
//!
//! Run it in one test when you implement [`TokenStore`](revento_store::TokenStore), [`InboxStore`](revento_store::InboxStore),
//! [`DeletionStore`](revento_store::DeletionStore), [`Once`](revento_store::Once) or [`BudgetStore`](revento_store::BudgetStore) for
//! another database, or [`Sealer`](revento_store::Sealer) for a key service. If your store also implements [`InboxAdmin`](revento_store::InboxAdmin) or
//! [`TokenAdmin`](revento_store::TokenAdmin), for operators, run their suites, too. The SDK's own stores and sealers pass the same suite.
//!
//! ```
//! use revento_store::memory::MemoryTokens;
//! use revento_store_testkit::{Subject, TokenStoreSuite};
//!
//! # #[tokio::main] async fn main() {
//! let suite = TokenStoreSuite::new(|| async { Ok(Subject::tokens(MemoryTokens::new())) });
//! suite.run().await.assert_passed();
//! # }
//! ```
//!
//! # Input
//! The suite needs a function that makes a new, empty store. It calls the function once for each check. Optional:
//!
//! - [`Subject::guarded_by`]: a value to drop after the check, such as a temporary directory.
//! - [`Subject::with_replicas`]: a function that opens the same data again. With it the suite also
//!   checks restarts and races between replicas.
//! - [`Subject::with_dump`]: a function that reads every byte at rest. With it the suite searches for plaintext.
//! - [`Suite::skip`]: a check that the store cannot pass, and the reason. The report lists it. Skipping
//!   a check that does not exist is a failure.
//! - [`Suite::only`]: runs a single check while you fix the store.
//!
//! # Output
//! [`Report`] has every check with its outcome. A failure reports what the suite expected, what the store
//! returned, and what goes wrong in production.
//!
//! Run the suite on tokio's multi-threaded runtime; otherwise its races do not run in parallel. The suite does not
//! read the system clock: every time that it passes to a store is a constant, and some are far from today.
//!
//! [`fixtures`] has values for the tests that you write beside the suite.

#![expect(
    clippy::indexing_slicing,
    reason = "the suite indexes its own arrays, and a panic fails one check only"
)]

mod admin;
mod budgets;
mod bytes;
mod check;
mod deletions;
mod dropped;
mod expect;
pub mod fixtures;
mod inbox;
mod long;
mod once;
mod race;
mod report;
mod sealers;
mod subject;
mod suite;
mod tokens;

pub use report::{CheckOutcome, Finding, Report};
pub use subject::{BoxError, Subject};
pub use suite::{
    BudgetStoreSuite, DeletionStoreSuite, InboxAdminSuite, InboxStoreSuite, OnceSuite, SealerSuite,
    StoreTrait, Suite, TokenAdminSuite, TokenStoreSuite,
};

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
