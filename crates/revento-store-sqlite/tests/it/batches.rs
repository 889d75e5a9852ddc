//! Calls that share a transaction: each gets its own answer, whatever happens to the others.

use std::time::Duration;

use revento_core::Timestamp;
use revento_store::{InboxStore, InsertOutcome, StoreErrorReason};
use revento_store_sqlite::SqliteStore;
use revento_store_testkit::fixtures::{NOW, delivery};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::task::JoinSet;

const NEW: InsertOutcome = InsertOutcome::New {
    delivery_id_reused: false,
};

async fn store(directory: &tempfile::TempDir) -> SqliteStore {
    SqliteStore::open(directory.path().join("revento.sqlite"))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn q1_of_inserts_at_once_each_learns_its_own_answer() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory).await;
    let mut inserts = JoinSet::new();
    for number in (0..200).chain(0..100) {
        let store = store.clone();
        inserts.spawn(async move { store.insert(&delivery(number)).await.unwrap() });
    }
    let answers = inserts.join_all().await;
    let new = answers.iter().filter(|answer| **answer == NEW).count();
    let known = answers.iter().filter(|answer| {
        matches!(
            answer,
            InsertOutcome::Known {
                other_body: false,
                ..
            }
        )
    });
    assert_eq!((new, known.count()), (200, 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn q14_inserts_at_once_that_share_an_ordering_key_wait_for_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory).await;
    let mut inserts = JoinSet::new();
    for number in 0..90 {
        let store = store.clone();
        let mut delivery = delivery(number);
        delivery.ordering_key = format!("key {}", number % 3);
        inserts.spawn(async move { store.insert(&delivery).await.unwrap() });
    }
    assert!(inserts.join_all().await.iter().all(|answer| *answer == NEW));
    let until = NOW.saturating_add(Duration::from_secs(60));
    let mut handled = 0;
    loop {
        let leased = store.lease(NOW, until, 64).await.unwrap();
        if leased.is_empty() {
            break;
        }
        assert!(leased.len() <= 3, "at most one of each key: {}", leased.len());
        for delivery in &leased {
            assert!(store.complete(&delivery.lease, NOW).await.unwrap());
        }
        handled += leased.len();
    }
    assert_eq!(handled, 90);
    assert_eq!(store.next_due().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn q1_callers_that_go_away_do_not_take_others_along() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory).await;
    for round in 0..20 {
        let (mut staying, mut leaving) = (JoinSet::new(), JoinSet::new());
        for number in 0..40 {
            let (store, delivery) = (store.clone(), delivery(round * 40 + number));
            let insert = async move { store.insert(&delivery).await.unwrap() };
            if number % 2 == 0 {
                leaving.spawn(insert);
            } else {
                staying.spawn(insert);
            }
        }
        tokio::time::sleep(Duration::from_micros(200 * u64::from(round as u32))).await;
        leaving.abort_all();
        let answers = tokio::time::timeout(Duration::from_secs(30), staying.join_all()).await;
        assert!(
            answers
                .expect("the others go on")
                .iter()
                .all(|answer| *answer == NEW)
        );
        while leaving.join_next().await.is_some() {}
    }
    let leased = store.lease(NOW, Timestamp::MAX, 1_000).await.unwrap();
    assert!(leased.len() >= 400, "{}", leased.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn q1_a_delivery_that_the_engine_refuses_does_not_take_others_along() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory).await;
    let options = SqliteConnectOptions::new().filename(directory.path().join("revento.sqlite"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(
        "CREATE TRIGGER refuse BEFORE INSERT ON revento_deliveries WHEN new.ordering_key = 'refused'
        BEGIN SELECT RAISE(ABORT, 'refused by a trigger'); END",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let mut inserts = JoinSet::new();
    for number in 0..100 {
        let store = store.clone();
        let mut delivery = delivery(number);
        let is_refused = number % 10 == 3;
        if is_refused {
            delivery.ordering_key = "refused".to_owned();
        }
        inserts.spawn(async move { (is_refused, store.insert(&delivery).await) });
    }
    for (is_refused, answer) in inserts.join_all().await {
        match answer {
            Ok(outcome) => assert!(!is_refused && outcome == NEW),
            Err(error) => assert!(
                is_refused && error.reason() == StoreErrorReason::Rejected,
                "{error:?}"
            ),
        }
    }
}
