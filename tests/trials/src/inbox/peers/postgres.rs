//! PostgreSQL by hand: a table with the id as its key, one connection.

use anyhow::{Result, ensure};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::time::Instant;

use crate::inbox::{
    deliveries::{Delivery, EVENT_TYPE, now},
    site::Site,
    turns::{Contestant, GROUP, Turn},
};

/// How rows are inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inbox) enum PostgresByHand {
    /// Each row by a statement that is a transaction of its own.
    Single,
    /// A group in a transaction, each row by a statement.
    Transaction,
    /// A group by one statement with arrays.
    Unnest,
}

impl PostgresByHand {
    pub(in crate::inbox) const ALL: [Self; 3] = [Self::Single, Self::Transaction, Self::Unnest];

    pub(in crate::inbox) fn name(self) -> &'static str {
        match self {
            Self::Single => "postgres-by-hand-1",
            Self::Transaction => "postgres-by-hand-64",
            Self::Unnest => "postgres-unnest-64",
        }
    }

    pub(in crate::inbox) async fn start(self, site: &Site) -> Result<Box<dyn Contestant>> {
        let options: PgConnectOptions = site.postgres_url()?.parse()?;
        let mut connection = options.disable_statement_logging().connect().await?;
        let table = self.name().replace('-', "_");
        let create = format!(
            "CREATE TABLE {table} (id TEXT PRIMARY KEY, type TEXT NOT NULL, received_at BIGINT NOT NULL, body BYTEA NOT NULL)"
        );
        sqlx::query(AssertSqlSafe(create))
            .execute(&mut connection)
            .await?;
        let into = format!("INSERT INTO {table} (id, type, received_at, body)");
        let values = match self {
            Self::Unnest => "SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[])",
            _ => "VALUES ($1, $2, $3, $4)",
        };
        Ok(Box::new(Connected {
            how: self,
            connection,
            sql: format!("{into} {values} ON CONFLICT DO NOTHING"),
        }))
    }
}

struct Connected {
    how: PostgresByHand,
    connection: PgConnection,
    sql: String,
}

#[async_trait]
impl Contestant for Connected {
    fn name(&self) -> String {
        self.how.name().to_owned()
    }

    async fn turn(&mut self, deliveries: Vec<Delivery>) -> Result<Turn> {
        let size = if self.how == PostgresByHand::Single {
            1
        } else {
            GROUP
        };
        let started = Instant::now();
        let mut latencies = Vec::new();
        for group in deliveries.chunks(size) {
            let began = Instant::now();
            let inserted = match self.how {
                PostgresByHand::Single => insert(&mut self.connection, &self.sql, group).await?,
                PostgresByHand::Transaction => {
                    let mut tx = self.connection.begin().await?;
                    let inserted = insert(&mut tx, &self.sql, group).await?;
                    tx.commit().await?;
                    inserted
                }
                PostgresByHand::Unnest => insert_together(&mut self.connection, &self.sql, group).await?,
            };
            ensure!(inserted == group.len() as u64, "{inserted} rows");
            latencies.push(began.elapsed());
        }
        Ok(Turn {
            elapsed: started.elapsed(),
            latencies,
        })
    }
}

async fn insert(connection: &mut PgConnection, sql: &str, group: &[Delivery]) -> Result<u64> {
    let mut inserted = 0;
    for delivery in group {
        let insert = sqlx::query(AssertSqlSafe(sql))
            .bind(&delivery.envelope_id)
            .bind(EVENT_TYPE)
            .bind(now().unix_micros())
            .bind(delivery.body.as_bytes());
        inserted += insert.execute(&mut *connection).await?.rows_affected();
    }
    Ok(inserted)
}

async fn insert_together(connection: &mut PgConnection, sql: &str, group: &[Delivery]) -> Result<u64> {
    let ids: Vec<&str> = group
        .iter()
        .map(|delivery| delivery.envelope_id.as_str())
        .collect();
    let bodies: Vec<&[u8]> = group.iter().map(|delivery| delivery.body.as_bytes()).collect();
    let insert = sqlx::query(AssertSqlSafe(sql))
        .bind(ids)
        .bind(vec![EVENT_TYPE; group.len()])
        .bind(vec![now().unix_micros(); group.len()])
        .bind(bodies);
    Ok(insert.execute(connection).await?.rows_affected())
}
