//! The storage traits of the Revento SDK, and implementations in memory.
//!
//! - [`TokenStore`] keeps connections and their sealed tokens. [`RecordPages`] reads its lists page by page.
//! - [`InboxStore`] keeps webhook deliveries until they are handled.
//! - [`BudgetStore`] keeps what replicas have spent of a token's rate budgets.
//! - [`Once`] keeps use-once marks, so that replicas do once what must be done once.
//! - [`DeletionStore`] keeps duties to delete cached data, and the proofs of their deletion.
//! - [`InboxAdmin`] and [`TokenAdmin`] answer what operators ask: a store may do without.
//! - [`Slot`] and [`DeliverySlot`] implement the rules of a token store and an inbox for one record: begin a store of your own with them.
//!   For a table with a column for each field [`columns`] maps records to rows, and [`TextDigest`] and [`columns::index_text`] make keys
//!   of ids of any length.
//! - [`Sealer`] encrypts what a store keeps; a store only ever sees [`Sealed`] bytes.
//! - [`reseal`] seals stored data again after a key was replaced.
//! - `group_commit` (with the feature `group-commit`) lets calls of a store share transactions.
//! - [`Clock`] and [`Entropy`] supply time and randomness.
//!
//! The documentation of the traits is a contract, and `revento-store-testkit` checks it. The guide's page
//! [a store of your own](https://github.com/revento/revento-rs/blob/main/docs/guide/your-own-store.md) has the smallest store of each
//! kind. Each trait is implemented for `Arc<T>`.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use revento_store::{Clock, Once, SystemClock, memory::MemoryOnce};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), revento_store::StoreError> {
//! let store: Arc<dyn Once> = Arc::new(MemoryOnce::new()); // or a store in your database
//! let now = SystemClock.now();
//! let until = now.saturating_add(Duration::from_secs(3600));
//! assert!(store.take("callback/4711", now, until).await?, "the first replica takes the mark");
//! assert!(!store.take("callback/4711", now, until).await?, "all others come too late");
//! # Ok(()) }
//! ```
//!
//! # What every method of a store does
//! - It is **atomic**, for any number of callers and replicas at once.
//! - It is **durable**: when it has returned `Ok`, a crash of the process or of the engine does not undo it. (What [`BudgetStore`] keeps
//!   may be lost.)
//! - It **sees every earlier call**: what one replica was told, each call of each replica that begins later sees. So there is no cache in
//!   the process, and no reading from a replica that lags behind.
//! - It **may be cancelled**: when the caller drops the future, the call happens completely or not at all, possibly a moment later, and
//!   no other call waits for it.
//! - It **reads no clock**: only the caller's clock decides what has ended. A store compares the times that it is given, and whatever is
//!   valid *until* a time is over *at* that time.
//! - It may fail with a [`StoreError`]. A write that failed may have taken effect, unless the error says otherwise.
//!
//! # What every store keeps
//! - A **text** is any Unicode text of any length, also the empty one. Two texts are equal if all their bytes are: case, blanks at the
//!   ends, NUL and the two forms of `é` count. No text is shortened or converted.
//! - An **optional** value: `None` differs from the empty text and from no bytes.
//! - A **time** is any 64-bit number of microseconds since 1970, also a negative one, without a time zone.
//! - **Sealed bytes** are any bytes, also none. Token pairs have a few hundred, and a store takes a million; the body of a webhook is as
//!   long as the endpoint allows, 1 MiB unless set otherwise.
//! - A **`limit`** is any number; `0` gives an empty list.
//!
//! An engine that limits the size of an index entry gets [`columns::index_text`] in the index and the text beside it; an engine that limits
//! the characters of its keys gets [`TextDigest`].
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `group-commit` | `group_commit`: calls of a store share transactions |
//! | `connection-pool` | `connection_pool`: a pool of connections, for stores |
//!
//! # What it does not do
//! It has no database: [`memory`] forgets everything with the process. For a database choose `revento-store-sqlite`, `-postgres`, `-mysql`, `-nats` or
//! `-redis`, or write a store, in about an hour. It encrypts nothing itself: a [`Sealer`] does.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod admin;
mod arc;
mod budget_store;
pub mod columns;
#[cfg(feature = "connection-pool")]
pub mod connection_pool;
mod deletion_store;
mod delivery_bytes;
mod delivery_slot;
mod environment;
mod error;
mod fields;
#[cfg(feature = "group-commit")]
pub mod group_commit;
mod inbox_store;
pub mod memory;
mod once;
mod record_pages;
pub mod reseal;
mod sealer;
mod slot;
mod slot_bytes;
mod text_digest;
mod token_pair;
mod token_store;

pub use revento_core::error::ErrorKind;

pub use admin::{DeliveryDetails, InboxAdmin, InboxStats, SealedDelivery, TokenAdmin, TypeFailures};
pub use budget_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite};
pub use deletion_store::{DeletionDuty, DeletionProof, DeletionStore};
pub use delivery_slot::DeliverySlot;
pub use environment::{Clock, Entropy, EntropyError, OsEntropy, SystemClock};
pub use error::{StoreError, StoreErrorReason};
pub use inbox_store::{
    BuriedCursor, BuriedDelivery, CompletionStatement, DeliveryState, InboxStore, InsertOutcome, Lease,
    LeasedDelivery, NewDelivery, RequeueAttempts, RequeueOutcome,
};
pub use once::Once;
pub use record_pages::RecordPages;
pub use sealer::{SealError, Sealed, Sealer, Unsealed};
pub use slot::Slot;
pub use slot_bytes::DecodeSlotError;
pub use text_digest::TextDigest;
pub use token_pair::{TokenPairCodec, TokenPairFormatError};
pub use token_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, Stored, SwapOutcome, TokenStore,
    Version,
};
