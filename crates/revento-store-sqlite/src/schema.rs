//! The schema and its migrations.
//!
//! Not `sqlx::migrate!`, which runs each migration in a transaction of its own; here a failed one undoes those before it.
//! The version is in the header (`user_version`), so that a foreign or newer file is refused before anything is written to it.

use std::cmp::Ordering;

use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection, Transaction};

mod hash_ids;

/// Marks a file as this store's, in the header field that SQLite has for it: "Rvto".
const APPLICATION_ID: i64 = 0x5276_746F;

/// Brings a file from one version to the next. It bears being run on a file that has its result already.
#[derive(Debug, Clone, Copy)]
enum Migration {
    /// Statements.
    Sql(&'static str),
    /// See [`hash_ids`].
    HashIds,
}

use Migration::{HashIds, Sql};

/// Each one brings a file from the version of its index to the next. A released one is never edited.
const MIGRATIONS: &[Migration] = &[
    Sql(include_str!("schema/1.sql")),
    Sql(include_str!("schema/2.sql")),
    Sql(include_str!("schema/3.sql")),
    Sql(include_str!("schema/4.sql")),
    Sql(include_str!("schema/5.sql")),
    Sql(include_str!("schema/6.sql")),
    Sql(include_str!("schema/7.sql")),
    Sql(include_str!("schema/8.sql")),
    Sql(include_str!("schema/9.sql")),
    HashIds,
];

/// The version to which the last one leads.
#[expect(clippy::cast_possible_truncation, reason = "there are few migrations")]
pub(crate) const VERSION: u32 = MIGRATIONS.len() as u32;

/// Files of this version and later ones have no remains of deleted data.
const WITHOUT_REMAINS: i64 = 7;

/// The kind of a file.
#[derive(Debug)]
pub(crate) enum Migrated {
    /// It has the latest schema now.
    Yes,
    /// It has the latest schema now, and was written by a version that did not overwrite what it deleted: call [`wipe_remains`].
    WithOldRemains,
    /// It belongs to another program.
    NotOurs,
    /// A newer version wrote it.
    TooNew {
        /// The version of its schema.
        found: i64,
        /// The latest version that this store knows.
        known: i64,
    },
    /// It has an earlier version of the schema, and no migration was wanted.
    TooOld {
        /// The version of its schema.
        found: i64,
        /// The version that this store needs.
        needed: i64,
    },
    /// A migration failed, and the transaction is rolled back.
    Failed {
        /// The version that the migration leads to.
        version: usize,
        /// The error of SQLite.
        error: sqlx::Error,
    },
}

/// Brings the file to the latest schema. The transaction holds the write lock already, so of several processes one migrates and the
/// others find it done.
pub(crate) async fn migrate(tx: &mut Transaction<'_, Sqlite>) -> Result<Migrated, sqlx::Error> {
    let before = number(tx, "PRAGMA user_version").await?;
    let migrated = migrate_by(tx, MIGRATIONS).await?;
    if matches!(migrated, Migrated::Yes) && (1..WITHOUT_REMAINS).contains(&before) {
        // The version after that comes with `wipe_remains`, so that it is done again if it fails.
        let mark = format!("PRAGMA user_version = {}", WITHOUT_REMAINS - 1);
        sqlx::raw_sql(AssertSqlSafe(mark)).execute(&mut **tx).await?;
        return Ok(Migrated::WithOldRemains);
    }
    Ok(migrated)
}

/// Writes the whole file anew, without the free pages, where deleted data was still readable.
pub(crate) async fn wipe_remains(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let statements = format!("VACUUM; PRAGMA user_version = {}", MIGRATIONS.len());
    sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(&mut *connection)
        .await?;
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(connection)
        .await
        .map(drop)
}

/// Whether the file has the latest schema. Changes nothing.
pub(crate) async fn check(tx: &mut Transaction<'_, Sqlite>) -> Result<Migrated, sqlx::Error> {
    let application_id = number(tx, "PRAGMA application_id").await?;
    let found = number(tx, "PRAGMA user_version").await?;
    let needed = i64::from(VERSION);
    Ok(match found.cmp(&needed) {
        _ if application_id != APPLICATION_ID => Migrated::NotOurs,
        Ordering::Less => Migrated::TooOld { found, needed },
        Ordering::Equal => Migrated::Yes,
        Ordering::Greater => Migrated::TooNew { found, known: needed },
    })
}

async fn number(tx: &mut Transaction<'_, Sqlite>, question: &'static str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(question).fetch_one(&mut **tx).await
}

/// All migrations are in one transaction, so a failed one undoes those before it.
async fn migrate_by(
    tx: &mut Transaction<'_, Sqlite>,
    migrations: &[Migration],
) -> Result<Migrated, sqlx::Error> {
    let application_id = number(tx, "PRAGMA application_id").await?;
    let version = number(tx, "PRAGMA user_version").await?;
    let objects = number(tx, "SELECT count(*) FROM sqlite_schema").await?;

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
        let migrated = match migration {
            Sql(sql) => sqlx::raw_sql(*sql).execute(&mut **tx).await.map(drop),
            HashIds => hash_ids::run(tx).await,
        };
        if let Err(error) = migrated {
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
