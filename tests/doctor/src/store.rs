//! The database: one SQLite file, which several processes may share.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Sqlite, Transaction};

use crate::seal::Sealer;
use crate::settings::Settings;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS connections (
        key TEXT PRIMARY KEY,            -- the event's id, or event and user
        event_id TEXT NOT NULL,
        user_id TEXT,
        organization_id TEXT,
        scope TEXT NOT NULL,
        status TEXT NOT NULL,            -- connected, needs_consent, revoked
        reason TEXT,
        access BLOB,                     -- sealed
        refresh BLOB,                    -- sealed
        access_expires_at INTEGER NOT NULL,
        refreshed_at INTEGER NOT NULL,
        connected_at INTEGER NOT NULL DEFAULT 0,  -- by our clock, in milliseconds
        consented_at INTEGER NOT NULL,   -- by the platform's clock
        generation INTEGER NOT NULL,     -- grows with each pair of tokens
        doubt_since INTEGER,             -- the outcome of a refresh is unknown since then
        claim_holder TEXT,               -- the replica that may send the refresh token
        claim_until INTEGER,
        not_before INTEGER NOT NULL DEFAULT 0  -- no call before this time, in milliseconds
    ) STRICT;
    CREATE TABLE IF NOT EXISTS calls (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS calls_of_key ON calls (key, started);
    CREATE TABLE IF NOT EXISTS flows (
        state TEXT PRIMARY KEY,          -- digest
        binding TEXT NOT NULL,           -- digest of the cookie of the browser that began
        verifier BLOB NOT NULL,          -- sealed
        event_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        framed INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        used_at INTEGER
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sessions (
        token TEXT PRIMARY KEY,          -- digest
        key TEXT NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS participants (
        event_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT, record TEXT NOT NULL, PRIMARY KEY (event_id, id)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS deliveries (
        identity TEXT PRIMARY KEY,       -- what makes another delivery a duplicate: the id of the envelope
        envelope_id TEXT NOT NULL,
        delivery_id TEXT NOT NULL,
        type TEXT NOT NULL,
        event_id TEXT,
        body BLOB,                       -- NULL when nothing of it is kept
        received_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        not_before INTEGER NOT NULL DEFAULT 0,
        handled_at INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS deliveries_by_delivery ON deliveries (delivery_id);
    CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (not_before) WHERE handled_at IS NULL;
";

/// The database.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pool: SqlitePool,
}

impl Store {
    /// Opens `integration.db` in this folder, and creates both if they are missing.
    pub(crate) async fn open(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be created", folder.display()))?;
        let file = folder.join("integration.db");
        make_private(&file)?;
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .busy_timeout(Duration::from_secs(20))
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // What is deleted is overwritten.
            .pragma("secure_delete", "ON")
            .disable_statement_logging();
        let pool = open(options).await;
        let pool = pool.with_context(|| format!("{} cannot be opened", file.display()))?;
        Ok(Self { pool })
    }

    /// Keeps the settings with everything else, as people do for a page of settings.
    pub(crate) async fn keep_settings(&self, settings: &Settings) -> sqlx::Result<()> {
        sqlx::raw_sql("CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT) STRICT")
            .execute(&self.pool)
            .await?;
        for (name, value) in [
            ("client_secret", &settings.client_secret),
            ("webhook_secret", &settings.webhook_secret),
        ] {
            let query = sqlx::query("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)");
            query.bind(name).bind(value).execute(&self.pool).await?;
        }
        Ok(())
    }

    /// For single statements.
    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Begins a transaction that no other writer overlaps.
    pub(crate) async fn begin(&self) -> sqlx::Result<Transaction<'_, Sqlite>> {
        self.pool.begin_with("BEGIN IMMEDIATE").await
    }

    /// Keeps a webhook secret for ever, and returns all that are kept. Only by mistake.
    pub(crate) async fn remember_secret(&self, sealer: &Sealer, secret: &str) -> anyhow::Result<Vec<String>> {
        let record = "webhook secret";
        sqlx::raw_sql("CREATE TABLE IF NOT EXISTS secrets (secret BLOB NOT NULL)")
            .execute(&self.pool)
            .await?;
        let query = sqlx::query("INSERT INTO secrets VALUES (?)").bind(sealer.seal(secret, record)?);
        query.execute(&self.pool).await?;
        let kept = sqlx::query_scalar::<_, Vec<u8>>("SELECT secret FROM secrets")
            .fetch_all(&self.pool)
            .await?;
        kept.iter().map(|sealed| sealer.open(sealed, record)).collect()
    }

    /// Marks an envelope as seen, before it is stored. False if it was marked already. Only by mistake.
    pub(crate) async fn mark(&self, envelope_id: &str) -> sqlx::Result<bool> {
        sqlx::raw_sql("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY)")
            .execute(&self.pool)
            .await?;
        let query = sqlx::query("INSERT INTO seen VALUES (?) ON CONFLICT DO NOTHING").bind(envelope_id);
        Ok(query.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Moves the write-ahead log into the file and empties it, so that nothing deleted is left in it.
    pub(crate) async fn empty_log(&self) -> sqlx::Result<()> {
        for _ in 0..50 {
            let query = sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)");
            if query.fetch_one(&self.pool).await? == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tracing::warn!("another process keeps the write-ahead log busy");
        Ok(())
    }
}

/// Opens the file. While another process opens it too, SQLite refuses the switch to a write-ahead log without waiting.
async fn open(options: SqliteConnectOptions) -> sqlx::Result<SqlitePool> {
    // One connection: the writers of one process queue here and not at the lock of the file.
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options);
    let mut attempts = 0;
    loop {
        match sqlx::raw_sql(SCHEMA).execute(&pool).await {
            Ok(_) => return Ok(pool),
            Err(error) if attempts >= 50 => return Err(error),
            Err(_) => attempts += 1,
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Creates the file so that only its owner may read it.
fn make_private(file: &Path) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(file)
        .with_context(|| format!("{} cannot be created", file.display()))?;
    Ok(())
}
