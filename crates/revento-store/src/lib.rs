//! The storage traits of the Revento SDK, and implementations in memory.
//!
//! - [`TokenStore`] keeps connections and their sealed tokens. Implement it for your own database; [`Slot`]
//!   implements its rules for engines without columns ([`DeliverySlot`] those of an inbox), and [`RecordPages`] reads its lists page by page.
//!   For engines with columns [`columns`] maps records to rows.
//! - [`InboxStore`] keeps webhook deliveries until they are handled.
//! - [`BudgetStore`] keeps what replicas have spent of a token's rate budgets.
//! - [`Once`] keeps use-once marks, so that replicas do once what must be done once.
//! - [`DeletionStore`] keeps duties to delete cached data, and the proofs of their deletion.
//! - [`InboxAdmin`] and [`TokenAdmin`] answer what operators ask: a store may do without.
//! - [`Sealer`] encrypts what a store keeps; a store only ever sees [`Sealed`] bytes.
//! - [`reseal`] seals stored data again after a key was replaced.
//! - `group_commit` (with the feature `group-commit`) lets calls of a store share transactions.
//! - [`Clock`] and [`Entropy`] supply time and randomness.
//!
//! The documentation of the methods is a contract, and `revento-store-testkit` checks it. Only the caller's clock decides what
//! has expired: a store compares the times that it is given and reads no clock. Each trait is implemented for `Arc<T>`.

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
