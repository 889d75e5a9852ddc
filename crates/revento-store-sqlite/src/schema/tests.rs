//! Migrations that fail, on real files.

use std::path::Path;

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::*;

const SECOND: &str = "CREATE TABLE second (x INTEGER) STRICT; INSERT INTO second VALUES (2)";
const BROKEN: &str = "CREATE TABLE third (x INTEGER) STRICT; UPDATE revento_sequence SET last = 0;
    INSERT INTO nowhere VALUES (3); CREATE TABLE behind (x INTEGER) STRICT";
const MENDED: &str = "CREATE TABLE third (x INTEGER) STRICT; INSERT INTO third VALUES (3)";
const FOURTH: &str = "CREATE TABLE fourth (x INTEGER) STRICT";

const OLD: &[Migration] = &[MIGRATIONS[0]];
const BAD: &[Migration] = &[MIGRATIONS[0], Sql(SECOND), Sql(BROKEN), Sql(FOURTH)];
const GOOD: &[Migration] = &[MIGRATIONS[0], Sql(SECOND), Sql(MENDED), Sql(FOURTH)];

async fn connect(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    options.connect().await.unwrap()
}

/// As opening does it.
async fn run(connection: &mut SqliteConnection, migrations: &[Migration]) -> Migrated {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let migrated = migrate_by(&mut tx, migrations).await.unwrap();
    if let Migrated::Yes = migrated {
        tx.commit().await.unwrap();
    }
    migrated
}

/// Everything that the file's schema is, and a value that stands for its data.
async fn look(path: &Path) -> (Vec<String>, Vec<i64>) {
    let mut connection = connect(path).await;
    let names = "SELECT name || coalesce(sql, '') FROM sqlite_schema ORDER BY name";
    let schema = sqlx::query_scalar(names).fetch_all(&mut connection).await;
    let mut numbers = Vec::new();
    for question in [
        "PRAGMA user_version",
        "PRAGMA application_id",
        "SELECT last FROM revento_sequence",
    ] {
        numbers.push(
            sqlx::query_scalar(question)
                .fetch_one(&mut connection)
                .await
                .unwrap(),
        );
    }
    connection.close().await.unwrap();
    (schema.unwrap(), numbers)
}

#[tokio::test]
async fn q20_a_failed_migration_stops_those_behind_it_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let mut connection = connect(&path).await;
    assert!(matches!(run(&mut connection, OLD).await, Migrated::Yes));
    let data = sqlx::query("UPDATE revento_sequence SET last = 7");
    data.execute(&mut connection).await.unwrap();
    let before = look(&path).await;
    assert_eq!(before.1, [1, APPLICATION_ID, 7]);

    // It fails as often as it is tried, on the same connection and on others.
    for connection in [&mut connection, &mut connect(&path).await] {
        for _ in 0..2 {
            let failed = run(connection, BAD).await;
            let Migrated::Failed { version: 3, error } = failed else {
                panic!("{failed:?}")
            };
            assert!(error.to_string().contains("nowhere"), "{error}");
        }
    }
    assert_eq!(look(&path).await, before);
    // The program that was there before goes on with the file.
    assert!(matches!(run(&mut connection, OLD).await, Migrated::Yes));

    assert!(matches!(run(&mut connection, GOOD).await, Migrated::Yes));
    let (schema, numbers) = look(&path).await;
    assert_eq!(numbers, [4, APPLICATION_ID, 7]);
    for table in ["second", "third", "fourth"] {
        let count = schema.iter().filter(|name| name.starts_with(table)).count();
        assert_eq!(count, 1, "{table}");
    }
    assert_eq!(schema.len(), before.0.len() + 3);
}

#[tokio::test]
async fn q20_a_new_file_whose_migration_fails_stays_empty() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let mut connection = connect(&path).await;
    assert!(matches!(
        run(&mut connection, BAD).await,
        Migrated::Failed { version: 3, .. }
    ));
    let objects: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(objects, 0);
    assert!(matches!(run(&mut connection, GOOD).await, Migrated::Yes));
}
