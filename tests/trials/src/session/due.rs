//! Measures listing the due connections among very many, compared with a full scan.

use std::time::Duration;

use anyhow::Result;
use revento_core::Timestamp;
use revento_store::TokenStore;
use revento_store_postgres::PostgresStore;
use revento_store_sqlite::SqliteStore;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};
use tokio::time::Instant;

use super::report::{Report, median};

const ROUNDS: usize = 15;
/// The page size of the keep-alive.
const PAGE: usize = 256;
/// The microseconds between the expiry times of two refresh tokens.
const APART: i64 = 1_000_000;

pub(super) async fn measure(report: &mut Report, postgres: Option<&str>, connections: u32) -> Result<()> {
    sqlite(report, connections).await?;
    if let Some(url) = postgres {
        self::postgres(report, url, connections).await?;
    }
    Ok(())
}

fn insert(numbers: &str, live: &str, blob: &str) -> String {
    format!(
        "{numbers} INSERT INTO revento_connections (key, client_id, event_id, user_id, status, status_since, scopes,
             generation, consented_at, access_expires_at, refresh_expires_at, consent_expires_at, live, tokens, version)
         SELECT 'client/event/' || n, 'client', 'event', 'user ' || n, 'connected', 0, 'profile.read',
             1, 0, 0, n * {APART}, n * {APART} * 2, {live}, {blob}, n FROM numbers"
    )
}

/// Connections that expire before this time are due: four pages of them.
fn before() -> i64 {
    APART * i64::try_from(PAGE * 4).unwrap_or(i64::MAX)
}

async fn sqlite(report: &mut Report, connections: u32) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("revento.db");
    let store = SqliteStore::open(&path).await?;
    let mut raw = SqliteConnectOptions::new().filename(&path).connect().await?;
    let numbers = format!(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {connections})"
    );
    // SQLite wants the list before the statement that uses it.
    let fill = insert(&numbers, "1", "randomblob(200)");
    sqlx::query(AssertSqlSafe(fill)).execute(&mut raw).await?;
    let scan = format!(
        "SELECT * FROM revento_connections NOT INDEXED WHERE client_id = 'client' AND live = 1 AND refresh_expires_at < {}
         ORDER BY refresh_expires_at LIMIT {PAGE}",
        before()
    );
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(due(&store).await?);
        let started = Instant::now();
        let rows = sqlx::query(AssertSqlSafe(scan.clone()))
            .fetch_all(&mut raw)
            .await?;
        anyhow::ensure!(rows.len() == PAGE, "{} rows", rows.len());
        theirs.push(started.elapsed());
    }
    report.add(
        case(connections, "SQLite"),
        median(ours),
        "a look at all",
        median(theirs),
    );
    raw.close().await?;
    Ok(())
}

async fn postgres(report: &mut Report, url: &str, connections: u32) -> Result<()> {
    let store = PostgresStore::connect(url).await?;
    let mut raw = PgConnection::connect_with(&url.parse::<PgConnectOptions>()?).await?;
    let numbers = format!("WITH numbers AS (SELECT n::bigint FROM generate_series(1, {connections}) AS n)");
    let fill = insert(&numbers, "TRUE", "decode(repeat(md5(n::text), 12), 'hex')");
    let prepare = [
        "TRUNCATE revento_connections".to_owned(),
        fill,
        "ANALYZE revento_connections".to_owned(),
    ];
    for sql in prepare {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut raw).await?;
    }
    for off in [
        "SET enable_indexscan = off",
        "SET enable_bitmapscan = off",
        "SET max_parallel_workers_per_gather = 0",
    ] {
        sqlx::query(off).execute(&mut raw).await?;
    }
    let scan = format!(
        "SELECT * FROM revento_connections WHERE live AND refresh_expires_at < {}
         ORDER BY refresh_expires_at LIMIT {PAGE}",
        before()
    );
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(due(&store).await?);
        let started = Instant::now();
        let rows = sqlx::query(AssertSqlSafe(scan.clone()))
            .fetch_all(&mut raw)
            .await?;
        anyhow::ensure!(rows.len() == PAGE, "{} rows", rows.len());
        theirs.push(started.elapsed());
    }
    report.add(
        case(connections, "PostgreSQL"),
        median(ours),
        "a look at all",
        median(theirs),
    );
    Ok(())
}

fn case(connections: u32, engine: &str) -> String {
    format!("{PAGE} due of {connections} on {engine}")
}

async fn due(store: &dyn TokenStore) -> Result<Duration> {
    let started = Instant::now();
    let found = store
        .due(
            &"client".into(),
            Timestamp::from_unix_micros(before()),
            None,
            PAGE,
        )
        .await?;
    anyhow::ensure!(found.len() == PAGE, "{} found", found.len());
    Ok(started.elapsed())
}
