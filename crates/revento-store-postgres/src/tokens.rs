//! [`TokenStore`] on PostgreSQL.

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, StoreError, Stored, SwapOutcome,
    TokenStore, Version, columns,
};
use sqlx::Row as _;

use crate::{
    PostgresStore,
    error::{failed, not_read},
    record::{self, Row},
    store::row_limit,
    text::escape,
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

const LOAD: &str = select!("WHERE key = $1");
const CREATE: &str = "
    INSERT INTO revento_connections (
        key, client_id, event_id, user_id, organization_id, status, reason, status_since, delete_by, scopes,
        generation, consented_at, access_expires_at, refresh_expires_at, consent_expires_at, live, tokens, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, nextval('revento_sequence'))
    ON CONFLICT (key) DO NOTHING RETURNING version";
/// On the right of `=` every column has its old value. Of two that wait for the row the second looks at
/// the condition again when it is its turn.
const SWAP: &str = "
    UPDATE revento_connections SET
        client_id = $2, event_id = $3, user_id = $4, organization_id = $5, status = $6, reason = $7,
        status_since = $8, delete_by = $9, scopes = $10, generation = $11, consented_at = $12,
        access_expires_at = $13, refresh_expires_at = $14, consent_expires_at = $15, live = $16, tokens = $17,
        version = nextval('revento_sequence'),
        claim_fence = CASE WHEN $19::BIGINT IS NULL AND generation = $11 THEN claim_fence END,
        claim_until = CASE WHEN $19::BIGINT IS NULL AND generation = $11 THEN claim_until END,
        claim_abandoned = $19::BIGINT IS NULL AND generation = $11 AND claim_abandoned
    WHERE key = $1 AND version = $18 AND ($19::BIGINT IS NULL OR claim_fence = $19) RETURNING version";
const CLAIM: &str = "
    UPDATE revento_connections SET
        claim_fence = nextval('revento_sequence'), claim_until = $4,
        claim_abandoned = claim_abandoned OR claim_until IS NOT NULL
    WHERE key = $1 AND version = $2 AND (claim_until IS NULL OR claim_until <= $3)
    RETURNING claim_fence, claim_abandoned";
const CLAIM_STATE: &str = "SELECT version, claim_until FROM revento_connections WHERE key = $1";
const RELEASE: &str = "UPDATE revento_connections SET claim_fence = NULL, claim_until = NULL WHERE key = $1 AND claim_fence = $2";
const DUE: &str = select!(
    "WHERE client_id = $1 AND live AND refresh_expires_at < $2 AND (refresh_expires_at, key) > ($3, $4)
    ORDER BY refresh_expires_at, key LIMIT $5"
);
const OF_EVENT: &str = select!("WHERE client_id = $1 AND event_id = $2 AND key > $3 ORDER BY key LIMIT $4");
const OF_CLIENT: &str = select!("WHERE client_id = $1 AND key > $2 ORDER BY key LIMIT $3");
const REMOVE: &str = "DELETE FROM revento_connections WHERE key = $1";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("load", LOAD),
    ("claim", CLAIM),
    ("release", RELEASE),
    ("due", DUE),
    ("of_event", OF_EVENT),
    ("of_client", OF_CLIENT),
    ("remove", REMOVE),
];

impl PostgresStore {
    async fn try_claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, sqlx::Error> {
        loop {
            let granted = sqlx::query(CLAIM)
                .bind(key.to_string())
                .bind(terms.version.0)
                .bind(terms.now.unix_micros())
                .bind(terms.until.unix_micros())
                .fetch_optional(&self.pool)
                .await?;
            if let Some(row) = granted {
                return Ok(ClaimOutcome::Granted {
                    fence: Fence(row.try_get("claim_fence")?),
                    abandoned: row.try_get("claim_abandoned")?,
                });
            }
            let row = sqlx::query(CLAIM_STATE)
                .bind(key.to_string())
                .fetch_optional(&self.pool)
                .await?;
            let Some(row) = row else {
                return Ok(ClaimOutcome::VersionChanged);
            };
            if row.try_get::<i64, _>("version")? != terms.version.0 {
                return Ok(ClaimOutcome::VersionChanged);
            }
            let until = row
                .try_get::<Option<i64>, _>("claim_until")?
                .map(Timestamp::from_unix_micros);
            if let Some(until) = until.filter(|&until| until > terms.now) {
                return Ok(ClaimOutcome::Held { until });
            }
            // It was given back between the two statements: try again.
        }
    }
}

#[async_trait]
impl TokenStore for PostgresStore {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        let row = sqlx::query(LOAD)
            .bind(key.to_string())
            .fetch_optional(&self.pool)
            .await;
        let read = |row: Option<_>| row.as_ref().map(read).transpose();
        row.and_then(read).map_err(not_read("loading a connection"))
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        let row = record::bind(sqlx::query(CREATE), columns::of_record(record))
            .fetch_optional(&self.pool)
            .await;
        let read = |row: Option<sqlx::postgres::PgRow>| match row {
            Some(row) => Ok(CreateOutcome::Created(Version(row.try_get("version")?))),
            None => Ok(CreateOutcome::AlreadyExists),
        };
        row.and_then(read).map_err(failed("storing a new connection"))
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        let query = record::bind(sqlx::query(SWAP), columns::of_record(record))
            .bind(expected.0)
            .bind(fence.map(|fence| fence.0));
        let row = query.fetch_optional(&self.pool).await;
        let read = |row: Option<sqlx::postgres::PgRow>| match row {
            Some(row) => Ok(SwapOutcome::Swapped(Version(row.try_get("version")?))),
            None => Ok(SwapOutcome::Conflict),
        };
        row.and_then(read).map_err(failed("replacing a connection"))
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        self.try_claim(key, terms)
            .await
            .map_err(failed("claiming a refresh"))
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        let query = sqlx::query(RELEASE).bind(key.to_string()).bind(fence.0);
        query
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed("releasing a claim"))
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
            .bind(escape(client_id.as_str()))
            .bind(before.unix_micros())
            .bind(after_time)
            .bind(key_text(after.map(|after| &after.key)))
            .bind(row_limit(limit))
            .fetch_all(&self.pool)
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
            .bind(escape(client_id.as_str()))
            .bind(escape(event_id.as_str()))
            .bind(key_text(after))
            .bind(row_limit(limit))
            .fetch_all(&self.pool)
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
            .bind(escape(client_id.as_str()))
            .bind(key_text(after))
            .bind(row_limit(limit))
            .fetch_all(&self.pool)
            .await;
        read_all(rows).map_err(not_read("listing an integration's connections"))
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        let query = sqlx::query(REMOVE).bind(key.to_string());
        query
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed("removing a connection"))
    }
}

/// The text of a key; without one a text that is before that of every key.
fn key_text(key: Option<&ConnectionKey>) -> String {
    key.map(ConnectionKey::to_string).unwrap_or_default()
}

fn read_all(rows: Result<Vec<sqlx::postgres::PgRow>, sqlx::Error>) -> Result<Vec<Stored>, sqlx::Error> {
    rows?.iter().map(read).collect()
}

fn read(row: &sqlx::postgres::PgRow) -> Result<Stored, sqlx::Error> {
    columns::read_stored(&Row(row))
}
