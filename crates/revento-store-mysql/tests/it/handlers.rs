//! Completing a delivery in a handler's own transaction, and what others do meanwhile.

use revento_core::Timestamp;
use revento_store::{
    DeliveryState, InboxStore as _, InsertOutcome, LeasedDelivery, NewDelivery, RequeueAttempts,
    RequeueOutcome, Sealed,
};
use revento_store_mysql::MySqlStore;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};
use tokio::task::JoinSet;

use crate::server::{self, lock_is_waited_for};

/// New databases, on each server that the tests were given.
async fn databases() -> Vec<String> {
    let mut urls = Vec::new();
    for server in [server::url(), server::odd_url()].into_iter().flatten() {
        urls.push(server::database(&server).await);
    }
    urls
}

/// A moment, in seconds.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros(seconds * 1_000_000)
}

fn delivery(id: &str, ordering_key: &str) -> NewDelivery {
    NewDelivery {
        envelope_id: id.into(),
        delivery_id: format!("delivery of {id}").as_str().into(),
        event_type: "application.approved".into(),
        ordering_key: ordering_key.to_owned(),
        occurred_at: at(1),
        signed_at: at(1),
        received_at: at(2),
        body: Sealed::from_bytes(id.as_bytes().to_vec()),
        body_digest: [7; 32],
    }
}

async fn lease_all(store: &MySqlStore) -> Vec<LeasedDelivery> {
    store.lease(at(10), at(100), 50).await.unwrap()
}

async fn lease_one(store: &MySqlStore) -> LeasedDelivery {
    let mut leased = lease_all(store).await;
    assert_eq!(leased.len(), 1);
    leased.remove(0)
}

/// Runs the statement that completes a delivery, and returns how many rows it affected.
async fn complete(store: &MySqlStore, leased: &LeasedDelivery, connection: &mut MySqlConnection) -> u64 {
    let statement = store.completion(&leased.lease, at(20));
    let query = sqlx::query(AssertSqlSafe(statement.sql))
        .bind(statement.envelope_id)
        .bind(statement.fence)
        .bind(statement.at);
    query.execute(connection).await.unwrap().rows_affected()
}

async fn state(store: &MySqlStore, id: &str) -> DeliveryState {
    store.state(&id.into()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn q28_a_handler_completes_a_delivery_in_its_own_transaction() {
    for url in databases().await {
        let store = server::connect(&url).await;
        let mut connection = MySqlConnection::connect(&url).await.unwrap();
        store.insert(&delivery("one", "")).await.unwrap();
        let leased = lease_one(&store).await;

        let mut rolled_back = connection.begin().await.unwrap();
        assert_eq!(complete(&store, &leased, &mut rolled_back).await, 1);
        rolled_back.rollback().await.unwrap();
        assert_eq!(state(&store, "one").await, DeliveryState::Leased);

        let mut committed = connection.begin().await.unwrap();
        assert_eq!(complete(&store, &leased, &mut committed).await, 1);
        committed.commit().await.unwrap();
        assert_eq!(state(&store, "one").await, DeliveryState::Done);

        // The lease is no longer held.
        let mut again = connection.begin().await.unwrap();
        assert_eq!(complete(&store, &leased, &mut again).await, 0);
        again.rollback().await.unwrap();
        assert!(!store.complete(&leased.lease, at(30)).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q14_the_next_of_an_ordering_key_follows_a_handlers_transaction() {
    for url in databases().await {
        let store = server::connect(&url).await;
        let mut connection = MySqlConnection::connect(&url).await.unwrap();
        for id in ["first", "second", "third"] {
            store.insert(&delivery(id, "key")).await.unwrap();
        }
        let first = lease_one(&store).await;
        let mut transaction = connection.begin().await.unwrap();
        assert!(complete(&store, &first, &mut transaction).await > 0);
        assert!(lease_all(&store).await.is_empty());
        transaction.commit().await.unwrap();

        let second = lease_one(&store).await;
        assert_eq!(second.lease.envelope_id.as_str(), "second");
        assert!(store.bury(&second.lease, at(20), "no").await.unwrap());
        assert_eq!(lease_one(&store).await.lease.envelope_id.as_str(), "third");
    }
}

/// At `REPEATABLE READ`, the default, a statement that looked for rows by a range would lock the places of new ones, too.
#[tokio::test(flavor = "multi_thread")]
async fn q14_an_open_transaction_of_a_handler_blocks_no_other_delivery() {
    for url in databases().await {
        let store = server::connect(&url).await;
        let mut connection = MySqlConnection::connect(&url).await.unwrap();
        for id in ["slow", "quick"] {
            store.insert(&delivery(id, id)).await.unwrap();
        }
        store.insert(&delivery("behind", "slow")).await.unwrap();
        let leased = lease_all(&store).await;
        let [slow, quick] = ["slow", "quick"].map(|id| {
            let found = leased
                .iter()
                .find(|leased| leased.lease.envelope_id.as_str() == id);
            found.unwrap().clone()
        });
        connection
            .execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            .await
            .unwrap();
        let mut transaction = connection.begin().await.unwrap();
        assert!(complete(&store, &slow, &mut transaction).await > 0);

        for (id, key) in [("new", ""), ("of another key", "other")] {
            store.insert(&delivery(id, key)).await.unwrap();
        }
        // A second attempt of the same delivery waits for nobody.
        let known = store.insert(&delivery("slow", "")).await.unwrap();
        let expected = InsertOutcome::Known {
            state: DeliveryState::Leased,
            other_body: false,
        };
        assert_eq!(known, expected);
        assert!(store.complete(&quick.lease, at(20)).await.unwrap());
        let ids = lease_all(&store).await;
        assert_eq!(ids.len(), 2);

        // Who waits for the handler does not hold up others.
        let (waiting, lease) = (store.clone(), slow.lease.clone());
        let retry = tokio::spawn(async move { waiting.retry(&lease, at(30), "late").await });
        for leased in &ids {
            assert!(store.complete(&leased.lease, at(20)).await.unwrap());
        }
        assert!(!retry.is_finished());
        transaction.commit().await.unwrap();
        assert!(!retry.await.unwrap().unwrap());
        assert_eq!(state(&store, "slow").await, DeliveryState::Done);
        let moved_up = lease_all(&store).await;
        assert!(
            moved_up
                .iter()
                .any(|leased| leased.lease.envelope_id.as_str() == "behind")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q14_a_new_delivery_waits_for_the_transaction_that_ends_the_last_of_its_key() {
    for url in databases().await {
        let store = server::connect(&url).await;
        let mut connection = MySqlConnection::connect(&url).await.unwrap();
        store.insert(&delivery("last", "key")).await.unwrap();
        let last = lease_one(&store).await;
        let mut transaction = connection.begin().await.unwrap();
        assert_eq!(complete(&store, &last, &mut transaction).await, 1);
        let inserting = tokio::spawn({
            let store = store.clone();
            async move { store.insert(&delivery("next", "key")).await }
        });
        let (_, database) = url.rsplit_once('/').unwrap();
        lock_is_waited_for(&url, database).await;
        assert!(!inserting.is_finished());
        transaction.commit().await.unwrap();
        inserting.await.unwrap().unwrap();
        assert_eq!(lease_one(&store).await.lease.envelope_id.as_str(), "next");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q14_many_replicas_keep_the_order_of_a_key() {
    for url in databases().await {
        let mut replicas = Vec::new();
        for _ in 0..3 {
            replicas.push(server::connect(&url).await);
        }
        let inserting = (0..60).map(|number| {
            let store = replicas[number % 3].clone();
            let key = ["a", "b", ""][number / 3 % 3];
            tokio::spawn(async move { store.insert(&delivery(&format!("{number}"), key)).await })
        });
        for inserted in inserting.collect::<Vec<_>>() {
            inserted.await.unwrap().unwrap();
        }
        let handling = replicas.iter().cloned().map(|store| {
            tokio::spawn(async move {
                let mut handled = Vec::new();
                // Another replica may hold the only one of each key that can be leased.
                while store.next_due().await.unwrap().is_some() {
                    for leased in lease_all(&store).await {
                        handled.push(leased.lease.envelope_id.as_str().to_owned());
                        assert!(store.complete(&leased.lease, at(20)).await.unwrap());
                    }
                }
                handled
            })
        });
        let mut handled = Vec::new();
        for replica in handling.collect::<Vec<_>>() {
            handled.extend(replica.await.unwrap());
        }
        handled.sort_unstable();
        handled.dedup();
        assert_eq!(handled.len(), 60);
    }
}

/// Their transactions block each other, and the server rolls one of them back: MariaDB's `INSERT … SELECT` locks the next `id`, too.
#[tokio::test(flavor = "multi_thread")]
async fn q8_replicas_that_receive_the_same_deliveries_in_another_order_store_each_once() {
    const COUNT: usize = 100;
    for url in databases().await {
        let replicas = [server::connect(&url).await, server::connect(&url).await];
        for round in 0..10 {
            let mut inserts = JoinSet::new();
            for place in 0..COUNT {
                for (store, number) in replicas.iter().cloned().zip([place, COUNT - 1 - place]) {
                    let delivery = delivery(&format!("{round} {number}"), "");
                    inserts.spawn(async move { store.insert(&delivery).await.unwrap() });
                }
            }
            let answers = inserts.join_all().await;
            let new = answers
                .iter()
                .filter(|answer| matches!(answer, InsertOutcome::New { .. }));
            assert_eq!(new.count(), COUNT);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q14_a_requeued_delivery_goes_to_the_end_of_its_key() {
    for url in databases().await {
        let store = server::connect(&url).await;
        store.insert(&delivery("failing", "key")).await.unwrap();
        let failing = lease_one(&store).await;
        store.insert(&delivery("later", "key")).await.unwrap();
        assert!(store.bury(&failing.lease, at(20), "broken").await.unwrap());
        let requeued = store
            .requeue(&"failing".into(), at(9), RequeueAttempts::Full)
            .await;
        assert_eq!(requeued.unwrap(), RequeueOutcome::Requeued);
        let later = lease_one(&store).await;
        assert_eq!(later.lease.envelope_id.as_str(), "later");
        assert!(store.complete(&later.lease, at(20)).await.unwrap());
        let again = lease_one(&store).await;
        assert_eq!(again.lease.envelope_id.as_str(), "failing");
        assert!(again.lease.fence > failing.lease.fence);
        // The old lease ends nothing.
        assert!(!store.complete(&failing.lease, at(30)).await.unwrap());
        assert!(store.complete(&again.lease, at(30)).await.unwrap());
    }
}
