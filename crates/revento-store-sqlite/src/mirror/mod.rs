//! [`SqliteMirror`]: the mirror's tables in the file of a store.
//!
//! | file | what it does |
//! |---|---|
//! | `schema` | creates the tables, which have a version of their own |
//! | `events` | adds, lists and claims events |
//! | `write` | judges and makes a write |
//! | `read` | loads and lists rows |
//! | `feed` | the change feed, counts, and the wipe |

mod events;
mod feed;
mod read;
mod schema;
mod write;

use async_trait::async_trait;
use revento_core::{EventId, Timestamp, claim::Fence};
use revento_mirror::store::{
    Loaded, MirrorStore, MirrorWrite, MirroredEvent, ReadClaim, RowCounts, RowKey, RowQuery, StoredChanges,
    StoredRow, WriteOutcome,
};
use revento_store::StoreError;

use crate::{
    OpenError, SqliteStore,
    error::{failed, not_read},
};

/// Mirrored events in the file of a [`SqliteStore`], in tables whose names begin with `revento_mirror_`. A clone is another handle to
/// the same connections.
///
/// # SQL of your own
/// Read with any SQLite library. Times are microseconds since 1970 in UTC, `json` is the resource as the platform sent it, and
/// `is_complete` is 0 while a webhook has brought a part of the resource only.
///
/// | view | columns |
/// |---|---|
/// | `revento_mirror_participants` | `event_id`, `id`, `application_status`, `status`, `role`, `name`, `email`, `user_id`, `application_id`, `registered_at`, `last_reviewed_at`, `last_review_action`, `is_complete`, `as_of`, `json` |
/// | `revento_mirror_activities` | `event_id`, `id`, `status`, `title`, `thread_id`, `location_id`, `starts_at`, `ends_at`, `capacity`, `signups`, `capacity_state`, `is_complete`, `as_of`, `json` |
/// | `revento_mirror_participant_answers` | `event_id`, `participant_id`, `question`, `value`; with an index by question and value |
///
/// Copies that you make with it are yours to delete when the event's data has to be.
///
/// # What stays in the file
/// [`wipe`](MirrorStore::wipe) overwrites what it deletes, and empties the write-ahead log. It fails while another connection still reads
/// an earlier state of the file, and succeeds when it is called again after that. Backups, and snapshots of the file system, are yours
/// to delete.
#[derive(Debug, Clone)]
pub struct SqliteMirror {
    store: SqliteStore,
}

impl SqliteMirror {
    /// The version of the mirror's tables that this store reads and writes.
    pub const SCHEMA_VERSION: i64 = schema::VERSION;

    /// Uses the file of a store, and brings the mirror's tables in it up to date. Of several processes one does it, and the others
    /// find it done.
    ///
    /// # Errors
    /// See [`OpenError`]: each kind says what to do. The file is as it was.
    pub async fn open(store: &SqliteStore) -> Result<Self, OpenError> {
        schema::migrate(store).await?;
        Ok(Self { store: store.clone() })
    }
}

#[async_trait]
impl MirrorStore for SqliteMirror {
    async fn begin(&self, event_id: &EventId, progress: &str) -> Result<bool, StoreError> {
        let begun = self.begin_event(event_id, progress).await;
        begun.map_err(failed("adding a mirrored event"))
    }

    async fn events(&self, after: Option<&EventId>, limit: usize) -> Result<Vec<MirroredEvent>, StoreError> {
        let listed = self.list_events(after, limit).await;
        listed.map_err(not_read("listing mirrored events"))
    }

    async fn claim(
        &self,
        event_id: &EventId,
        held: Option<Fence>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<ReadClaim, StoreError> {
        let claimed = self.claim_event(event_id, held, now, until).await;
        claimed.map_err(failed("claiming a mirrored event"))
    }

    async fn release(&self, event_id: &EventId, fence: Fence) -> Result<(), StoreError> {
        let released = self.release_event(event_id, fence).await;
        released.map_err(failed("releasing a mirrored event"))
    }

    async fn load(&self, event_id: &EventId, keys: &[RowKey]) -> Result<Loaded, StoreError> {
        let loaded = self.load_rows(event_id, keys).await;
        loaded.map_err(not_read("loading mirrored rows"))
    }

    async fn write(&self, write: &MirrorWrite) -> Result<WriteOutcome, StoreError> {
        let written = self.write_rows(write).await;
        written.map_err(failed("writing mirrored rows"))
    }

    async fn rows(&self, query: &RowQuery) -> Result<Vec<StoredRow>, StoreError> {
        let listed = self.list_rows(query).await;
        listed.map_err(not_read("listing mirrored rows"))
    }

    async fn counts(&self, event_id: &EventId) -> Result<RowCounts, StoreError> {
        let counted = self.count_rows(event_id).await;
        counted.map_err(not_read("counting mirrored rows"))
    }

    async fn changes(
        &self,
        event_id: &EventId,
        after: i64,
        limit: usize,
    ) -> Result<StoredChanges, StoreError> {
        let listed = self.list_changes(event_id, after, limit).await;
        listed.map_err(not_read("reading the change feed"))
    }

    async fn forget_changes(&self, before: Timestamp) -> Result<u64, StoreError> {
        let forgotten = self.forget_old_changes(before).await;
        forgotten.map_err(failed("shortening the change feed"))
    }

    async fn wipe(
        &self,
        event_id: &EventId,
        epoch: i64,
        at: Timestamp,
    ) -> Result<Option<RowCounts>, StoreError> {
        let wiped = self.wipe_event(event_id, epoch, at).await;
        wiped.map_err(failed("wiping a mirrored event"))
    }
}
