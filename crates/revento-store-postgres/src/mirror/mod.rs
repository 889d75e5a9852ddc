//! [`PostgresMirror`]: the mirror's tables.
//!
//! | file | what it does |
//! |---|---|
//! | `connect` | connects, and brings the tables up to date |
//! | `session` | one statement in a transaction of its own |
//! | `events` | adds, lists and claims events |
//! | `write` | makes a write, by a function on the server |
//! | `read` | loads and lists rows |
//! | `feed` | the change feed, counts, and the wipe |

mod connect;
mod events;
mod feed;
mod read;
mod session;
mod write;

use std::fmt;

use async_trait::async_trait;
use revento_core::{EventId, Timestamp, claim::Fence};
use revento_mirror::store::{
    Loaded, MirrorStore, MirrorWrite, MirroredEvent, ReadClaim, RowCounts, RowKey, RowQuery, StoredChanges,
    StoredRow, WriteOutcome,
};
use revento_store::StoreError;
use sqlx::PgPool;

use crate::error::{failed, not_read};

/// Mirrored events in a PostgreSQL database, in tables whose names begin with `revento_mirror_`. It has connections of its own, so that a
/// read of the whole event does not hold up the inbox. A clone is another handle to them.
///
/// # SQL of your own
/// Times are microseconds since 1970 in UTC, `json` is the resource as the platform sent it, and `is_complete` is false while a webhook has
/// brought a part of the resource only. Cast `json` to `jsonb` if you need its members. In ids, answers and the searchable columns, a text of
/// more than 192 bytes is shortened and ends with its SHA-256; U+0000 is written as U+0001 U+0001, U+0001 as U+0001 U+0002.
///
/// | view | columns |
/// |---|---|
/// | `revento_mirror_participants` | `event_id`, `id`, `application_status`, `status`, `role`, `name`, `email`, `user_id`, `application_id`, `registered_at`, `last_reviewed_at`, `last_review_action`, `is_complete`, `as_of`, `json` |
/// | `revento_mirror_activities` | `event_id`, `id`, `status`, `title`, `thread_id`, `location_id`, `starts_at`, `ends_at`, `capacity`, `signups`, `capacity_state`, `is_complete`, `as_of`, `json` |
/// | `revento_mirror_participant_answers` | `event_id`, `participant_id`, `question`, `value`; with an index by question and value |
///
/// Copies that you make with it are yours to delete when the event's data has to be.
///
/// # What stays on the server's disk
/// [`wipe`](MirrorStore::wipe) deletes the rows. PostgreSQL overwrites the places of deleted rows when it needs them; until then, and in
/// its write-ahead log, replicas and backups, their bytes can still be found on the disk. If that is too late for you, run `VACUUM FULL` on
/// the tables, and let old log files and backups expire before the deadline.
#[derive(Clone)]
pub struct PostgresMirror {
    pool: PgPool,
    /// The schema of the tables, as a quoted identifier.
    schema: String,
}

impl PostgresMirror {
    /// Waits for running calls and closes the connections. Later calls on any handle fail.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

#[async_trait]
impl MirrorStore for PostgresMirror {
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

impl fmt::Debug for PostgresMirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresMirror")
            .field("schema", &self.schema)
            .field("connections", &self.pool.size())
            .field("closed", &self.pool.is_closed())
            .finish()
    }
}
