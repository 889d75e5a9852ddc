//! The conformance suite for stores of the Revento SDK.
//!
//! Whoever implements [`TokenStore`](revento_store::TokenStore), [`InboxStore`](revento_store::InboxStore),
//! [`DeletionStore`](revento_store::DeletionStore) or [`BudgetStore`](revento_store::BudgetStore) for a database of their
//! own, or [`Sealer`](revento_store::Sealer) for a key service, runs it in one test. The SDK's own pass through
//! the same door.
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
//! # What to give it
//! A function that makes a fresh, empty store: it is called once for each check. Beyond that:
//!
//! - [`Subject::guarded_by`]: something to drop when the check is done, such as a temporary directory.
//! - [`Subject::with_replicas`]: how to open the same data once more. With it the suite also asks
//!   what survives a restart, and lets two replicas race.
//! - [`Subject::with_dump`]: every byte at rest. With it the suite looks for plaintext.
//! - [`Suite::skip`]: a check that the store cannot pass, and why. It is listed in the report; naming
//!   one that does not exist is a failure.
//! - [`Suite::only`]: one check to run, while you work on what it found.
//!
//! # What it tells
//! [`Report`] has every check with its outcome. A failure says what was expected, what came, and what
//! goes wrong in production when a store behaves like that.
//!
//! Run it on tokio's multi-threaded runtime, so that the races are real ones. The suite never looks at
//! the time: all times that a store gets to see are made up, some of them far from today.

#![expect(
    clippy::indexing_slicing,
    reason = "into the suite's own arrays; and a panic ends one check only"
)]

mod budgets;
mod bytes;
mod check;
mod deletions;
mod dropped;
mod expect;
pub mod fixtures;
mod inbox;
mod race;
mod report;
mod sealers;
mod subject;
mod suite;
mod tokens;

pub use report::{CheckOutcome, Finding, Report};
pub use subject::{BoxError, Subject};
pub use suite::{
    BudgetStoreSuite, DeletionStoreSuite, InboxStoreSuite, Joint, SealerSuite, Suite, TokenStoreSuite,
};

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
