//! Connects, and brings the mirror's tables up to date.

use std::time::Duration;

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, postgres::PgPoolOptions};

use super::PostgresMirror;
use crate::{OpenError, PostgresOptions, literal::text_literal, open_error::Failed, url::connect_options};

/// How long connecting and migrating may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// "Rvtm": the advisory lock under which one replica migrates while the others wait.
const LOCK: i64 = 0x5276_746D;

impl PostgresMirror {
    /// The statements that bring the mirror's tables from each version (the index) to the next, for a role that runs them by hand: each
    /// one in a transaction with `CREATE TABLE IF NOT EXISTS revento_mirror_schema (version BIGINT NOT NULL)` and its new version, and
    /// with a `search_path` that begins with the schema of the tables. The functions keep that path.
    pub const MIGRATIONS: &[&str] = &[include_str!("1.sql")];

    /// Connects, and brings the tables up to date. The options are those of a [`PostgresStore`](crate::PostgresStore); the mirror may use
    /// the same database and schema.
    ///
    /// # Errors
    /// See [`OpenError`]: each kind says what to do.
    pub async fn connect(options: PostgresOptions) -> Result<Self, OpenError> {
        open(options).await.map_err(|failed| failed.0)
    }
}

async fn open(options: PostgresOptions) -> Result<PostgresMirror, Failed> {
    let target = connect_options(&options.url, |name| std::env::var_os(name).is_some())?
        .application_name(&options.application)
        .disable_statement_logging();
    let named = options.schema.as_deref().map(crate::options::quoted);
    let prepare = async {
        let mut connection = target.connect().await?;
        let schema = migrate(&mut connection, named.as_deref(), options.migrate).await?;
        connection.close().await?;
        Ok::<_, Failed>(schema)
    };
    let silent = |_| OpenError::Unreachable {
        source: "no answer in time".into(),
    };
    let schema = tokio::time::timeout(CONNECT_TIMEOUT, prepare)
        .await
        .map_err(silent)??;
    let pool = PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .connect_with(target)
        .await?;
    Ok(PostgresMirror { pool, schema })
}

/// All steps are one transaction, with the lock and each setting. Returns the schema of the tables as a quoted identifier.
async fn migrate(connection: &mut PgConnection, named: Option<&str>, wanted: bool) -> Result<String, Failed> {
    let begin = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '30s'";
    let mut tx = connection.begin_with(begin).await?;
    run(&mut tx, format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    if let (true, Some(schema)) = (wanted, named) {
        let exists = format!("SELECT to_regnamespace({}) IS NOT NULL", text_literal(schema));
        let exists = sqlx::query_scalar(AssertSqlSafe(exists)).persistent(false);
        let exists: bool = exists.fetch_one(&mut *tx).await?;
        if !exists {
            run(&mut tx, format!("CREATE SCHEMA {schema}")).await?;
        }
    }
    if let Some(schema) = named {
        run(&mut tx, format!("SET LOCAL search_path TO {schema}, pg_temp")).await?;
    }
    // Without a name: the schema that has the tables, or the one that would get them.
    let schema = "SELECT coalesce(
        (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('revento_mirror_schema')),
        quote_ident(current_schema()))";
    let schema: Option<String> = sqlx::query_scalar(schema)
        .persistent(false)
        .fetch_one(&mut *tx)
        .await?;
    let schema = schema.ok_or_else(|| OpenError::Other {
        source: "no schema of the search_path exists".into(),
    })?;
    run(&mut tx, format!("SET LOCAL search_path TO {schema}, pg_temp")).await?;
    let known = i64::try_from(PostgresMirror::MIGRATIONS.len()).unwrap_or(i64::MAX);
    let found = version(&mut tx).await?;
    if found > known {
        return Err(OpenError::TooNew { found, known }.into());
    }
    if !wanted && found < known {
        return Err(OpenError::TooOld { found, needed: known }.into());
    }
    if found < known {
        let pending = PostgresMirror::MIGRATIONS.iter().enumerate();
        for (before, migration) in pending.skip(usize::try_from(found).unwrap_or(0)) {
            let done = run(&mut tx, (*migration).to_owned()).await;
            done.map_err(|error| OpenError::by_migration(before + 1, error))?;
        }
        let version = format!(
            "CREATE TABLE IF NOT EXISTS revento_mirror_schema (version BIGINT NOT NULL); DELETE FROM revento_mirror_schema;
             INSERT INTO revento_mirror_schema (version) VALUES ({known})"
        );
        run(&mut tx, version).await?;
    }
    tx.commit().await?;
    Ok(schema)
}

/// The version of the tables; 0 when there are none.
async fn version(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let exists =
        sqlx::query_scalar("SELECT to_regclass('revento_mirror_schema') IS NOT NULL").persistent(false);
    let exists: bool = exists.fetch_one(&mut *connection).await?;
    if !exists {
        return Ok(0);
    }
    let version = sqlx::query_scalar("SELECT max(version) FROM revento_mirror_schema").persistent(false);
    let version: Option<i64> = version.fetch_one(connection).await?;
    Ok(version.unwrap_or(0))
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .map(drop)
}
