//! The tables and their migrations.
//!
//! Not `sqlx::migrate!`: it runs each migration in a transaction of its own, and here a failed one takes back those before it;
//! its table `_sqlx_migrations` would also collide with that of an application in the same schema.

use sqlx::{AssertSqlSafe, Connection, Decode, PgConnection, Postgres, Row as _, Type};

use crate::{OpenError, PostgresStore, literal::text_literal, open_error::Failed, store::sequence};

/// "Rvto": the advisory lock under which one replica migrates while the others wait.
const LOCK: i64 = 0x5276_746F;

impl PostgresStore {
    /// The statements that bring the tables from each version (the index) to the next, for a role that runs them by hand: each one
    /// in a transaction with `CREATE TABLE IF NOT EXISTS revento_schema (version BIGINT NOT NULL)` and its new version, and with a
    /// `search_path` that begins with the schema of the tables. The functions keep that path.
    pub const MIGRATIONS: &[&str] = &[
        include_str!("schema/1.sql"),
        include_str!("schema/2.sql"),
        include_str!("schema/3.sql"),
        include_str!("schema/4.sql"),
        include_str!("schema/5.sql"),
        include_str!("schema/6.sql"),
        include_str!("schema/7.sql"),
        include_str!("schema/8.sql"),
        include_str!("schema/9.sql"),
    ];
}

/// Brings the tables up to date, or only checks their version if `wanted` is `false`. Returns the schema of the tables as a quoted
/// identifier.
pub(crate) async fn migrate(
    connection: &mut PgConnection,
    schema: Option<&str>,
    wanted: bool,
) -> Result<String, Failed> {
    migrate_by(connection, schema, wanted, PostgresStore::MIGRATIONS).await
}

/// All migrations are in one transaction, so a failed one undoes those before it. The lock is the transaction's, and each setting, too:
/// a pooler may give the session to somebody else afterwards.
async fn migrate_by(
    connection: &mut PgConnection,
    schema: Option<&str>,
    wanted: bool,
    migrations: &'static [&'static str],
) -> Result<String, Failed> {
    let mut tx = connection
        .begin_with("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '30s'")
        .await?;
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    run(&mut tx, format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    if let (true, Some(schema)) = (wanted, schema) {
        let exists = format!("SELECT to_regnamespace({}) IS NOT NULL", text_literal(schema));
        if !ask::<bool>(&mut tx, exists).await? {
            run(&mut tx, format!("CREATE SCHEMA {schema}")).await?;
        }
    }
    let schema = match schema {
        Some(schema) => schema.to_owned(),
        None => schema_of_tables(&mut tx).await?,
    };
    run(&mut tx, format!("SET LOCAL search_path TO {schema}, pg_temp")).await?;
    let found = version(&mut tx).await?;
    if found > known {
        return Err(OpenError::TooNew { found, known }.into());
    }
    if !wanted && found < known {
        return Err(OpenError::TooOld { found, needed: known }.into());
    }
    if found < known {
        let pending = migrations.iter().enumerate();
        for (before, migration) in pending.skip(usize::try_from(found).unwrap_or(0)) {
            let done = run(&mut tx, *migration).await;
            done.map_err(|error| OpenError::by_migration(before + 1, error))?;
        }
        let version = format!(
            "CREATE TABLE IF NOT EXISTS revento_schema (version BIGINT NOT NULL); DELETE FROM revento_schema;
             INSERT INTO revento_schema (version) VALUES ({known})"
        );
        run(&mut tx, version).await?;
    }
    tx.commit().await?;
    Ok(schema)
}

/// A number that nobody else gets.
pub(crate) async fn next_number(connection: &mut PgConnection, schema: &str) -> Result<i64, sqlx::Error> {
    ask(connection, format!("SELECT nextval({})", sequence(schema))).await
}

/// The schema that has the tables, or the one that would get them.
async fn schema_of_tables(connection: &mut PgConnection) -> Result<String, Failed> {
    let question = "SELECT coalesce(
        (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('revento_schema')),
        quote_ident(current_schema()))";
    let schema: Option<String> = ask(connection, question).await?;
    let none = || OpenError::Other {
        source: "no schema of the search_path exists".into(),
    };
    Ok(schema.ok_or_else(none)?)
}

/// Runs statements without a prepared one, which would stay in the session.
async fn run(connection: &mut PgConnection, sql: impl Into<String>) -> Result<(), sqlx::Error> {
    let sql = AssertSqlSafe(sql.into());
    sqlx::raw_sql(sql).execute(connection).await.map(drop)
}

/// The first value of the first row.
async fn ask<T>(connection: &mut PgConnection, sql: impl Into<String>) -> Result<T, sqlx::Error>
where
    T: for<'r> Decode<'r, Postgres> + Type<Postgres>,
{
    let sql = AssertSqlSafe(sql.into());
    sqlx::raw_sql(sql).fetch_one(connection).await?.try_get(0)
}

/// The version of the tables; 0 when there are none.
async fn version(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    if !ask::<bool>(connection, "SELECT to_regclass('revento_schema') IS NOT NULL").await? {
        return Ok(0);
    }
    ask(connection, "SELECT max(version) FROM revento_schema").await
}

#[cfg(test)]
mod tests;
