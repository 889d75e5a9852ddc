//! Futures that are dropped in the middle.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use revento_core::Timestamp;
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, InboxStore, StoreError, SwapOutcome, TokenStore,
};
use revento_store_sqlite::SqliteStore;
use revento_store_testkit::fixtures::{NOW, connection_key, delivery, record};

/// Polls a future for some time and drops it; `Some` if it came to its end.
async fn drop_after<T>(wait: Duration, future: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    let mut future = pin!(future);
    if wait.is_zero() {
        // Once, with nobody to wake.
        return match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Some(done.unwrap()),
            Poll::Pending => None,
        };
    }
    tokio::select! {
        biased;
        done = future => Some(done.unwrap()),
        () = spin(wait) => None,
    }
}

/// Sleeps for less than tokio's timer can tell.
async fn spin(wait: Duration) {
    let start = tokio::time::Instant::now();
    while start.elapsed() < wait {
        tokio::task::yield_now().await;
    }
}

fn waits() -> impl Iterator<Item = Duration> {
    (0..150).map(|step| Duration::from_micros(step * 7))
}

#[tokio::test(flavor = "multi_thread")]
async fn k23_a_dropped_write_is_whole_or_never_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    let other = SqliteStore::open(&path).await.unwrap();
    let CreateOutcome::Created(_) = store.create(&record("evt_1", 0)).await.unwrap() else {
        panic!("a new file")
    };
    let (mut finished, mut committed) = (0, 0);
    for (number, wait) in (1..).zip(waits()) {
        let before = store.load(&connection_key("evt_1")).await.unwrap().unwrap();
        let answer = drop_after(
            wait,
            store.compare_and_swap(before.version, &record("evt_1", number), None),
        )
        .await;
        // The lock is free for another process at once: nothing was left open.
        let patience = Duration::from_secs(10);
        let marker = record(&format!("evt_marker_{number}"), number);
        tokio::time::timeout(patience, other.create(&marker))
            .await
            .expect("the lock is free")
            .unwrap();
        let after = store.load(&connection_key("evt_1")).await.unwrap().unwrap();
        let written = after.record == record("evt_1", number);
        assert!(written || after == before, "half done");
        assert_eq!(written, after.version > before.version);
        match answer {
            Some(SwapOutcome::Swapped(version)) => assert!(written && after.version == version),
            Some(SwapOutcome::Conflict) => panic!("nobody else writes"),
            None => {}
        }
        finished += usize::from(answer.is_some());
        committed += usize::from(written);
    }
    assert!(finished < 150, "some were dropped");
    assert!(committed >= finished);
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_a_dropped_claim_expires_like_any_other() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("revento.sqlite"))
        .await
        .unwrap();
    let CreateOutcome::Created(version) = store.create(&record("evt_1", 0)).await.unwrap() else {
        panic!("a new file")
    };
    let minute = Duration::from_secs(60);
    let mut now = NOW;
    for wait in waits() {
        let terms = |now: Timestamp| ClaimTerms {
            version,
            now,
            until: now.saturating_add(minute),
        };
        drop_after(wait, store.claim(&connection_key("evt_1"), terms(now))).await;
        now = now.saturating_add(minute);
        let claim = store.claim(&connection_key("evt_1"), terms(now)).await.unwrap();
        assert!(matches!(claim, ClaimOutcome::Granted { .. }), "{claim:?}");
        now = now.saturating_add(minute);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q1_a_dropped_insert_is_whole_or_never_was() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("revento.sqlite"))
        .await
        .unwrap();
    for (number, wait) in (1..).zip(waits()) {
        let answer = drop_after(wait, store.insert(&delivery(number))).await;
        let state = store.state(&delivery(number).envelope_id).await.unwrap();
        assert!(answer.is_none() || state.is_some());
        store.insert(&delivery(number)).await.unwrap();
        drop_after(
            wait,
            store.lease(NOW, NOW.saturating_add(Duration::from_secs(60)), 1),
        )
        .await;
    }
    let later = NOW.saturating_add(Duration::from_secs(60));
    let leased = store.lease(later, Timestamp::MAX, 1000).await.unwrap();
    assert_eq!(leased.len(), 150, "each is there once");
    for delivery in &leased {
        assert!(store.complete(&delivery.lease, later).await.unwrap());
    }
    assert_eq!(store.next_due().await.unwrap(), None);
}
