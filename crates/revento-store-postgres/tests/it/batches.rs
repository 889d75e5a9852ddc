//! Calls that share a transaction: each gets its own answer, whatever happens to the others.

use std::time::Duration;

use revento_core::Timestamp;
use revento_store::{DeliveryState, InboxStore, InsertOutcome, NewDelivery, StoreErrorReason};
use revento_store_postgres::PostgresStore;
use revento_store_testkit::fixtures::{NOW, delivery};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::task::JoinSet;

use crate::server;

const NEW: InsertOutcome = InsertOutcome::New {
    delivery_id_reused: false,
};
/// No test waits longer for what has to happen.
const HANG: Duration = Duration::from_secs(120);

fn ordered(number: u64, ordering_key: &str) -> NewDelivery {
    NewDelivery {
        ordering_key: ordering_key.to_owned(),
        ..delivery(number)
    }
}

/// Two stores on the same tables.
async fn replicas(url: &str) -> [PostgresStore; 2] {
    let schema = server::fresh();
    [
        server::connect(url, &schema).await,
        server::connect(url, &schema).await,
    ]
}

/// Handles whatever is due, and returns how many deliveries that were.
async fn handle_all(store: &PostgresStore) -> usize {
    let mut handled = 0;
    loop {
        let leased = store.lease(NOW, Timestamp::MAX, 64).await.unwrap();
        if leased.is_empty() {
            return handled;
        }
        for delivery in &leased {
            assert!(store.complete(&delivery.lease, NOW).await.unwrap());
        }
        handled += leased.len();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q1_of_inserts_at_once_each_learns_its_own_answer() {
    let Some(url) = server::url() else { return };
    let store = server::connect(&url, &server::fresh()).await;
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
    assert_eq!(handle_all(&store).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn q8_replicas_that_receive_the_same_deliveries_in_another_order_store_each_once() {
    const COUNT: u64 = 100;
    let Some(url) = server::url() else { return };
    let stores = replicas(&url).await;
    for round in 0..10 {
        let mut inserts = JoinSet::new();
        for place in 0..COUNT {
            for (store, number) in stores.iter().cloned().zip([place, COUNT - 1 - place]) {
                let delivery = delivery(round * COUNT + number);
                inserts.spawn(async move { store.insert(&delivery).await.unwrap() });
            }
        }
        let answers = inserts.join_all().await;
        let new = answers.iter().filter(|answer| **answer == NEW);
        assert_eq!(new.count() as u64, COUNT);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q11_a_delivery_id_that_deliveries_of_one_batch_share_is_reported() {
    let Some(url) = server::url() else { return };
    let store = server::connect(&url, &server::fresh()).await;
    let mut inserts = JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        let delivery = NewDelivery {
            delivery_id: "the same".into(),
            ..delivery(number)
        };
        inserts.spawn(async move { store.insert(&delivery).await.unwrap() });
    }
    let answers = inserts.join_all().await;
    // Two transactions that run at once do not see each other.
    let unseen = answers.iter().filter(|answer| **answer == NEW).count();
    assert!((1..=2).contains(&unseen), "{unseen} of 50 were not reported");
}

#[tokio::test(flavor = "multi_thread")]
async fn q14_inserts_at_once_that_share_an_ordering_key_wait_for_each_other() {
    let Some(url) = server::url() else { return };
    let stores = replicas(&url).await;
    let mut inserts = JoinSet::new();
    for number in 0..90 {
        let store = stores[usize::from(number % 2 == 0)].clone();
        let delivery = ordered(number, &format!("key {}", number % 3));
        inserts.spawn(async move { store.insert(&delivery).await.unwrap() });
    }
    assert!(inserts.join_all().await.iter().all(|answer| *answer == NEW));
    let mut handled = 0;
    while handled < 90 {
        let leased = stores[0].lease(NOW, Timestamp::MAX, 64).await.unwrap();
        assert_eq!(leased.len(), 3.min(90 - handled), "one of each key");
        let mut finishes = JoinSet::new();
        for (place, delivery) in leased.iter().enumerate() {
            let (store, lease) = (stores[place % 2].clone(), delivery.lease.clone());
            finishes.spawn(async move { store.complete(&lease, NOW).await.unwrap() });
        }
        assert!(finishes.join_all().await.into_iter().all(|held| held));
        handled += leased.len();
    }
    assert_eq!(stores[1].next_due().await.unwrap(), None);
}

/// The handler's transaction holds the key until its commit.
#[tokio::test(flavor = "multi_thread")]
async fn q14_a_handlers_transaction_holds_up_its_ordering_key_and_nothing_else() {
    let Some(url) = server::url() else { return };
    let store = server::connect(&url, &server::fresh()).await;
    store.insert(&ordered(0, "held")).await.unwrap();
    let lease = store.lease(NOW, Timestamp::MAX, 1).await.unwrap().remove(0).lease;
    let mut own = PgConnection::connect(&url).await.unwrap();
    let mut handler = own.begin().await.unwrap();
    let completion = store.completion(&lease, NOW);
    sqlx::query(AssertSqlSafe(completion.sql))
        .bind(completion.envelope_id)
        .bind(completion.fence)
        .bind(completion.at)
        .fetch_one(&mut *handler)
        .await
        .unwrap();

    let (mut held, mut others) = (JoinSet::new(), JoinSet::new());
    for number in 1..100 {
        let store = store.clone();
        let is_held = [5, 15, 25].contains(&number);
        let delivery = ordered(number, if is_held { "held" } else { "" });
        let inserts = if is_held { &mut held } else { &mut others };
        inserts.spawn(async move { store.insert(&delivery).await.unwrap() });
    }
    let answers = tokio::time::timeout(HANG, others.join_all())
        .await
        .expect("nothing holds them up");
    assert!(answers.iter().all(|answer| *answer == NEW));
    assert!(held.try_join_next().is_none(), "it did not wait for its key");
    handler.commit().await.unwrap();
    assert!(held.join_all().await.iter().all(|answer| *answer == NEW));
    assert_eq!(
        store.state(&lease.envelope_id).await.unwrap(),
        Some(DeliveryState::Done)
    );
    assert_eq!(handle_all(&store).await, 99);
}

#[tokio::test(flavor = "multi_thread")]
async fn q1_two_replicas_that_insert_the_same_in_opposite_orders_do_not_block_each_other() {
    let Some(url) = server::url() else { return };
    let stores = replicas(&url).await;
    let mut inserts = JoinSet::new();
    for place in 0..300_u64 {
        for (replica, number) in [(0, place), (1, 299 - place)] {
            let store = stores[replica].clone();
            let delivery = ordered(number, if number % 2 == 0 { "" } else { "one" });
            inserts.spawn(async move { store.insert(&delivery).await.unwrap() });
        }
    }
    let answers = tokio::time::timeout(HANG, inserts.join_all())
        .await
        .expect("no deadlock");
    assert_eq!(answers.iter().filter(|answer| **answer == NEW).count(), 300);
    let leased = stores[0].lease(NOW, Timestamp::MAX, 1_000).await.unwrap();
    assert_eq!(leased.len(), 151);

    // Both finish the same leases; each is held once.
    let mut finishes = JoinSet::new();
    for place in 0..leased.len() {
        for (replica, place) in [(0, place), (1, leased.len() - 1 - place)] {
            let (store, lease) = (stores[replica].clone(), leased[place].lease.clone());
            finishes.spawn(async move { store.complete(&lease, NOW).await.unwrap() });
        }
    }
    let held = tokio::time::timeout(HANG, finishes.join_all())
        .await
        .expect("no deadlock");
    assert_eq!(held.iter().filter(|held| **held).count(), 151);
}

#[tokio::test(flavor = "multi_thread")]
async fn q1_callers_that_go_away_do_not_take_others_along() {
    let Some(url) = server::url() else { return };
    let store = server::connect(&url, &server::fresh()).await;
    for round in 0..10 {
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
        tokio::time::sleep(Duration::from_micros(400 * round)).await;
        leaving.abort_all();
        let answers = tokio::time::timeout(HANG, staying.join_all()).await;
        assert!(
            answers
                .expect("the others go on")
                .iter()
                .all(|answer| *answer == NEW)
        );
        while leaving.join_next().await.is_some() {}
    }
    assert!(handle_all(&store).await >= 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn q1_a_delivery_that_the_server_refuses_does_not_take_others_along() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let store = server::connect(&url, &schema).await;
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let trigger = format!(
        "CREATE FUNCTION {schema}.refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'refused by a trigger'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON {schema}.revento_deliveries FOR EACH ROW
            WHEN (new.ordering_key = 'refused') EXECUTE FUNCTION {schema}.refuse()"
    );
    admin.execute(AssertSqlSafe(trigger)).await.unwrap();
    let mut inserts = JoinSet::new();
    for number in 0..100 {
        let store = store.clone();
        let is_refused = number % 10 == 3;
        let delivery = ordered(number, if is_refused { "refused" } else { "" });
        inserts.spawn(async move { (is_refused, store.insert(&delivery).await) });
    }
    for (is_refused, answer) in inserts.join_all().await {
        match answer {
            Ok(outcome) => assert!(!is_refused && outcome == NEW),
            Err(error) => {
                assert!(
                    is_refused && error.reason() == StoreErrorReason::Rejected,
                    "{error:?}"
                );
                assert!(!error.may_have_taken_effect());
            }
        }
    }
    assert_eq!(handle_all(&store).await, 90);
}

#[tokio::test(flavor = "multi_thread")]
async fn forgetting_works_in_slices_and_waits_for_nobody() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let store = server::connect(&url, &schema).await;
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let many = format!(
        "INSERT INTO {schema}.revento_deliveries (identity, delivery_hash, envelope_id, delivery_id, event_type, ordering_key,
             occurred_at, received_at, body, state, at, arrival, behind, attempt, fence)
         SELECT gen_random_uuid(), n, n, n, 'x', '', 0, 0, CASE WHEN n % 2 = 0 THEN 'body'::BYTEA END,
             CASE WHEN n % 2 = 0 THEN 'buried' ELSE 'done' END, n, n, FALSE, 1, 1
         FROM generate_series(1, 5000) AS n"
    );
    admin.execute(AssertSqlSafe(many)).await.unwrap();
    let mut tx = admin.begin().await.unwrap();
    let held = format!("SELECT FROM {schema}.revento_deliveries WHERE at IN (2, 3) FOR UPDATE");
    tx.execute(AssertSqlSafe(held)).await.unwrap();
    let before = Timestamp::from_unix_micros(5001);
    let forgotten = tokio::time::timeout(HANG, store.forget(before)).await;
    assert_eq!(forgotten.expect("it skips what is locked").unwrap(), 2499);
    assert_eq!(store.expunge(before).await.unwrap(), 2499);
    tx.commit().await.unwrap();
    assert_eq!(store.forget(before).await.unwrap(), 1);
    assert_eq!(store.expunge(before).await.unwrap(), 1);
    assert_eq!(store.expunge(before).await.unwrap(), 0);
}
