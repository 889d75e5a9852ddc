//! The mirror's tables and their version, which is in a table of its own: the file's header has that of the store.

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::{OpenError, SqliteStore};

/// Each one brings the tables from the version of its index to the next. A released one is never edited.
const MIGRATIONS: &[&str] = &[include_str!("1.sql")];

/// The version to which the last one leads.
#[expect(clippy::cast_possible_wrap, reason = "there are few migrations")]
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

const VERSION_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS revento_mirror_schema (version INTEGER NOT NULL) STRICT";

/// Brings the tables to the latest version. All steps are one transaction, which holds the write lock.
pub(super) async fn migrate(store: &SqliteStore) -> Result<(), OpenError> {
    let path = store.writer.file();
    let not_ours = |error| OpenError::from_sqlite(path, error);
    let mut tx = store.write().await.map_err(not_ours)?;
    run(&mut tx, VERSION_TABLE).await.map_err(not_ours)?;
    let found = sqlx::query_scalar("SELECT max(version) FROM revento_mirror_schema");
    let found: Option<i64> = found.fetch_one(&mut *tx).await.map_err(not_ours)?;
    let found = found.unwrap_or(0);
    if found > VERSION {
        return Err(OpenError::TooNew {
            path: path.to_owned(),
            found,
            known: VERSION,
        });
    }
    let pending = MIGRATIONS.iter().enumerate();
    for (before, migration) in pending.skip(usize::try_from(found).unwrap_or(0)) {
        let done = run(&mut tx, migration).await;
        done.map_err(|error| OpenError::from_migration(path, before + 1, error))?;
    }
    if found < VERSION {
        let version = format!(
            "DELETE FROM revento_mirror_schema; INSERT INTO revento_mirror_schema VALUES ({VERSION})"
        );
        sqlx::raw_sql(AssertSqlSafe(version))
            .execute(&mut *tx)
            .await
            .map_err(not_ours)?;
    }
    tx.commit().await.map_err(not_ours)
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql).execute(connection).await.map(drop)
}
