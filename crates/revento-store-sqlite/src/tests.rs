//! Tests of what is not visible from outside: query plans, a full disk, and a connection that lost count of its transaction.

use revento_core::{Connection, ConnectionKey, ConnectionStatus, Scopes, Timestamp};
use revento_store::{CreateOutcome, InboxStore, NewDelivery, Record, Sealed, StoreErrorReason, TokenStore};
use revento_store_testkit::fixtures::{NOW, delivery};
use sqlx::{AssertSqlSafe, Row};

use crate::{SqliteStore, deletions, inbox, once, tokens};

async fn store(directory: &tempfile::TempDir) -> SqliteStore {
    SqliteStore::open(directory.path().join("revento.sqlite"))
        .await
        .unwrap()
}

#[tokio::test]
async fn t7_every_question_has_an_index() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory).await;
    let mut plans = Vec::new();
    let move_up = triggered(&store, "revento_deliveries_move_up").await;
    let queries = [
        tokens::QUERIES,
        inbox::QUERIES,
        inbox::ADMIN_QUERIES,
        inbox::SINGLE_QUERIES,
        deletions::QUERIES,
        once::QUERIES,
    ]
    .concat();
    let batch = inbox::example_script();
    let more = [("move up", move_up.as_str()), ("batch", batch.as_str())];
    for (name, sql) in queries.into_iter().chain(more) {
        let script = sql
            .trim_start_matches("BEGIN IMMEDIATE;")
            .trim_end_matches("COMMIT")
            .trim_end_matches([';', ' ']);
        let mut rows = Vec::new();
        for statement in script.split(';').filter(|statement| !statement.trim().is_empty()) {
            let explain = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")));
            rows.extend(explain.fetch_all(&store.readers).await.unwrap());
        }
        for row in rows {
            let step: String = row.get("detail");
            assert!(!step.contains("TEMP B-TREE"), "{name} sorts: {step}");
            // The sequence has one row.
            let scans = step.starts_with("SCAN revento_")
                && step != "SCAN revento_sequence"
                && !step.contains(" INDEX ");
            assert!(!scans, "{name} reads every row: {step}");
            plans.push(format!("{name}: {step}"));
        }
    }
    insta::assert_snapshot!(plans.join("\n"));
}

/// What a trigger does, with parameters for what it is given.
async fn triggered(store: &SqliteStore, name: &str) -> String {
    let sql: String = sqlx::query_scalar("SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?")
        .bind(name)
        .fetch_one(&store.readers)
        .await
        .unwrap();
    let (_, body) = sql.split_once("BEGIN").unwrap();
    let (body, _) = body.split_once("END").unwrap();
    body.replace("new.ordering_key", "?")
}

fn record(event: &str, size: usize) -> Record {
    Record {
        tokens: Some(Sealed::from_bytes(vec![7; size])),
        connection: Connection {
            key: ConnectionKey::installation("clt_test".into(), event.into()),
            organization_id: None,
            status: ConnectionStatus::Connected,
            reason: None,
            status_since: Timestamp::UNIX_EPOCH,
            delete_by: None,
            scopes: Scopes::default(),
            generation: 1,
            consented_at: Timestamp::UNIX_EPOCH,
            access_expires_at: Timestamp::UNIX_EPOCH,
            refresh_expires_at: Timestamp::UNIX_EPOCH,
            consent_expires_at: Timestamp::UNIX_EPOCH,
        },
    }
}

#[tokio::test]
async fn k16_a_full_disk_is_told_and_gets_over() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory).await;
    sqlx::query("PRAGMA max_page_count = 40")
        .execute(&mut *store.writer.turn().await.unwrap())
        .await
        .unwrap();
    let error = store.create(&record("evt_1", 1_000_000)).await.unwrap_err();
    assert_eq!(error.reason(), StoreErrorReason::Unavailable);
    assert!(format!("{error:?}").contains("full"), "{error:?}");
    for number in 0..3 {
        let created = store.create(&record(&format!("evt_{number}"), 10)).await.unwrap();
        assert!(matches!(created, CreateOutcome::Created(_)));
    }
}

/// Batches and single calls alike: what was acknowledged is there, the rest failed as transient.
#[tokio::test(flavor = "multi_thread")]
async fn q30_on_a_full_disk_nothing_acknowledged_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory).await;
    let limit = async |pages: u32| {
        let limit = AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        let mut turn = store.writer.turn().await.unwrap();
        sqlx::raw_sql(limit).execute(&mut *turn).await.unwrap();
        turn.end();
    };
    let large = |number: u64| NewDelivery {
        body: Sealed::from_bytes(vec![7; 20_000]),
        ..delivery(number)
    };
    let (mut acknowledged, mut refused) = (0, 0);
    limit(200).await;
    let mut inserts = tokio::task::JoinSet::new();
    for number in 0..200 {
        let store = store.clone();
        inserts.spawn(async move { store.insert(&large(number)).await });
    }
    let mut answers = inserts.join_all().await;
    for number in 200..210 {
        answers.push(store.insert(&large(number)).await);
    }
    for answer in answers {
        match answer {
            Ok(_) => acknowledged += 1,
            Err(error) => {
                assert_eq!(error.reason(), StoreErrorReason::Unavailable, "{error:?}");
                assert!(format!("{error:?}").contains("full"), "{error:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
    // Handling goes on, and makes room.
    let leased = store.lease(NOW, Timestamp::MAX, 300).await.unwrap();
    assert_eq!(leased.len(), acknowledged);
    for delivery in leased {
        assert!(store.complete(&delivery.lease, NOW).await.unwrap());
    }
    store.insert(&large(300)).await.unwrap();
    limit(1_000_000).await;
    for number in 0..210 {
        store.insert(&large(number)).await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_that_lost_count_of_its_transaction_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory).await;
    for _ in 0..3 {
        let mut tx = store.write().await.unwrap();
        // As SQLite does by itself after some failures.
        sqlx::query("ROLLBACK").execute(&mut *tx).await.unwrap();
        drop(tx);
        assert!(matches!(
            store.create(&record("evt_1", 10)).await.unwrap(),
            CreateOutcome::Created(_)
        ));
        store.remove(&record("evt_1", 10).connection.key).await.unwrap();
    }
}
