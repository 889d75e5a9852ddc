//! [`TokenStore`] on PostgreSQL.

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, StoreError, Stored, SwapOutcome,
    TokenAdmin, TokenStore, Version, columns,
};
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    PostgresStore,
    call::Call,
    error::{Failure, failed, not_read},
    record::{self, Row},
    store::row_limit,
    text::{indexed, unescape},
};

/// The columns that [`columns::read_stored`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT coalesce(long_client_id, client_id) AS client_id, coalesce(long_event_id, event_id) AS event_id, user_id, organization_id, status, reason, status_since, delete_by, scopes,
             generation, consented_at, access_expires_at, refresh_expires_at, consent_expires_at, tokens, version
             FROM {schema}.revento_connections ",
            $rest
        )
    };
}

const LOAD: &str = select!("WHERE key = $1");
const CREATE: &str = "
    INSERT INTO {schema}.revento_connections (
        key, client_id, event_id, user_id, organization_id, status, reason, status_since, delete_by, scopes,
        generation, consented_at, access_expires_at, refresh_expires_at, consent_expires_at, live, tokens,
        long_client_id, long_event_id, last_call, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, nextval({sequence}))
    ON CONFLICT (key) DO NOTHING RETURNING version";
/// On the right of `=` each column has its old value. Of two statements that wait for the row, the second checks the condition
/// again after the first has committed.
const SWAP: &str = "
    UPDATE {schema}.revento_connections SET
        client_id = $2, event_id = $3, user_id = $4, organization_id = $5, status = $6, reason = $7,
        status_since = $8, delete_by = $9, scopes = $10, generation = $11, consented_at = $12,
        access_expires_at = $13, refresh_expires_at = $14, consent_expires_at = $15, live = $16, tokens = $17,
        long_client_id = $18, long_event_id = $19,
        last_call = $22, version = nextval({sequence}),
        claim_fence = CASE WHEN $21::BIGINT IS NULL AND generation = $11 THEN claim_fence END,
        claim_until = CASE WHEN $21::BIGINT IS NULL AND generation = $11 THEN claim_until END,
        claim_abandoned = $21::BIGINT IS NULL AND generation = $11 AND claim_abandoned
    WHERE key = $1 AND version = $20 AND ($21::BIGINT IS NULL OR claim_fence = $21) RETURNING version";
const CLAIM: &str = "
    UPDATE {schema}.revento_connections SET
        last_call = $5, claim_fence = nextval({sequence}), claim_until = $4,
        claim_abandoned = claim_abandoned OR claim_until IS NOT NULL
    WHERE key = $1 AND version = $2 AND (claim_until IS NULL OR claim_until <= $3)
    RETURNING claim_fence, claim_abandoned";
/// What the call has written when its answer was lost.
const CREATED: &str = "SELECT version FROM {schema}.revento_connections WHERE key = $1 AND last_call = $20";
const SWAPPED: &str = "SELECT version FROM {schema}.revento_connections WHERE key = $1 AND last_call = $22";
const CLAIMED: &str = "
    SELECT claim_fence, claim_abandoned FROM {schema}.revento_connections
    WHERE key = $1 AND last_call = $5 AND claim_fence IS NOT NULL";
const CLAIM_STATE: &str = "SELECT version, claim_until FROM {schema}.revento_connections WHERE key = $1";
const RELEASE: &str = "UPDATE {schema}.revento_connections SET claim_fence = NULL, claim_until = NULL WHERE key = $1 AND claim_fence = $2";
const DUE: &str = select!(
    "WHERE client_id = $1 AND live AND refresh_expires_at < $2 AND (refresh_expires_at, key) > ($3, $4)
    ORDER BY refresh_expires_at, key LIMIT $5"
);
const OF_EVENT: &str = select!("WHERE client_id = $1 AND event_id = $2 AND key > $3 ORDER BY key LIMIT $4");
const OF_CLIENT: &str = select!("WHERE client_id = $1 AND key > $2 ORDER BY key LIMIT $3");
const REMOVE: &str = "DELETE FROM {schema}.revento_connections WHERE key = $1";
/// Jumps from client to client in the index.
const CLIENTS: &str = "
    WITH RECURSIVE client (id) AS (
        SELECT min(client_id) FROM {schema}.revento_connections
        UNION ALL
        SELECT (SELECT min(client_id) FROM {schema}.revento_connections WHERE client_id > client.id) FROM client WHERE id IS NOT NULL
    )
    SELECT (
        SELECT coalesce(long_client_id, client_id) FROM {schema}.revento_connections WHERE client_id = client.id LIMIT 1
    ) FROM client WHERE id IS NOT NULL";

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
    ("clients", CLIENTS),
];

#[async_trait]
impl TokenAdmin for PostgresStore {
    async fn clients(&self) -> Result<Vec<ClientId>, StoreError> {
        let read = |rows: Vec<PgRow>| {
            let ids = rows.iter().map(|row| row.try_get::<String, _>(0));
            Ok::<_, Failure>(
                ids.map(|id| Ok(ClientId::new(unescape(id?))))
                    .collect::<Result<_, sqlx::Error>>()?,
            )
        };
        let rows = self.rows(Call::new(CLIENTS)).await;
        rows.and_then(read).map_err(not_read("listing integrations"))
    }
}

impl PostgresStore {
    async fn try_claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, Failure> {
        let key = indexed(&key.to_string());
        loop {
            let claim = Call::new(CLAIM)
                .recognized_by(CLAIMED)
                .bind(&key)
                .bind(terms.version.0)
                .bind(terms.now.unix_micros())
                .bind(terms.until.unix_micros())
                .bind(self.call_name());
            let state = Call::new(CLAIM_STATE).bind(&key);
            let mut results = self.transact(&[claim, state]).await?.results.into_iter();
            if let Some(row) = results.next().and_then(|rows| rows.into_iter().next()) {
                return Ok(ClaimOutcome::Granted {
                    fence: Fence(row.try_get("claim_fence")?),
                    abandoned: row.try_get("claim_abandoned")?,
                });
            }
            let Some(row) = results.next().and_then(|rows| rows.into_iter().next()) else {
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
            // The holder released its claim between the two statements: try again.
        }
    }

    /// The version of the written record; `None` if none was written.
    async fn written_version(&self, call: Call) -> Result<Option<Version>, Failure> {
        match self.row(call).await? {
            Some(row) => Ok(Some(Version(row.try_get("version")?))),
            None => Ok(None),
        }
    }

    async fn stored(&self, call: Call) -> Result<Vec<Stored>, Failure> {
        let rows = self.rows(call).await?;
        let read = |row| columns::read_stored(&Row(row));
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}

#[async_trait]
impl TokenStore for PostgresStore {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        let call = Call::new(LOAD).bind(indexed(&key.to_string()));
        self.stored(call)
            .await
            .map(|mut stored| stored.pop())
            .map_err(not_read("loading a connection"))
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        let call = Call::new(CREATE).recognized_by(CREATED);
        let call = record::bind(call, columns::of_record(record)).bind(self.call_name());
        self.written_version(call)
            .await
            .map(|version| version.map_or(CreateOutcome::AlreadyExists, CreateOutcome::Created))
            .map_err(failed("storing a new connection"))
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        let call = record::bind(Call::new(SWAP).recognized_by(SWAPPED), columns::of_record(record))
            .bind(expected.0)
            .bind(fence.map(|fence| fence.0))
            .bind(self.call_name());
        self.written_version(call)
            .await
            .map(|version| version.map_or(SwapOutcome::Conflict, SwapOutcome::Swapped))
            .map_err(failed("replacing a connection"))
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        self.try_claim(key, terms)
            .await
            .map_err(failed("claiming a refresh"))
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        let call = Call::new(RELEASE).bind(indexed(&key.to_string())).bind(fence.0);
        self.call(call)
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
        let call = Call::new(DUE)
            .bind(indexed(client_id.as_str()))
            .bind(before.unix_micros())
            .bind(after_time)
            .bind(key_text(after.map(|after| &after.key)))
            .bind(row_limit(limit));
        self.stored(call)
            .await
            .map_err(not_read("listing connections that are due"))
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let call = Call::new(OF_EVENT)
            .bind(indexed(client_id.as_str()))
            .bind(indexed(event_id.as_str()))
            .bind(key_text(after))
            .bind(row_limit(limit));
        self.stored(call)
            .await
            .map_err(not_read("listing an event's connections"))
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let call = Call::new(OF_CLIENT)
            .bind(indexed(client_id.as_str()))
            .bind(key_text(after))
            .bind(row_limit(limit));
        self.stored(call)
            .await
            .map_err(not_read("listing an integration's connections"))
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        let call = Call::new(REMOVE).bind(indexed(&key.to_string()));
        self.call(call)
            .await
            .map(drop)
            .map_err(failed("removing a connection"))
    }
}

/// The indexed text of a key; without a key a text that is before that of every key.
fn key_text(key: Option<&ConnectionKey>) -> String {
    key.map(|key| indexed(&key.to_string())).unwrap_or_default()
}
