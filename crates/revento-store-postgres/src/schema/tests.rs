//! Migrations that fail, on a real server.

use sqlx::{Executor, Row};

use super::*;

const SECOND: &str = "CREATE TABLE second (x BIGINT); INSERT INTO second VALUES (2)";
const BROKEN: &str = "CREATE TABLE third (x BIGINT); UPDATE kept SET x = 0;
    INSERT INTO nowhere VALUES (3); CREATE TABLE behind (x BIGINT)";
const MENDED: &str = "CREATE TABLE third (x BIGINT); INSERT INTO third VALUES (3)";
const FOURTH: &str = "CREATE TABLE fourth (x BIGINT)";

const OLD: &[&str] = &[PostgresStore::MIGRATIONS[0]];
const BAD: &[&str] = &[PostgresStore::MIGRATIONS[0], SECOND, BROKEN, FOURTH];
const GOOD: &[&str] = &[PostgresStore::MIGRATIONS[0], SECOND, MENDED, FOURTH];

/// A server, and a schema's name that nobody has used.
fn place(name: &str) -> Option<(String, String)> {
    let url = std::env::var("REVENTO_TEST_POSTGRES").ok();
    let url = url.filter(|url| !url.is_empty())?;
    Some((url, format!("revento_migration_{name}_{}", std::process::id())))
}

async fn connect(url: &str, schema: &str) -> PgConnection {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let path = format!("SET search_path TO {schema}");
    connection.execute(AssertSqlSafe(path)).await.unwrap();
    connection
}

async fn run(
    connection: &mut PgConnection,
    schema: &str,
    set: &'static [&'static str],
) -> Result<(), OpenError> {
    let migrated = migrate_by(connection, Some(schema), true, set).await;
    migrated.map(drop).map_err(|failed| failed.0)
}

/// A value that stands for the data.
async fn kept(connection: &mut PgConnection) -> i64 {
    let kept = sqlx::query_scalar("SELECT x FROM kept");
    kept.fetch_one(connection).await.unwrap()
}

/// Every relation and function of a schema.
async fn look(connection: &mut PgConnection, schema: &str) -> Vec<String> {
    let objects = "SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace($1)
        UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = to_regnamespace($1) ORDER BY 1";
    let rows = sqlx::query(objects).bind(schema).fetch_all(connection).await;
    rows.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn q20_a_failed_migration_stops_those_behind_it_and_changes_nothing() {
    let Some((url, schema)) = place("failed") else {
        return;
    };
    let mut connection = connect(&url, &schema).await;
    run(&mut connection, &schema, OLD).await.unwrap();
    let data = "CREATE TABLE kept (x BIGINT); INSERT INTO kept VALUES (7)";
    connection.execute(data).await.unwrap();
    let before = look(&mut connection, &schema).await;
    assert!(before.len() > 8, "{before:?}");

    // It fails as often as it is tried, on the same connection and on others: the lock is free each time.
    for connection in [&mut connection, &mut connect(&url, &schema).await] {
        for _ in 0..2 {
            let error = run(connection, &schema, BAD).await.unwrap_err();
            assert!(
                matches!(error, OpenError::NotMigrated { version: 3, .. }),
                "{error:?}"
            );
            assert!(
                revento_core::error::chain(&error).to_string().contains("nowhere"),
                "{error:?}"
            );
        }
    }
    assert_eq!(look(&mut connection, &schema).await, before);
    assert_eq!(version(&mut connection).await.unwrap(), 1);
    assert_eq!(kept(&mut connection).await, 7);
    // The program that was there before goes on with the tables.
    run(&mut connection, &schema, OLD).await.unwrap();

    run(&mut connection, &schema, GOOD).await.unwrap();
    assert_eq!(version(&mut connection).await.unwrap(), 4);
    assert_eq!(kept(&mut connection).await, 7);
    let mut expected = [before, ["second", "third", "fourth"].map(str::to_owned).into()].concat();
    expected.sort();
    let mut after = look(&mut connection, &schema).await;
    after.sort();
    assert_eq!(after, expected);
}

#[tokio::test]
async fn q20_a_new_schema_whose_migration_fails_is_not_even_created() {
    let Some((url, schema)) = place("new") else { return };
    let mut connection = connect(&url, &schema).await;
    let error = run(&mut connection, &schema, BAD).await.unwrap_err();
    assert!(
        matches!(error, OpenError::NotMigrated { version: 3, .. }),
        "{error:?}"
    );
    let exists: bool = sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
        .bind(&schema)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(!exists);
    run(&mut connection, &schema, GOOD).await.unwrap();
    assert_eq!(version(&mut connection).await.unwrap(), 4);
}
