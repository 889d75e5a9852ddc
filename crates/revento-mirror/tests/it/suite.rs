//! The conformance suite: the store in memory passes, and stores that break a promise are found.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use revento_core::{EventId, Timestamp};
use revento_mirror::{
    memory::MemoryMirror,
    store::{
        Loaded, MirrorStore, MirrorWrite, MirroredEvent, ReadClaim, RowCounts, RowKey, RowQuery,
        StoredChanges, StoredRow, WriteOutcome,
    },
    suite::{self, Subject},
};
use revento_store::{Fence, StoreError};

#[tokio::test]
async fn the_store_in_memory_passes() {
    suite::run(async || {
        let store = Arc::new(MemoryMirror::new());
        let same = Arc::clone(&store);
        Subject::new(store).with_replicas(move || {
            let same: Arc<dyn MirrorStore> = Arc::<MemoryMirror>::clone(&same);
            async { Ok(same) }
        })
    })
    .await;
}

/// A store with one flaw.
#[derive(Debug)]
struct Flawed(MemoryMirror, Flaw);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    IgnoresFences,
    IgnoresVersions,
    IgnoresEpochs,
    ForgetsMarks,
    AnnouncesEverything,
    KeepsWishes,
    ListsNothingBehind,
    WipesNothing,
    GrantsEveryClaim,
    DropsAnswers,
}

const FLAWS: [(Flaw, &str); 10] = [
    (Flaw::IgnoresFences, "a_write_under_an_old_claim_has_no_effect"),
    (Flaw::IgnoresVersions, "one_of_many_simultaneous_writers_wins"),
    (Flaw::IgnoresEpochs, "a_write_of_another_epoch_has_no_effect"),
    (Flaw::ForgetsMarks, "a_mark_says_which_read_has_shown_a_row"),
    (Flaw::AnnouncesEverything, "announced_changes_are_in_the_feed"),
    (Flaw::KeepsWishes, "a_wish_stays_until_it_is_cleared"),
    (
        Flaw::ListsNothingBehind,
        "rows_are_listed_in_the_order_of_their_ids",
    ),
    (Flaw::WipesNothing, "a_wipe_deletes_everything_of_one_event"),
    (Flaw::GrantsEveryClaim, "a_claim_excludes_others_until_it_ends"),
    (Flaw::DropsAnswers, "participants_are_found_by_their_answers"),
];

#[tokio::test]
async fn flaws_are_found() {
    for (flaw, check) in FLAWS {
        let run = suite::run(async || Subject::new(Flawed(MemoryMirror::new(), flaw)));
        let panic = AssertUnwindSafe(run)
            .catch_unwind()
            .await
            .expect_err("the flaw is found");
        let report = panic.downcast_ref::<String>().expect("a report");
        assert!(report.contains(check), "{flaw:?}: {report}");
    }
}

#[async_trait]
impl MirrorStore for Flawed {
    async fn begin(&self, event_id: &EventId, progress: &str) -> Result<bool, StoreError> {
        self.0.begin(event_id, progress).await
    }

    async fn events(&self, after: Option<&EventId>, limit: usize) -> Result<Vec<MirroredEvent>, StoreError> {
        self.0.events(after, limit).await
    }

    async fn claim(
        &self,
        event_id: &EventId,
        held: Option<Fence>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<ReadClaim, StoreError> {
        let now = if self.1 == Flaw::GrantsEveryClaim {
            Timestamp::MAX
        } else {
            now
        };
        self.0.claim(event_id, held, now, until).await
    }

    async fn release(&self, event_id: &EventId, fence: Fence) -> Result<(), StoreError> {
        self.0.release(event_id, fence).await
    }

    async fn load(&self, event_id: &EventId, keys: &[RowKey]) -> Result<Loaded, StoreError> {
        self.0.load(event_id, keys).await
    }

    async fn write(&self, write: &MirrorWrite) -> Result<WriteOutcome, StoreError> {
        let mut write = write.clone();
        match self.1 {
            Flaw::IgnoresFences => write.fence = None,
            Flaw::IgnoresVersions => {
                for row in &mut write.rows {
                    let key = row.after.as_ref().map(revento_mirror::store::Row::key);
                    if let Some(key) = key {
                        row.before = self.0.load(&write.event_id, &[key]).await?.rows.pop();
                    }
                }
            }
            Flaw::IgnoresEpochs => {
                let loaded = self.0.load(&write.event_id, &[]).await?.event;
                write.epoch = loaded.map_or(write.epoch, |event| event.epoch);
            }
            Flaw::ForgetsMarks => write.marks = None,
            Flaw::AnnouncesEverything => write.rows.iter_mut().for_each(|row| row.is_announced = true),
            Flaw::KeepsWishes => write.wish = revento_mirror::store::Wish::Keep,
            Flaw::DropsAnswers => {
                for row in write.rows.iter_mut().filter_map(|row| row.after.as_mut()) {
                    row.answers.clear();
                }
            }
            _ => {}
        }
        self.0.write(&write).await
    }

    async fn rows(&self, query: &RowQuery) -> Result<Vec<StoredRow>, StoreError> {
        if self.1 == Flaw::ListsNothingBehind && query.after.is_some() {
            return Ok(Vec::new());
        }
        self.0.rows(query).await
    }

    async fn counts(&self, event_id: &EventId) -> Result<RowCounts, StoreError> {
        self.0.counts(event_id).await
    }

    async fn changes(
        &self,
        event_id: &EventId,
        after: i64,
        limit: usize,
    ) -> Result<StoredChanges, StoreError> {
        self.0.changes(event_id, after, limit).await
    }

    async fn forget_changes(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.0.forget_changes(before).await
    }

    async fn wipe(
        &self,
        event_id: &EventId,
        epoch: i64,
        at: Timestamp,
    ) -> Result<Option<RowCounts>, StoreError> {
        if self.1 == Flaw::WipesNothing {
            return Ok(Some(self.0.counts(event_id).await?));
        }
        self.0.wipe(event_id, epoch, at).await
    }
}
