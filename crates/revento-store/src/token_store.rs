//! The token joint: connections and their sealed tokens.

use std::fmt;

use async_trait::async_trait;
use revento_core::{ClientId, Connection, ConnectionKey, EventId, Timestamp};

pub use revento_core::claim::{ClaimOutcome, ClaimTerms, Fence, SwapOutcome, Version};

use crate::{Sealed, StoreError};

/// What a store keeps for one connection.
///
/// `tokens` is `None` once the connection has ended; every other field may be a column to index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Everything but the tokens.
    pub connection: Connection,
    /// The pair of tokens, sealed.
    pub tokens: Option<Sealed>,
}

/// A record and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The version to name in [`TokenStore::compare_and_swap`] and [`TokenStore::claim`].
    pub version: Version,
    /// The record.
    pub record: Record,
}

/// The answer to [`TokenStore::create`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateOutcome {
    /// The record is stored.
    Created(Version),
    /// The key has a record already; nothing was changed.
    AlreadyExists,
}

/// Keeps connections. Implement it for your own database ([`Slot`](crate::Slot) has the rules ready for
/// engines without columns), then run the suite of `revento-store-testkit`.
///
/// Every method is atomic and durable: when it returns `Ok`, a crash of the process or of the store
/// does not undo it. Any number of replicas may call at once. An error may or may not have taken
/// effect; callers read again. A future may be dropped at any moment: the call is then whole or never
/// was, and nobody has to wait for it.
#[async_trait]
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// The record of a connection, `None` when there is none.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError>;

    /// Stores a new record. Of several creators of one key exactly one gets [`CreateOutcome::Created`].
    ///
    /// # Errors
    /// When the store cannot tell whether it is stored.
    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError>;

    /// Replaces the record (all fields) if its version is `expected`; the version then grows.
    ///
    /// With a `fence`, the swap happens only if that claim is still the latest one granted and is not
    /// released, expired or not; it ends the claim, and no earlier one counts as abandoned any more: whoever
    /// swaps so was told. Without one, a claim stays as it is – except that a swap to another
    /// `generation` always ends it, and all before it. Of several swaps of one version exactly one gets [`SwapOutcome::Swapped`].
    ///
    /// # Errors
    /// When the store cannot tell whether it is replaced.
    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError>;

    /// Claims the right to refresh a connection, if the record still has the version that was read
    /// and no unexpired claim is on it. Does not change the version.
    ///
    /// A claim that ran out stays abandoned for every later claim until a swap ends it (see
    /// [`TokenStore::compare_and_swap`]); that a later holder released their own claim says nothing about it.
    ///
    /// # Errors
    /// When the store cannot tell; a claim that was granted after all expires by itself.
    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError>;

    /// Gives a claim back: its holder knows that the refresh token was not spent. Does nothing if
    /// `fence` is not the latest claim granted, or is released already.
    ///
    /// # Errors
    /// When the store cannot tell; the claim expires by itself.
    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError>;

    /// Up to `limit` live connections whose refresh token runs out before `before`, the soonest first.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn due(&self, before: Timestamp, limit: usize) -> Result<Vec<Stored>, StoreError>;

    /// Every record of one integration and event: the installation and all users, in any order.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn of_event(&self, client_id: &ClientId, event_id: &EventId) -> Result<Vec<Stored>, StoreError>;

    /// Every record of one integration, in any order.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn of_client(&self, client_id: &ClientId) -> Result<Vec<Stored>, StoreError>;

    /// Removes a record, its claim too. Removing what is not there succeeds.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError>;
}
