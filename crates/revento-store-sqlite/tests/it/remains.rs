//! What somebody finds in the files after data was deleted.

use std::{fs, path::Path};

use revento_core::Timestamp;
use revento_store::{InboxStore, NewDelivery, Sealed, TokenStore};
use revento_store_sqlite::SqliteStore;
use revento_store_testkit::fixtures::{NOW, delivery, record};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

/// Whether a text is in the file, in its log or in the index of its log.
fn is_left(path: &Path, text: &str) -> bool {
    ["", "-wal", "-shm"].iter().any(|end| {
        let file = format!("{}{end}", path.display());
        let bytes = fs::read(file).unwrap_or_default();
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    })
}

/// A delivery whose body has a text all over, on one page or on many.
fn with_body(number: u64, text: &str, times: usize) -> NewDelivery {
    NewDelivery {
        body: Sealed::from_bytes(text.repeat(times).into_bytes()),
        ..delivery(number)
    }
}

#[tokio::test]
async fn h26_nothing_of_a_deleted_body_is_left_in_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    for (number, times) in [(1, 2), (2, 900), (3, 2), (4, 900)] {
        store
            .insert(&with_body(number, "planted-body", times))
            .await
            .unwrap();
    }
    let mut tokens = record("evt_1", 1);
    tokens.tokens = Some(Sealed::from_bytes(*b"planted-tokens"));
    store.create(&tokens).await.unwrap();
    assert!(is_left(&path, "planted-body") && is_left(&path, "planted-tokens"));

    for (index, leased) in store
        .lease(NOW, Timestamp::MAX, 9)
        .await
        .unwrap()
        .iter()
        .enumerate()
    {
        let held = if index < 2 {
            store.complete(&leased.lease, NOW).await
        } else {
            store.bury(&leased.lease, NOW, "it failed").await
        };
        assert!(held.unwrap());
    }
    store.remove(&tokens.connection.key).await.unwrap();
    assert!(is_left(&path, "planted-body"), "the buried ones are still needed");
    assert_eq!(store.expunge(Timestamp::MAX).await.unwrap(), 2);
    assert!(!is_left(&path, "planted-body"));
    assert!(!is_left(&path, "planted-tokens"));

    // A reader of an earlier state keeps the log, which is told and not passed over.
    store.insert(&with_body(5, "another-body", 900)).await.unwrap();
    let mut reader = SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .unwrap();
    let mut snapshot = reader.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM revento_deliveries")
        .fetch_one(&mut *snapshot)
        .await
        .unwrap();
    let leased = store.lease(NOW, Timestamp::MAX, 9).await.unwrap();
    store.bury(&leased[0].lease, NOW, "it failed").await.unwrap();
    let error = store.expunge(Timestamp::MAX).await.unwrap_err();
    assert!(error.is_transient() && error.may_have_taken_effect(), "{error:?}");
    drop(snapshot);
    reader.close().await.unwrap();
    assert_eq!(store.expunge(Timestamp::MAX).await.unwrap(), 0);
    assert!(!is_left(&path, "another-body"));
}

/// A version that did not overwrite what it deleted.
#[tokio::test]
async fn h26_what_an_older_version_has_left_in_free_pages_is_wiped_at_the_first_opening() {
    const VERSION_5: &str = concat!(
        include_str!("../../src/schema/1.sql"),
        include_str!("../../src/schema/2.sql"),
        include_str!("../../src/schema/3.sql"),
        include_str!("../../src/schema/4.sql"),
        include_str!("../../src/schema/5.sql"),
        "PRAGMA application_id = 0x5276746F; PRAGMA user_version = 5; PRAGMA secure_delete = OFF;",
        "INSERT INTO revento_deliveries SELECT 'env_' || value, 'dlv', 'event.published', '', 0, 0,",
        "    CAST(replace(hex(zeroblob(500)), '0', 'planted-body') AS BLOB), 'queued', 0, value, 0, 0, 0, NULL, NULL",
        "    FROM (SELECT 1 AS value UNION SELECT 2 UNION SELECT 3);",
        "UPDATE revento_deliveries SET body = NULL, state = 'done' WHERE envelope_id <> 'env_3';",
        "DELETE FROM revento_deliveries WHERE envelope_id = 'env_3';",
    );
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let mut old = options.connect().await.unwrap();
    sqlx::raw_sql(VERSION_5).execute(&mut old).await.unwrap();
    old.close().await.unwrap();
    assert!(is_left(&path, "planted-body"));

    let store = SqliteStore::open(&path).await.unwrap();
    assert!(!is_left(&path, "planted-body"));
    assert!(store.state(&"env_1".into()).await.unwrap().is_some());
    store.close().await.unwrap();
    let mut after = SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .unwrap();
    let version: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut after)
        .await
        .unwrap();
    assert_eq!(version, i64::from(SqliteStore::SCHEMA_VERSION));

    // As if the first opening had ended before the file was written anew.
    sqlx::raw_sql("PRAGMA user_version = 6")
        .execute(&mut after)
        .await
        .unwrap();
    after.close().await.unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    assert!(store.state(&"env_1".into()).await.unwrap().is_some());
}
