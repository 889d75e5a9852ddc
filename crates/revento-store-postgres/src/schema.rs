//! The tables and their migrations.
//!
//! Not `sqlx::migrate!`: it runs each migration in a transaction of its own, and here a failed one takes back those before it;
//! its table `_sqlx_migrations` would also collide with that of an application in the same schema.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{OpenError, PostgresStore, open_error::Failed};

/// "Rvto": the advisory lock under which one replica migrates while the others wait.
const LOCK: i64 = 0x5276_746F;

impl PostgresStore {
    /// The statements that take the tables from each version (the index) to the next, for those who run
    /// them by hand: each one in a transaction with
    /// `CREATE TABLE IF NOT EXISTS revento_schema (version BIGINT NOT NULL)` and its new version.
    pub const MIGRATIONS: &[&str] = &[
        include_str!("schema/1.sql"),
        include_str!("schema/2.sql"),
        include_str!("schema/3.sql"),
        include_str!("schema/4.sql"),
        include_str!("schema/5.sql"),
        include_str!("schema/6.sql"),
        include_str!("schema/7.sql"),
    ];
}

/// Brings the tables up to date; where that is not wanted, only looks at their version.
pub(crate) async fn migrate(
    connection: &mut PgConnection,
    schema: Option<&str>,
    wanted: bool,
) -> Result<(), Failed> {
    migrate_by(connection, schema, wanted, PostgresStore::MIGRATIONS).await
}

/// One that fails stops those behind it, and takes those before it back: all of them are in one transaction.
async fn migrate_by(
    connection: &mut PgConnection,
    schema: Option<&str>,
    wanted: bool,
    migrations: &'static [&'static str],
) -> Result<(), Failed> {
    let mut tx = connection.begin().await?;
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *tx)
        .await?;
    if let (true, Some(schema)) = (wanted, schema) {
        let exists: bool = sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
            .bind(schema)
            .fetch_one(&mut *tx)
            .await?;
        if !exists {
            let create = format!("CREATE SCHEMA {schema}");
            sqlx::query(AssertSqlSafe(create)).execute(&mut *tx).await?;
        }
    }
    let found = version(&mut tx).await?;
    if found > known {
        return Err(OpenError::TooNew { found, known }.into());
    }
    if !wanted && found < known {
        let source = format!("its tables have version {found}, and {known} is needed").into();
        return Err(OpenError::Other { source }.into());
    }
    if found < known {
        let pending = migrations.iter().enumerate();
        for (before, migration) in pending.skip(usize::try_from(found).unwrap_or(0)) {
            let done = sqlx::raw_sql(*migration).execute(&mut *tx).await;
            done.map_err(|error| OpenError::by_migration(before + 1, error))?;
        }
        sqlx::raw_sql(
            "CREATE TABLE IF NOT EXISTS revento_schema (version BIGINT NOT NULL); DELETE FROM revento_schema",
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query("INSERT INTO revento_schema (version) VALUES ($1)")
            .bind(known)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The version of the tables; 0 when there are none.
async fn version(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('revento_schema') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT max(version) FROM revento_schema")
        .fetch_one(connection)
        .await
}

#[cfg(test)]
mod tests;
