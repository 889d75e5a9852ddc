//! [`TokenStore`] on SQLite.

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, StoreError, Stored, SwapOutcome,
    TokenAdmin, TokenStore, Version, columns,
};
use sqlx::Row as _;

use crate::{
    SqliteStore,
    error::{failed, not_read},
    record::{self, Row},
    store::row_limit,
};

/// The columns that [`columns::read_stored`] reads. Not `*`: the answer of a prepared statement must not change when a newer
/// version of the store adds a column under an open connection.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT client_id, event_id, user_id, organization_id, status, reason, status_since, delete_by, scopes,
             generation, consented_at, access_expires_at, refresh_expires_at, consent_expires_at, tokens, version
             FROM revento_connections ",
            $rest
        )
    };
}

const LOAD: &str = select!("WHERE key = ?");
/// The number that the statement before has used is drawn, if that statement has changed a row. If not, nothing is written.
macro_rules! transaction {
    ($statements:expr) => {
        concat!(
            "BEGIN IMMEDIATE;",
            $statements,
            "; UPDATE revento_sequence SET last = last + 1 WHERE changes() > 0; COMMIT"
        )
    };
}

const CREATE: &str = transaction!(
    "INSERT INTO revento_connections (
        key, client_id, event_id, user_id, organization_id, status, reason, status_since, delete_by, scopes,
        generation, consented_at, access_expires_at, refresh_expires_at, consent_expires_at, live, tokens, version)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
        (SELECT last + 1 FROM revento_sequence))
    ON CONFLICT (key) DO NOTHING RETURNING version"
);
/// On the right of `=` every column has its old value.
const SWAP: &str = transaction!(
    "UPDATE revento_connections SET
        client_id = ?2, event_id = ?3, user_id = ?4, organization_id = ?5, status = ?6, reason = ?7,
        status_since = ?8, delete_by = ?9, scopes = ?10, generation = ?11, consented_at = ?12,
        access_expires_at = ?13, refresh_expires_at = ?14, consent_expires_at = ?15, live = ?16, tokens = ?17,
        version = (SELECT last + 1 FROM revento_sequence),
        claim_fence = iif(?19 IS NULL AND generation = ?11, claim_fence, NULL),
        claim_until = iif(?19 IS NULL AND generation = ?11, claim_until, NULL),
        claim_abandoned = iif(?19 IS NULL AND generation = ?11, claim_abandoned, 0)
    WHERE key = ?1 AND version = ?18 AND (?19 IS NULL OR claim_fence = ?19) RETURNING version"
);
/// The first row is that of the connection, a second one the claim that was granted.
const CLAIM: &str = transaction!(
    "SELECT version, claim_until FROM revento_connections WHERE key = ?1;
    UPDATE revento_connections SET
        claim_fence = (SELECT last + 1 FROM revento_sequence), claim_until = ?2,
        claim_abandoned = claim_until IS NOT NULL OR claim_abandoned
    WHERE key = ?1 AND version = ?3 AND (claim_until IS NULL OR claim_until <= ?4)
    RETURNING claim_fence, claim_abandoned"
);
const RELEASE: &str = "UPDATE revento_connections SET claim_fence = NULL, claim_until = NULL WHERE key = ?1 AND claim_fence = ?2";
const DUE: &str = select!(
    "WHERE client_id = ?1 AND live = 1 AND refresh_expires_at < ?2 AND (refresh_expires_at, key) > (?3, ?4)
    ORDER BY refresh_expires_at, key LIMIT ?5"
);
const OF_EVENT: &str = select!("WHERE client_id = ?1 AND event_id = ?2 AND key > ?3 ORDER BY key LIMIT ?4");
const OF_CLIENT: &str = select!("WHERE client_id = ?1 AND key > ?2 ORDER BY key LIMIT ?3");
const REMOVE: &str = "DELETE FROM revento_connections WHERE key = ?";
/// Jumps from client to client in the index.
const CLIENTS: &str = "
    WITH RECURSIVE client (id) AS (
        SELECT min(client_id) FROM revento_connections
        UNION ALL
        SELECT (SELECT min(client_id) FROM revento_connections WHERE client_id > client.id) FROM client WHERE id IS NOT NULL
    )
    SELECT id FROM client WHERE id IS NOT NULL";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("load", LOAD),
    ("swap", SWAP),
    ("claim", CLAIM),
    ("release", RELEASE),
    ("due", DUE),
    ("of_event", OF_EVENT),
    ("of_client", OF_CLIENT),
    ("remove", REMOVE),
    ("clients", CLIENTS),
];

#[async_trait]
impl TokenAdmin for SqliteStore {
    async fn clients(&self) -> Result<Vec<ClientId>, StoreError> {
        let clients: Result<Vec<String>, _> = sqlx::query_scalar(CLIENTS).fetch_all(&self.readers).await;
        let clients = clients.map_err(not_read("listing integrations"))?;
        Ok(clients.into_iter().map(ClientId::new).collect())
    }
}

#[async_trait]
impl TokenStore for SqliteStore {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        let row = sqlx::query(LOAD)
            .bind(key.to_string())
            .fetch_optional(&self.readers)
            .await;
        let read = |row: Option<_>| row.as_ref().map(read).transpose();
        row.and_then(read).map_err(not_read("loading a connection"))
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        let create = async {
            let insert = record::bind(sqlx::query(CREATE), columns::of_record(record));
            Ok(match self.transact(insert).await?.first() {
                Some(row) => CreateOutcome::Created(Version(row.try_get(0)?)),
                None => CreateOutcome::AlreadyExists,
            })
        };
        create.await.map_err(failed("storing a new connection"))
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        let swap = async {
            let update = record::bind(sqlx::query(SWAP), columns::of_record(record))
                .bind(expected.0)
                .bind(fence.map(|fence| fence.0));
            Ok(match self.transact(update).await?.first() {
                Some(row) => SwapOutcome::Swapped(Version(row.try_get(0)?)),
                None => SwapOutcome::Conflict,
            })
        };
        swap.await.map_err(failed("replacing a connection"))
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        let claim = async {
            let claim = sqlx::query(CLAIM)
                .bind(key.to_string())
                .bind(terms.until.unix_micros())
                .bind(terms.version.0)
                .bind(terms.now.unix_micros());
            let rows = self.transact(claim).await?;
            if let Some(granted) = rows.get(1) {
                return Ok(ClaimOutcome::Granted {
                    fence: Fence(granted.try_get("claim_fence")?),
                    abandoned: granted.try_get("claim_abandoned")?,
                });
            }
            let Some(row) = rows.first() else {
                return Ok(ClaimOutcome::VersionChanged);
            };
            match row.try_get::<Option<i64>, _>("claim_until")? {
                Some(until) if row.try_get::<i64, _>("version")? == terms.version.0 => {
                    Ok(ClaimOutcome::Held {
                        until: Timestamp::from_unix_micros(until),
                    })
                }
                _ => Ok(ClaimOutcome::VersionChanged),
            }
        };
        claim.await.map_err(failed("claiming a refresh"))
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        let release = sqlx::query(RELEASE).bind(key.to_string()).bind(fence.0);
        let released = self.transact(release).await;
        released.map(drop).map_err(failed("releasing a claim"))
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let after_time = after.map_or(i64::MIN, |after| after.refresh_expires_at.unix_micros());
        let rows = sqlx::query(DUE)
            .bind(client_id.as_str())
            .bind(before.unix_micros())
            .bind(after_time)
            .bind(key_text(after.map(|after| &after.key)))
            .bind(row_limit(limit))
            .fetch_all(&self.readers)
            .await;
        read_all(rows).map_err(not_read("listing what is due"))
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let rows = sqlx::query(OF_EVENT)
            .bind(client_id.as_str())
            .bind(event_id.as_str())
            .bind(key_text(after))
            .bind(row_limit(limit))
            .fetch_all(&self.readers)
            .await;
        read_all(rows).map_err(not_read("listing an event's connections"))
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let rows = sqlx::query(OF_CLIENT)
            .bind(client_id.as_str())
            .bind(key_text(after))
            .bind(row_limit(limit))
            .fetch_all(&self.readers)
            .await;
        read_all(rows).map_err(not_read("listing an integration's connections"))
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        let removed = self.transact(sqlx::query(REMOVE).bind(key.to_string())).await;
        removed.map(drop).map_err(failed("removing a connection"))
    }
}

/// The text of a key; without one a text that is before that of every key.
fn key_text(key: Option<&ConnectionKey>) -> String {
    key.map(ConnectionKey::to_string).unwrap_or_default()
}

fn read_all(rows: Result<Vec<sqlx::sqlite::SqliteRow>, sqlx::Error>) -> Result<Vec<Stored>, sqlx::Error> {
    rows?.iter().map(read).collect()
}

fn read(row: &sqlx::sqlite::SqliteRow) -> Result<Stored, sqlx::Error> {
    columns::read_stored(&Row(row))
}
