//! SQLite by hand: a table with the id as its key, write-ahead log, full sync.

use anyhow::{Result, ensure};
use async_trait::async_trait;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::time::Instant;

use crate::inbox::{
    deliveries::{Delivery, EVENT_TYPE, now},
    site::Site,
    turns::{Contestant, Turn},
};

/// Inserts so many rows at a time, with one statement that is a transaction of its own.
pub(in crate::inbox) struct SqliteByHand {
    connection: SqliteConnection,
    rows: usize,
    sql: String,
}

impl SqliteByHand {
    pub(in crate::inbox) async fn new(site: &Site, rows: usize) -> Result<Self> {
        let mut connection = SqliteConnectOptions::new()
            .filename(site.path(&format!("by-hand-{rows}")))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging()
            .connect()
            .await?;
        sqlx::query(
            "CREATE TABLE deliveries (id TEXT PRIMARY KEY, type TEXT NOT NULL, received_at INTEGER NOT NULL, body BLOB NOT NULL)",
        )
        .execute(&mut connection)
        .await?;
        let values = vec!["(?, ?, ?, ?)"; rows].join(", ");
        Ok(Self {
            connection,
            rows,
            sql: format!(
                "INSERT INTO deliveries (id, type, received_at, body) VALUES {values} ON CONFLICT DO NOTHING"
            ),
        })
    }
}

#[async_trait]
impl Contestant for SqliteByHand {
    fn name(&self) -> String {
        format!("sqlite-by-hand-{}", self.rows)
    }

    async fn turn(&mut self, deliveries: Vec<Delivery>) -> Result<Turn> {
        let started = Instant::now();
        let mut latencies = Vec::new();
        for group in deliveries.chunks(self.rows) {
            let began = Instant::now();
            let mut insert = sqlx::query(AssertSqlSafe(self.sql.as_str()));
            for delivery in group {
                insert = insert
                    .bind(&delivery.envelope_id)
                    .bind(EVENT_TYPE)
                    .bind(now().unix_micros())
                    .bind(delivery.body.as_bytes());
            }
            let inserted = insert.execute(&mut self.connection).await?.rows_affected();
            ensure!(inserted == group.len() as u64, "{inserted} rows");
            latencies.push(began.elapsed());
        }
        Ok(Turn {
            elapsed: started.elapsed(),
            latencies,
        })
    }
}
