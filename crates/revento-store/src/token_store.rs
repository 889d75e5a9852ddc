//! [`TokenStore`]: keeps connections and their sealed tokens.

use std::fmt;

use async_trait::async_trait;
use revento_core::{ClientId, Connection, ConnectionKey, EventId, Timestamp};

pub use revento_core::claim::{ClaimOutcome, ClaimTerms, Fence, SwapOutcome, Version};

use crate::{Sealed, StoreError};

/// The data of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Everything but the tokens. A store may keep each field in a column and index it.
    pub connection: Connection,
    /// The sealed pair of tokens; `None` once the connection has ended.
    pub tokens: Option<Sealed>,
}

/// A record with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The version to pass to [`TokenStore::compare_and_swap`] and [`TokenStore::claim`].
    pub version: Version,
    /// The record.
    pub record: Record,
}

/// The result of [`TokenStore::create`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateOutcome {
    /// The record is stored and has this version.
    Created(Version),
    /// The key has a record already. The store changed nothing.
    AlreadyExists,
}

/// A position in the list of [`TokenStore::due`]: the next page begins behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DueCursor {
    /// When the refresh token of the last record of the page expires.
    pub refresh_expires_at: Timestamp,
    /// The key of the last record of the page.
    pub key: ConnectionKey,
}

impl DueCursor {
    /// The position of a record.
    pub fn of(stored: &Stored) -> Self {
        let connection = &stored.record.connection;
        Self {
            refresh_expires_at: connection.refresh_expires_at,
            key: connection.key.clone(),
        }
    }
}

/// Keeps connections. Implement it for your own database and run the suite of `revento-store-testkit` on it.
/// [`Slot`](crate::Slot) implements the rules for one key.
///
/// Every method is atomic, is durable, sees every earlier call, may be cancelled and reads no clock: see
/// [what every method of a store does](crate#what-every-method-of-a-store-does). After a write that failed, callers load the record again.
///
/// # Values
/// Beside [what every store keeps](crate#what-every-store-keeps):
///
/// | field | range |
/// |---|---|
/// | the ids, `reason`, a `status` or scope that is not known yet | any text; a scope has no white space |
/// | `user_id` | `None`, the installation, is another key than the user `""` |
/// | `generation` | any `u64` |
/// | `tokens` | any bytes, also none, which is not `None` |
/// | [`Version`], [`Fence`] | numbers of the store's own; callers may pass any other `i64`, which belongs to nobody |
///
/// # Order
/// Lists are in ascending byte order of the key's text (`ConnectionKey`'s `Display`), which
/// [`due`](Self::due) uses for records of equal expiry. A page has fewer than `limit` records only if no record follows it.
/// The order of keys whose text is longer than 192 bytes may be that of their [`index_text`](crate::columns::index_text).
/// Records that no other call changes meanwhile are on exactly one page, whatever else changes between two pages.
///
/// # What ends a claim
/// A claim expires *at* its `until`, but its holder keeps it until another claim replaces it. What each call does to the current claim:
///
/// | call | by its holder, also a late one (its fence) | by an earlier holder (another fence) | by anybody (no fence) |
/// |---|---|---|---|
/// | `compare_and_swap` to the same `generation` | `Swapped`: ends | `Conflict`: stays | `Swapped`: stays |
/// | `compare_and_swap` to another `generation` | `Swapped`: ends | `Conflict`: stays | `Swapped`: ends |
/// | `compare_and_swap` that expects another version | `Conflict`: stays | `Conflict`: stays | `Conflict`: stays |
/// | `release` | ends | stays | |
/// | `claim` with `now` before `until` | | | `Held`: stays |
/// | `claim` with `now` at or after `until` | | | `Granted`: the new claim replaces it |
/// | `claim` with another version | | | `VersionChanged`: stays |
/// | `remove` | | | ends |
///
/// `abandoned` of a granted claim is `true` if a new claim has replaced an expired one, now or earlier. It becomes `false` again when the
/// record is swapped with a fence or to another `generation`. A `release` does not reset it: the holder before may have sent the refresh
/// token.
#[async_trait]
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// Loads the record of a connection; `None` if there is none.
    ///
    /// # Errors
    /// The store failed.
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError>;

    /// Stores a new record. Of several callers that create one key exactly one gets [`CreateOutcome::Created`].
    ///
    /// # Errors
    /// The store failed. The record may be stored.
    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError>;

    /// Replaces all fields of the record if its version is `expected`, and gives it a higher version.
    ///
    /// With a `fence` the store swaps only if that claim is the latest one granted and has not ended; it may have
    /// expired. The table above says what the call does to claims. Of several swaps that expect one version exactly one
    /// gets [`SwapOutcome::Swapped`].
    ///
    /// # Errors
    /// The store failed. The record may be replaced.
    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError>;

    /// Claims the right to refresh a connection, if the record has the version that the caller has loaded and no
    /// unexpired claim is on it. The record and its version do not change. A claim that has expired when it is made is granted, too.
    ///
    /// # Errors
    /// The store failed. The claim may be granted; it then expires by itself.
    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError>;

    /// Ends a claim whose holder knows that the refresh token was not spent. Succeeds and changes nothing if `fence` is
    /// not that of the current claim, or there is no such record.
    ///
    /// # Errors
    /// The store failed. The claim expires by itself.
    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError>;

    /// Lists live connections of one integration whose refresh token expires before (not at) `before`: at most `limit`, the
    /// soonest first, behind `after` if it is given. The record at `after` need not exist any more.
    ///
    /// # Errors
    /// The store failed.
    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError>;

    /// Lists the records of one integration and event, the installation and all users, in the order of their keys: at most
    /// `limit`, behind `after` if it is given. The record at `after` need not exist any more.
    ///
    /// # Errors
    /// The store failed.
    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError>;

    /// Lists the records of one integration in the order of their keys: at most `limit`, behind `after` if it is given.
    /// The record at `after` need not exist any more.
    ///
    /// # Errors
    /// The store failed.
    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError>;

    /// Removes a record and its claim. Succeeds if there is no such record.
    ///
    /// # Errors
    /// The store failed. The record may be removed.
    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError>;
}
