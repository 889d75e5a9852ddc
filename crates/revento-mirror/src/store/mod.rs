//! [`MirrorStore`]: keeps the rows of mirrored events.

mod change;
mod columns;
mod event;
mod kind;
mod query;
mod row;
mod stamp;
mod write;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use revento_core::{EventId, Timestamp};
use revento_store::{Fence, StoreError};

pub use self::{
    change::{ChangeContent, StoredChange, StoredChanges},
    columns::TypedColumns,
    event::{Loaded, MirroredEvent, ReadClaim, RowCounts},
    kind::ResourceKind,
    query::{Condition, ParticipantField, RowQuery},
    row::{Answer, Mark, Row, RowKey, RowVersion, StoredRow},
    stamp::Stamp,
    write::{Marks, MirrorWrite, RowWrite, Wish, WriteOutcome},
};

/// Keeps the mirror of any number of events. Implement it for your own database and run the suite `revento_mirror::suite` on it (feature
/// `suite`). A store decides nothing: the mirror reads, decides and writes, and a write names what it has read.
///
/// # Every method
/// - is atomic, for any number of callers and replicas at once;
/// - is durable: when it has returned `Ok`, a crash of the process or of the engine does not undo it;
/// - may be cancelled: when the caller drops the future, the call has happened completely or not at all, and no other
///   call waits for it;
/// - reads no clock: the store compares the times that it is given;
/// - may fail with a [`StoreError`]. A write that failed may have taken effect.
///
/// # Values
/// Ids, questions and answers are any Unicode text, also with a NUL. JSON is text of any length. Times and [stamps](Stamp) are any
/// 64-bit number. A `limit` is any number; `0` gives an empty list.
///
/// # What belongs to an event
/// Its [`MirroredEvent`], a claim, rows, the index of their answers, marks, and the change feed. The writes of one event happen one
/// after the other: a reader of the feed that has seen position `n` never finds an entry at or before `n` later.
#[async_trait]
pub trait MirrorStore: Send + Sync + fmt::Debug {
    /// Adds an event with these notes, in epoch `1`, without rows. Returns `false` and changes nothing if it is known.
    ///
    /// # Errors
    /// The store failed. The event may be added: call again.
    async fn begin(&self, event_id: &EventId, progress: &str) -> Result<bool, StoreError>;

    /// Lists events: at most `limit`, in byte order of their ids, behind `after` if it is given. An event whose data was wiped stays
    /// in the list.
    ///
    /// # Errors
    /// The store failed.
    async fn events(&self, after: Option<&EventId>, limit: usize) -> Result<Vec<MirroredEvent>, StoreError>;

    /// Claims the right to read an event, until `until`. The claim is granted if there is no other, if the other ends at or before
    /// `now`, or if `held` is its fence: then it keeps that fence and is prolonged. Any other grant has a fence that is higher than
    /// every earlier one of this event.
    ///
    /// # Errors
    /// The store failed. The claim may be granted; it expires by itself.
    async fn claim(
        &self,
        event_id: &EventId,
        held: Option<Fence>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<ReadClaim, StoreError>;

    /// Ends a claim early, so that another caller need not wait for its end. Changes nothing if the fence is not that of the current
    /// claim.
    ///
    /// # Errors
    /// The store failed. The claim expires by itself.
    async fn release(&self, event_id: &EventId, fence: Fence) -> Result<(), StoreError>;

    /// Loads an event and those of the rows that exist, with their marks. The keys may repeat; the rows do not.
    ///
    /// # Errors
    /// The store failed.
    async fn load(&self, event_id: &EventId, keys: &[RowKey]) -> Result<Loaded, StoreError>;

    /// Makes all changes of a write, or none, in this order of judgement: the epoch has to be the event's
    /// ([`OtherEpoch`](WriteOutcome::OtherEpoch)); the fence, if there is one, has to be that of the current claim, expired or not
    /// ([`Fenced`](WriteOutcome::Fenced)); each row has to have the version of its `before`, or to be absent if there is none
    /// ([`Conflict`](WriteOutcome::Conflict)).
    ///
    /// - All rows that are written get one new [`RowVersion`]. A row is replaced with its answers. A removed row loses its mark.
    /// - Each announced row adds one entry to the change feed, in the order of `rows`.
    /// - A mark replaces an earlier mark of the same row.
    ///
    /// # Errors
    /// The store failed. The write may have happened: load again.
    async fn write(&self, write: &MirrorWrite) -> Result<WriteOutcome, StoreError>;

    /// Lists rows of one kind that satisfy all conditions, with their marks, in byte order of their ids. A page has fewer than
    /// `limit` rows only if none follows it.
    ///
    /// A condition on a [participant's field](Condition::Field) compares with the value that [`Row::participant`] has; no row of
    /// another kind, and no participant without the field, satisfies it.
    ///
    /// # Errors
    /// The store failed.
    async fn rows(&self, query: &RowQuery) -> Result<Vec<StoredRow>, StoreError>;

    /// Counts what belongs to an event; all zero if it is not known.
    ///
    /// # Errors
    /// The store failed.
    async fn counts(&self, event_id: &EventId) -> Result<RowCounts, StoreError>;

    /// Lists the entries of an event's change feed behind a position: at most `limit`, in their order.
    ///
    /// # Errors
    /// The store failed.
    async fn changes(
        &self,
        event_id: &EventId,
        after: i64,
        limit: usize,
    ) -> Result<StoredChanges, StoreError>;

    /// Removes, from the beginning of each change feed, the entries that were written before (not at) `before`, up to the first that
    /// was not. Returns their number. Positions are not used again.
    ///
    /// # Errors
    /// The store failed. The entries may be removed.
    async fn forget_changes(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Deletes all rows, answers, marks and changes of an event, if it has this epoch. Then it adds [`ChangeContent::Wiped`] to the
    /// feed, written at `at`. Returns what it has deleted; `None`, and changes nothing, if the event is not known or has another epoch.
    ///
    /// Afterwards the engine's files must not contain the deleted values any more, as far as the engine allows it: overwrite them
    /// instead of only freeing their place, and empty its log.
    ///
    /// # Errors
    /// The store failed. The data may be deleted: call again.
    async fn wipe(
        &self,
        event_id: &EventId,
        epoch: i64,
        at: Timestamp,
    ) -> Result<Option<RowCounts>, StoreError>;
}

#[async_trait]
impl<T: MirrorStore + ?Sized> MirrorStore for Arc<T> {
    async fn begin(&self, event_id: &EventId, progress: &str) -> Result<bool, StoreError> {
        (**self).begin(event_id, progress).await
    }

    async fn events(&self, after: Option<&EventId>, limit: usize) -> Result<Vec<MirroredEvent>, StoreError> {
        (**self).events(after, limit).await
    }

    async fn claim(
        &self,
        event_id: &EventId,
        held: Option<Fence>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<ReadClaim, StoreError> {
        (**self).claim(event_id, held, now, until).await
    }

    async fn release(&self, event_id: &EventId, fence: Fence) -> Result<(), StoreError> {
        (**self).release(event_id, fence).await
    }

    async fn load(&self, event_id: &EventId, keys: &[RowKey]) -> Result<Loaded, StoreError> {
        (**self).load(event_id, keys).await
    }

    async fn write(&self, write: &MirrorWrite) -> Result<WriteOutcome, StoreError> {
        (**self).write(write).await
    }

    async fn rows(&self, query: &RowQuery) -> Result<Vec<StoredRow>, StoreError> {
        (**self).rows(query).await
    }

    async fn counts(&self, event_id: &EventId) -> Result<RowCounts, StoreError> {
        (**self).counts(event_id).await
    }

    async fn changes(
        &self,
        event_id: &EventId,
        after: i64,
        limit: usize,
    ) -> Result<StoredChanges, StoreError> {
        (**self).changes(event_id, after, limit).await
    }

    async fn forget_changes(&self, before: Timestamp) -> Result<u64, StoreError> {
        (**self).forget_changes(before).await
    }

    async fn wipe(
        &self,
        event_id: &EventId,
        epoch: i64,
        at: Timestamp,
    ) -> Result<Option<RowCounts>, StoreError> {
        (**self).wipe(event_id, epoch, at).await
    }
}
