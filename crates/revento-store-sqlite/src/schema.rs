//! The schema and its migrations.
//!
//! Not `sqlx::migrate!`: it runs each migration in a transaction of its own, and here a failed one takes back those before it;
//! the version is in the header (`user_version`), so that a foreign or newer file is refused before anything is written to it.

use sqlx::{AssertSqlSafe, Sqlite, Transaction};

/// Marks a file as this store's, in the header field that SQLite has for it: "Rvto".
const APPLICATION_ID: i64 = 0x5276_746F;

/// Each one takes a file from the version of its index to the next. Never edited once released.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
];

/// What a file turned out to be.
#[derive(Debug)]
pub(crate) enum Migrated {
    /// It has the latest schema now.
    Yes,
    /// It belongs to another program.
    NotOurs,
    /// It has a schema of the future.
    TooNew {
        /// Its version.
        found: i64,
        /// The latest known one.
        known: i64,
    },
    /// A migration failed. What was done before it is gone with the transaction.
    Failed {
        /// The version that it leads to.
        version: usize,
        /// What SQLite said.
        error: sqlx::Error,
    },
}

/// Brings the file to the latest schema. The transaction holds the write lock already, so of several
/// processes one migrates and the others find it done.
pub(crate) async fn migrate(tx: &mut Transaction<'_, Sqlite>) -> Result<Migrated, sqlx::Error> {
    migrate_by(tx, MIGRATIONS).await
}

/// One that fails stops those behind it, and takes those before it back: all of them are in one transaction.
async fn migrate_by(
    tx: &mut Transaction<'_, Sqlite>,
    migrations: &'static [&'static str],
) -> Result<Migrated, sqlx::Error> {
    let application_id: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut **tx)
        .await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut **tx)
        .await?;
    let objects: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut **tx)
        .await?;

    let new = (application_id, version, objects) == (0, 0, 0);
    if !new && application_id != APPLICATION_ID {
        return Ok(Migrated::NotOurs);
    }
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if version > known {
        return Ok(Migrated::TooNew {
            found: version,
            known,
        });
    }
    let pending = migrations.iter().enumerate();
    for (before, migration) in pending.skip(usize::try_from(version).unwrap_or(0)) {
        if let Err(error) = sqlx::raw_sql(*migration).execute(&mut **tx).await {
            return Ok(Migrated::Failed {
                version: before + 1,
                error,
            });
        }
    }
    if version < known {
        let mark = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {known}");
        sqlx::raw_sql(AssertSqlSafe(mark)).execute(&mut **tx).await?;
    }
    Ok(Migrated::Yes)
}

#[cfg(test)]
mod tests;
