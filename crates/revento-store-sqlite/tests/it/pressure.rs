//! Trouble outside of the store: another process that holds the write lock, a long reader, a large cleanup.

use std::{fs, time::Duration};

use revento_core::Timestamp;
use revento_store::{DeliveryState, InboxStore, InsertOutcome, StoreErrorReason};
use revento_store_sqlite::SqliteStore;
use revento_store_testkit::fixtures::{NOW, delivery};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::task::JoinSet;

const NEW: InsertOutcome = InsertOutcome::New {
    delivery_id_reused: false,
};

/// A file with a store, and another program's connection to it.
async fn shared(directory: &tempfile::TempDir) -> (SqliteStore, SqliteConnection) {
    let path = directory.path().join("revento.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    let other = SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .unwrap();
    (store, other)
}

fn insert_at_once(store: &SqliteStore, numbers: std::ops::Range<u64>) -> JoinSet<bool> {
    let mut inserts = JoinSet::new();
    for number in numbers {
        let store = store.clone();
        inserts.spawn(async move {
            match store.insert(&delivery(number)).await {
                Ok(outcome) => outcome == NEW,
                Err(error) => {
                    assert_eq!(error.reason(), StoreErrorReason::Unavailable, "{error:?}");
                    assert!(error.is_transient(), "{error:?}");
                    false
                }
            }
        });
    }
    inserts
}

#[tokio::test(flavor = "multi_thread")]
async fn q30_while_another_process_holds_the_write_lock_inserts_fail_as_transient() {
    let directory = tempfile::tempdir().unwrap();
    let (store, mut other) = shared(&directory).await;
    assert_eq!(store.insert(&delivery(0)).await.unwrap(), NEW);
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let accepted = insert_at_once(&store, 1..20).join_all().await;
    assert!(accepted.iter().all(|accepted| !accepted), "nobody can write");
    // What only reads goes on.
    assert_eq!(
        store.state(&delivery(0).envelope_id).await.unwrap(),
        Some(DeliveryState::Queued)
    );
    lock.rollback().await.unwrap();
    let accepted = insert_at_once(&store, 1..20).join_all().await;
    assert!(accepted.iter().all(|accepted| *accepted), "the lock is free");
    let leased = store.lease(NOW, Timestamp::MAX, 100).await.unwrap();
    assert_eq!(leased.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn q30_a_long_reader_lets_the_log_grow_and_stops_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let (store, mut reader) = shared(&directory).await;
    let log = directory.path().join("revento.sqlite-wal");
    let mut snapshot = reader.begin().await.unwrap();
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM revento_deliveries")
        .fetch_one(&mut *snapshot)
        .await
        .unwrap();
    assert_eq!(seen, 0);
    // SQLite would write the log back after 1000 pages.
    let accepted = insert_at_once(&store, 0..1500).join_all().await;
    assert!(accepted.iter().all(|accepted| *accepted));
    for leased in store.lease(NOW, Timestamp::MAX, 100).await.unwrap() {
        assert!(store.complete(&leased.lease, NOW).await.unwrap());
    }
    assert!(fs::metadata(&log).unwrap().len() > 0);
    let later = NOW.saturating_add(Duration::from_secs(1));
    let error = store.expunge(later).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");

    snapshot.rollback().await.unwrap();
    assert_eq!(store.expunge(later).await.unwrap(), 0);
    assert_eq!(fs::metadata(&log).unwrap().len(), 0, "the log was written back");
    assert_eq!(store.lease(NOW, Timestamp::MAX, 2000).await.unwrap().len(), 1400);
}

/// The commit that has a thousand pages to write back would let all callers wait.
#[tokio::test(flavor = "multi_thread")]
async fn q30_the_log_is_written_back_before_a_commit_has_to() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    let empty = fs::metadata(&path).unwrap().len();
    let mut written = 0;
    while fs::metadata(&path).unwrap().len() == empty {
        // Each changes four or five pages.
        assert!(written < 200, "no copy of the log began");
        assert_eq!(store.insert(&delivery(written)).await.unwrap(), NEW);
        written += 1;
        if written > 84 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    store.close().await.unwrap();
    let log = directory.path().join("revento.sqlite-wal");
    assert!(!log.exists(), "its connection is closed as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn q30_the_log_can_be_emptied_while_deliveries_are_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _other) = shared(&directory).await;
    let neighbour = SqliteStore::open(directory.path().join("revento.sqlite"))
        .await
        .unwrap();
    let one = insert_at_once(&store, 0..1000);
    let other = insert_at_once(&neighbour, 1000..2000);
    for _ in 0..10 {
        store.expunge(NOW).await.unwrap();
    }
    let accepted = [one.join_all().await, other.join_all().await].concat();
    assert!(accepted.iter().all(|accepted| *accepted));
}

/// A cleanup that took one transaction would hold the turn from its first row to its last.
#[tokio::test(flavor = "multi_thread")]
async fn q31_deliveries_are_accepted_while_very_many_are_forgotten() {
    const DONE: i64 = 40_000;
    let directory = tempfile::tempdir().unwrap();
    let (store, mut other) = shared(&directory).await;
    sqlx::query(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
        INSERT INTO revento_deliveries (envelope_hash, delivery_hash, envelope_id, delivery_id, event_type, ordering_key,
            occurred_at, received_at, state, at, behind, attempt, fence)
        SELECT hex(randomblob(11)), random(), 'env ' || n, 'dlv ' || n, 'event.published', '', 0, 0, 'done', n, 0, 1, 1
        FROM numbers",
    )
    .bind(DONE)
    .execute(&mut other)
    .await
    .unwrap();
    let forgetting = {
        let store = store.clone();
        tokio::spawn(async move { store.forget(NOW).await.unwrap() })
    };
    let left = "SELECT count(*) FROM revento_deliveries WHERE state = 'done'";
    let mut number = 0;
    let mut accepted_meanwhile = 0;
    while !forgetting.is_finished() {
        assert_eq!(store.insert(&delivery(number)).await.unwrap(), NEW);
        number += 1;
        let left: i64 = sqlx::query_scalar(left).fetch_one(&mut other).await.unwrap();
        accepted_meanwhile += i64::from((1..DONE).contains(&left));
    }
    assert_eq!(forgetting.await.unwrap(), DONE.cast_unsigned());
    assert!(accepted_meanwhile > 0, "one transaction has forgotten all");
}
