//! What an older version has stored, after its file was brought to the present schema.

use std::path::Path;

use revento_core::Timestamp;
use revento_store::{
    DeliveryState, InboxAdmin, InboxStore, InsertOutcome, NewDelivery, RequeueAttempts, RequeueOutcome,
};
use revento_store_sqlite::SqliteStore;
use revento_store_testkit::fixtures::{NOW, delivery};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

/// A file as version 8 has left it: 600 queued deliveries whose order of arrival is not that of their rows, every other one with an
/// ordering key of three, and one of each other state.
const VERSION_8: &str = concat!(
    include_str!("../../src/schema/1.sql"),
    include_str!("../../src/schema/2.sql"),
    include_str!("../../src/schema/3.sql"),
    include_str!("../../src/schema/4.sql"),
    include_str!("../../src/schema/5.sql"),
    include_str!("../../src/schema/6.sql"),
    include_str!("../../src/schema/7.sql"),
    include_str!("../../src/schema/8.sql"),
    "PRAGMA application_id = 0x5276746F; PRAGMA user_version = 8;",
    "UPDATE revento_sequence SET last = 10000;",
    "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 600)",
    "INSERT INTO revento_deliveries",
    "    SELECT 'env_' || n, 'dlv_' || n, 'event.published', iif(n % 2, '', 'key ' || (n % 3)), 0, 5,",
    "        CAST('body ' || n AS BLOB), 'queued', 7, 5000 - n, n % 2 = 0 AND n < 596, 0, 0, NULL, x'07', 0 FROM numbers;",
    "INSERT INTO revento_deliveries VALUES",
    "    ('env_done', 'dlv_done', 'event.published', '', 0, 5, NULL, 'done', 9, 6001, 0, 1, 70, NULL, x'07', 0),",
    "    ('env_leased', 'dlv_leased', 'event.published', '', 0, 5, x'01', 'leased', 99, 6002, 0, 2, 80, 'why', x'07', 0),",
    "    ('env_buried', 'dlv_buried', 'event.published', '', 0, 5, x'02', 'buried', 9, 6003, 0, 3, 90, 'so', x'07', 1);",
);

async fn run(path: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn q20_the_deliveries_of_an_older_version_survive() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    run(&path, VERSION_8).await;
    SqliteStore::open(&path).await.unwrap().close().await.unwrap();
    // As if the file had not been written anew after the migration: all steps behind that are done again.
    run(&path, "PRAGMA user_version = 6").await;
    let store = SqliteStore::open(&path).await.unwrap();

    let stats = store.stats(NOW, NOW).await.unwrap();
    assert_eq!(
        (stats.due, stats.lapsed, stats.done, stats.buried),
        (600, 1, 1, 1)
    );
    assert_eq!(store.sealed(None, 1000).await.unwrap().len(), 602);
    let known = store.insert(&like("done")).await.unwrap();
    assert!(
        matches!(
            known,
            InsertOutcome::Known {
                state: DeliveryState::Done,
                other_body: true
            }
        ),
        "{known:?}"
    );
    let reused = NewDelivery {
        delivery_id: "dlv_done".into(),
        ..delivery(100_000)
    };
    let new = store.insert(&reused).await.unwrap();
    assert_eq!(
        new,
        InsertOutcome::New {
            delivery_id_reused: true
        }
    );
    let buried = store.buried(None, 9).await.unwrap();
    assert_eq!(
        (buried.len(), buried[0].attempts, buried[0].error.as_str()),
        (1, 3, "so")
    );
    let requeued = store
        .requeue(&"env_buried".into(), NOW, RequeueAttempts::Full)
        .await
        .unwrap();
    assert_eq!(requeued, RequeueOutcome::Requeued);

    // The order of arrival, and in each key one at a time.
    let due = Timestamp::from_unix_micros(7);
    let mut keyless = Vec::new();
    let mut keyed = [const { Vec::new() }; 3];
    loop {
        let leased = store.lease(due, Timestamp::MAX, 64).await.unwrap();
        if leased.is_empty() {
            break;
        }
        let mut keys_now = [0; 3];
        for delivery in leased {
            let id = delivery.lease.envelope_id.as_str();
            let number: usize = id.strip_prefix("env_").unwrap().parse().unwrap();
            assert_eq!(delivery.body.as_bytes(), format!("body {number}").as_bytes());
            if number % 2 == 1 {
                keyless.push(number);
            } else {
                keyed[number % 3].push(number);
                keys_now[number % 3] += 1;
            }
            assert!(delivery.lease.fence > 10_000);
            assert!(store.complete(&delivery.lease, NOW).await.unwrap());
        }
        assert!(keys_now.iter().all(|count| *count <= 1), "{keys_now:?}");
    }
    assert_eq!(keyless.len(), 300);
    for key in [&keyless, &keyed[0], &keyed[1], &keyed[2]] {
        assert!(key.iter().rev().is_sorted(), "{key:?}");
    }
    assert_eq!(keyed.iter().map(Vec::len).sum::<usize>(), 300);
    assert_eq!(store.forget(Timestamp::MAX).await.unwrap(), 601);
    let leased = store.lease(NOW, Timestamp::MAX, 9).await.unwrap();
    let ids: Vec<&str> = leased.iter().map(|it| it.lease.envelope_id.as_str()).collect();
    assert_eq!(ids, ["env_leased", "env_100000", "env_buried"]);
}

/// A delivery with these ids and a body of its own.
fn like(name: &str) -> NewDelivery {
    NewDelivery {
        envelope_id: format!("env_{name}").into(),
        delivery_id: format!("dlv_{name}").into(),
        ..delivery(1)
    }
}
