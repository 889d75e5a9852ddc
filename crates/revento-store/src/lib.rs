//! The storage joints of the Revento SDK: small, slow-moving traits, and a memory store.
//!
//! - [`TokenStore`] keeps connections and their sealed tokens. Implement it for your own database; [`Slot`]
//!   has its rules ready for engines without columns.
//! - [`InboxStore`] keeps webhook deliveries until they are handled.
//! - [`BudgetStore`] keeps what replicas have spent of a token's rate budgets.
//! - [`DeletionStore`] keeps what has to be deleted, and the proof that it was.
//! - [`Sealer`] encrypts what a store keeps; a store only ever sees [`Sealed`] bytes.
//! - [`Clock`] and [`Entropy`] are where time and randomness come from above the sans-IO line.
//!
//! The methods' documentation is a contract: it says what is atomic, what may be repeated, and what
//! a caller does with each answer. Expiry is judged by the caller's clock only: a store compares the
//! times that it is given and never asks for the time itself.

mod arc;
mod budget_store;
mod deletion_store;
mod environment;
mod error;
mod fields;
mod inbox_store;
pub mod memory;
mod pages;
mod sealer;
mod slot;
mod slot_bytes;
mod token_pair;
mod token_store;

pub use revento_core::error::ErrorKind;

pub use budget_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite};
pub use deletion_store::{DeletionDuty, DeletionProof, DeletionStore};
pub use environment::{Clock, Entropy, EntropyError, OsEntropy, SystemClock};
pub use error::{StoreError, StoreErrorReason};
pub use inbox_store::{
    BuriedCursor, BuriedDelivery, CompletionStatement, DeliveryState, InboxStore, InsertOutcome, Lease,
    LeasedDelivery, NewDelivery, RequeueOutcome,
};
pub use pages::Pages;
pub use sealer::{SealError, Sealed, Sealer, Unsealed};
pub use slot::Slot;
pub use slot_bytes::DecodeSlotError;
pub use token_pair::{TokenPairCodec, TokenPairFormatError};
pub use token_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, Stored, SwapOutcome, TokenStore,
    Version,
};
