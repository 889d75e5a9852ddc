//! Files that open.

use std::{fs, path::Path};

use revento_core::Timestamp;
use revento_store::{CreateOutcome, DeletionStore, InboxStore, StoreErrorReason, TokenStore};
use revento_store_sqlite::{OpenError, SqliteStore};
use revento_store_testkit::fixtures::{connection_key, deletion_duty, delivery, record};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

#[tokio::test]
async fn the_schema_is_pinned() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    SqliteStore::open(&path).await.unwrap().close().await.unwrap();
    let mut connection = SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .unwrap();
    let statements: Vec<String> =
        sqlx::query_scalar("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let mut marks = Vec::new();
    for pragma in [
        "PRAGMA application_id",
        "PRAGMA user_version",
        "PRAGMA journal_mode",
    ] {
        let value = sqlx::query(pragma).fetch_one(&mut connection).await.unwrap();
        marks.push(format!("{pragma} = {}", show(&value)));
    }
    connection.close().await.unwrap();
    insta::assert_snapshot!([marks, statements].concat().join(";\n"));
}

fn show(row: &sqlx::sqlite::SqliteRow) -> String {
    use sqlx::Row;
    row.try_get::<i64, _>(0)
        .map_or_else(|_| row.get::<String, _>(0), |number| number.to_string())
}

#[tokio::test]
async fn an_empty_file_becomes_a_store_and_stays_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    fs::write(&path, "").unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    assert!(matches!(
        store.create(&record("evt_1", 1)).await.unwrap(),
        CreateOutcome::Created(_)
    ));
    for _ in 0..3 {
        let again = SqliteStore::open(&path).await.unwrap();
        assert_eq!(
            again
                .load(&connection_key("evt_1"))
                .await
                .unwrap()
                .unwrap()
                .record,
            record("evt_1", 1)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_a_new_file_is_opened_by_many_at_once() {
    for _ in 0..5 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("revento.sqlite");
        let opening: Vec<_> = (0..20)
            .map(|number| {
                let path = path.clone();
                tokio::spawn(async move {
                    let store = SqliteStore::open(&path).await?;
                    Ok::<_, Box<dyn std::error::Error + Send + Sync>>(
                        store.create(&record("evt_1", number)).await?,
                    )
                })
            })
            .collect();
        let mut created = 0;
        for open in opening {
            created += usize::from(open.await.unwrap().unwrap() != CreateOutcome::AlreadyExists);
        }
        assert_eq!(created, 1);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_and_its_companions_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    store.create(&record("evt_1", 1)).await.unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        names.push(entry.file_name().into_string().unwrap());
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{names:?}"
        );
    }
    names.sort();
    assert_eq!(
        names,
        ["revento.sqlite", "revento.sqlite-shm", "revento.sqlite-wal"]
    );

    store.close().await.unwrap();
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        1,
        "the log is written back and gone"
    );
}

#[tokio::test]
async fn names_that_sqlite_gives_a_meaning_are_just_names() {
    for name in [
        ":memory:",
        "file:x?mode=memory",
        "a b%20c?d#e&f",
        "überall.🎟",
        "-x",
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        let store = SqliteStore::open(&path).await.unwrap();
        store.create(&record("evt_1", 1)).await.unwrap();
        store.close().await.unwrap();
        assert!(path.is_file(), "{name}");
        let again = SqliteStore::open(&path).await.unwrap();
        assert!(
            again.load(&connection_key("evt_1")).await.unwrap().is_some(),
            "{name}"
        );
        again.close().await.unwrap();
    }
}

#[tokio::test]
async fn clones_share_one_end() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("revento.sqlite"))
        .await
        .unwrap();
    let clone = store.clone();
    clone.create(&record("evt_1", 1)).await.unwrap();
    store.close().await.unwrap();
    store.close().await.unwrap();
    for error in [
        clone.load(&connection_key("evt_1")).await.unwrap_err(),
        clone.remove(&connection_key("evt_1")).await.unwrap_err(),
    ] {
        assert_eq!(error.reason(), StoreErrorReason::Unavailable);
    }
    assert!(format!("{clone:?}").contains("closed: true"));
}

#[tokio::test]
async fn a_damaged_file_is_told_as_such() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    for number in 0..50 {
        store
            .create(&record(&format!("evt_{number}"), number))
            .await
            .unwrap();
    }
    store.close().await.unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let length = bytes.len();
    bytes[4096..length].fill(0x5A);
    fs::write(&path, bytes).unwrap();
    let kind = match SqliteStore::open(&path).await {
        Ok(store) => store
            .of_client(&"clt_test".into(), None, 10)
            .await
            .unwrap_err()
            .reason(),
        Err(error) => {
            assert!(error.to_string().contains("damaged"), "{error}");
            StoreErrorReason::Corrupt
        }
    };
    assert_eq!(kind, StoreErrorReason::Corrupt);
}

#[tokio::test]
async fn h23_a_table_that_somebody_has_dropped_is_no_damage() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    store.create(&record("evt_1", 1)).await.unwrap();
    execute(
        &path,
        "DROP TABLE revento_sequence; UPDATE revento_connections SET scopes = x'FF'",
    )
    .await;
    let error = store.create(&record("evt_2", 1)).await.unwrap_err();
    assert_eq!(error.reason(), StoreErrorReason::Rejected);
    assert!(
        error
            .to_string()
            .starts_with("the store's engine refuses the call while storing a new connection"),
        "{error}"
    );
}

/// Runs statements on a file behind the store's back.
pub(crate) async fn execute(path: &Path, sql: &'static str) {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap();
    for statement in sql.split(';') {
        // A strict table refuses some of them; the ones before count.
        let _ = sqlx::query(statement).execute(&mut connection).await;
    }
    connection.close().await.unwrap();
}

#[tokio::test]
async fn k7_columns_that_a_newer_version_has_added_are_no_trouble() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    store.create(&record("evt_1", 1)).await.unwrap();
    // Now the statements are prepared.
    let before = store.load(&connection_key("evt_1")).await.unwrap().unwrap();
    store.insert(&delivery(1)).await.unwrap();
    let lease = || store.lease(Timestamp::MAX, Timestamp::UNIX_EPOCH, 1);
    assert_eq!(lease().await.unwrap().len(), 1);
    store.record(&deletion_duty(1)).await.unwrap();
    assert_eq!(store.open_duties(9).await.unwrap(), [deletion_duty(1)]);
    assert!(store.duty(&"env_1".into()).await.unwrap().is_some());
    execute(
        &path,
        "ALTER TABLE revento_connections ADD COLUMN more TEXT NOT NULL DEFAULT 'x';
         ALTER TABLE revento_deletions ADD COLUMN more TEXT NOT NULL DEFAULT 'x';
         ALTER TABLE revento_deliveries ADD COLUMN more TEXT NOT NULL DEFAULT 'x'",
    )
    .await;
    let stored = store.load(&connection_key("evt_1")).await.unwrap().unwrap();
    assert_eq!(stored, before);
    assert_eq!(lease().await.unwrap().len(), 1);
    assert_eq!(store.open_duties(9).await.unwrap(), [deletion_duty(1)]);
    assert_eq!(store.duty(&"env_1".into()).await.unwrap(), Some(deletion_duty(1)));
    assert!(store.record(&deletion_duty(2)).await.unwrap());
    let swapped = store
        .compare_and_swap(stored.version, &record("evt_1", 2), None)
        .await
        .unwrap();
    assert!(matches!(swapped, revento_store::SwapOutcome::Swapped(_)));
    let created = store.create(&record("evt_2", 1)).await.unwrap();
    assert!(matches!(created, CreateOutcome::Created(_)));
}

/// A file as version 2 has left it.
const VERSION_2: &str = concat!(
    include_str!("../../src/schema/1.sql"),
    include_str!("../../src/schema/2.sql"),
    "PRAGMA application_id = 0x5276746F; PRAGMA user_version = 2;",
    "UPDATE revento_sequence SET last = 1;",
    "INSERT INTO revento_deliveries VALUES",
    "    ('env_1', 'dlv_1', 'event.published', '', 0, 0, x'00', 'queued', 0, 1, 0, 0, 0, NULL);",
);

/// Somebody has made an index by hand that a migration makes.
#[tokio::test]
async fn q20_a_file_whose_migration_fails_is_as_it_was_and_opens_once_the_cause_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let mut by_hand = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap();
    for sql in [
        VERSION_2,
        "CREATE INDEX revento_deliveries_to_expunge ON revento_deliveries (at)",
    ] {
        sqlx::raw_sql(sql).execute(&mut by_hand).await.unwrap();
    }
    by_hand.close().await.unwrap();
    let before = fs::read(&path).unwrap();
    for _ in 0..2 {
        let error = SqliteStore::open(&path).await.unwrap_err();
        let OpenError::NotMigrated { version: 3, .. } = error else {
            panic!("{error:?}")
        };
        let text = revento_core::error::chain(&error).to_string();
        assert!(
            text.contains("cannot be brought to schema 3, and is as it was"),
            "{text}"
        );
        assert!(
            text.contains("index revento_deliveries_to_expunge already exists"),
            "{text}"
        );
        assert!(before == fs::read(&path).unwrap(), "the file was changed");
    }
    execute(&path, "DROP INDEX revento_deliveries_to_expunge").await;
    let store = SqliteStore::open(&path).await.unwrap();
    let leased = store.lease(Timestamp::MAX, Timestamp::MAX, 9).await.unwrap();
    assert_eq!(leased.len(), 1);
    assert_eq!(store.expunge(Timestamp::MAX).await.unwrap(), 0);
}

/// What a tool for operators finds beside a service.
#[tokio::test]
async fn an_existing_file_is_opened_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let missing = SqliteStore::open_existing(&path).await.unwrap_err();
    assert!(matches!(missing, OpenError::NoFile { .. }), "{missing:?}");
    assert!(!path.exists());

    let service = SqliteStore::open(&path).await.unwrap();
    let tool = SqliteStore::open_existing(&path).await.unwrap();
    let record = revento_store_testkit::fixtures::record("evt_1", 1);
    service.create(&record).await.unwrap();
    let found = tool.load(&record.connection.key).await.unwrap();
    assert!(found.is_some());
    tool.remove(&record.connection.key).await.unwrap();
    tool.close().await.unwrap();
    assert!(service.load(&record.connection.key).await.unwrap().is_none());
    service.close().await.unwrap();

    let older = i64::from(SqliteStore::SCHEMA_VERSION) - 1;
    let mut connection = SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .unwrap();
    let mark = format!("PRAGMA user_version = {older}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(mark))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let before = fs::read(&path).unwrap();
    let refused = SqliteStore::open_existing(&path).await.unwrap_err();
    assert!(
        matches!(refused, OpenError::TooOld { found, .. } if found == older),
        "{refused:?}"
    );
    assert!(before == fs::read(&path).unwrap(), "the file is as it was");
}
