//! Futures that are dropped in the middle.
//!
//! A transaction of the driver whose beginning is dropped stays open on a connection that goes back to
//! the pool (sqlx 0.9); what is written there later is reported and never committed. That is why every
//! method is one statement.

use std::time::Duration;

use revento_core::Timestamp;
use revento_store::{CreateOutcome, InboxStore, StoreError, TokenStore};
use revento_store_testkit::fixtures::{NOW, connection_key, delivery, record};

use crate::server;

async fn drop_after<T>(wait: Duration, future: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
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

#[tokio::test(flavor = "multi_thread")]
async fn k23_a_dropped_write_is_whole_or_never_was_and_blocks_nobody() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let (store, other) = (
        server::connect(&url, &schema).await,
        server::connect(&url, &schema).await,
    );
    let CreateOutcome::Created(_) = store.create(&record("evt_1", 0)).await.unwrap() else {
        panic!("a new schema")
    };
    for number in 1..100 {
        let wait = Duration::from_micros(number * 17);
        let before = store.load(&connection_key("evt_1")).await.unwrap().unwrap();
        drop_after(
            wait,
            store.compare_and_swap(before.version, &record("evt_1", number), None),
        )
        .await;
        // What was sent can still be on its way: another writer settles it.
        let now = other.load(&connection_key("evt_1")).await.unwrap().unwrap();
        other
            .compare_and_swap(now.version, &now.record, None)
            .await
            .unwrap();
        let after = other
            .load(&connection_key("evt_1"))
            .await
            .unwrap()
            .unwrap()
            .record;
        assert!(
            after == record("evt_1", number) || after == before.record,
            "half done"
        );

        let mut ordered = delivery(number);
        ordered.ordering_key = "one".to_owned();
        drop_after(wait, store.insert(&ordered)).await;
        let inserted = tokio::time::timeout(Duration::from_secs(9), other.insert(&ordered)).await;
        inserted.expect("nobody holds the ordering key").unwrap();
    }
    for _ in 1..100 {
        let leased = other.lease(NOW, Timestamp::MAX, 10).await.unwrap();
        assert_eq!(leased.len(), 1, "each is there once, one at a time");
        assert!(other.complete(&leased[0].lease, NOW).await.unwrap());
    }
    assert_eq!(other.next_due().await.unwrap(), None);
}
