//! [`TokenStore`] on MySQL.

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, StoreError, Stored, SwapOutcome,
    TokenAdmin, TokenStore, Version,
    columns::{self, Row as _, index_text},
};
use sqlx::{Row as _, mysql::MySqlRow};

use crate::{
    MySqlStore,
    call::Call,
    error::{Failure, failed, not_read},
    record::{self, Row},
    store::row_limit,
};

/// The columns that [`columns::read_stored`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT version, COALESCE(long_client_id, client_id) AS client_id, COALESCE(long_event_id, event_id) AS event_id,
             user_id, organization_id, status, reason, status_since, delete_by, scopes, generation, consented_at,
             access_expires_at, refresh_expires_at, consent_expires_at, tokens
             FROM {db}.revento_connections AS c ",
            $rest
        )
    };
}

const LOAD: &str = select!("WHERE c.connection_key = $1");
/// The second statement sees each removal of the key that the first one has waited for.
const CREATE: &str = "
    INSERT INTO {db}.revento_connections (
        connection_key, client_id, event_id, user_id, organization_id, status, reason, status_since, delete_by, scopes,
        generation, consented_at, access_expires_at, refresh_expires_at, consent_expires_at, live, tokens,
        long_client_id, long_event_id, last_call, version, number, claim_abandoned)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, 0, 0, 0)
    ON DUPLICATE KEY UPDATE version = version;
    UPDATE {db}.revento_connections SET
        version = (SELECT highest + 1 FROM {db}.revento_removed WHERE id = 1),
        number = (SELECT highest + 1 FROM {db}.revento_removed WHERE id = 1)
    WHERE connection_key = $1 AND last_call = $20 AND version = 0;
    SELECT version FROM {db}.revento_connections WHERE connection_key = $1 AND last_call = $20";
/// MySQL assigns from left to right, and on the right of `=` a column has its new value if it was assigned before. MariaDB can be set to use
/// the old values. So a column is assigned after all that depend on it.
const SWAP: &str = "
    UPDATE {db}.revento_connections SET
        claim_fence = CASE WHEN $21 IS NULL AND generation = $11 THEN claim_fence END,
        claim_until = CASE WHEN $21 IS NULL AND generation = $11 THEN claim_until END,
        claim_abandoned = CASE WHEN $21 IS NULL AND generation = $11 THEN claim_abandoned ELSE 0 END,
        client_id = $2, event_id = $3, user_id = $4, organization_id = $5, status = $6, reason = $7,
        status_since = $8, delete_by = $9, scopes = $10, generation = $11, consented_at = $12,
        access_expires_at = $13, refresh_expires_at = $14, consent_expires_at = $15, live = $16, tokens = $17,
        long_client_id = $18, long_event_id = $19, last_call = $22, version = number + 1, number = number + 1
    WHERE connection_key = $1 AND version = $20 AND ($21 IS NULL OR claim_fence = $21);
    SELECT version FROM {db}.revento_connections WHERE connection_key = $1 AND last_call = $22";
const CLAIM: &str = "
    UPDATE {db}.revento_connections SET
        claim_abandoned = CASE WHEN claim_until IS NULL THEN claim_abandoned ELSE 1 END,
        claim_until = $4, claim_fence = number + 1, number = number + 1, last_call = $5
    WHERE connection_key = $1 AND version = $2 AND (claim_until IS NULL OR claim_until <= $3);
    SELECT version, claim_until, claim_fence, claim_abandoned, last_call = $5 AS granted
    FROM {db}.revento_connections WHERE connection_key = $1";
const RELEASE: &str = "UPDATE {db}.revento_connections SET claim_fence = NULL, claim_until = NULL
    WHERE connection_key = $1 AND claim_fence = $2";
const DUE: &str = select!(
    "WHERE c.client_id = $1 AND c.live = 1 AND c.refresh_expires_at < $2
        AND c.refresh_expires_at >= $3 AND (c.refresh_expires_at > $3 OR c.connection_key > $4)
    ORDER BY c.refresh_expires_at, c.connection_key LIMIT $5"
);
const OF_EVENT: &str = select!(
    "WHERE c.client_id = $1 AND c.event_id = $2 AND c.connection_key > $3 ORDER BY c.connection_key LIMIT $4"
);
const OF_CLIENT: &str =
    select!("WHERE c.client_id = $1 AND c.connection_key > $2 ORDER BY c.connection_key LIMIT $3");
/// The row is locked first, so that no other call gives it a higher number meanwhile.
const REMOVE: &str = "
    SELECT number FROM {db}.revento_connections WHERE connection_key = $1 FOR UPDATE;
    UPDATE {db}.revento_removed SET highest = GREATEST(highest, COALESCE(
        (SELECT number FROM {db}.revento_connections WHERE connection_key = $1), 0)) WHERE id = 1;
    DELETE FROM {db}.revento_connections WHERE connection_key = $1";
/// Jumps to the next client in the index.
const NEXT_CLIENT: &str = "
    SELECT COALESCE(long_client_id, client_id) AS id FROM {db}.revento_connections
    WHERE client_id > $1 ORDER BY client_id LIMIT 1";
const FIRST_CLIENT: &str = "
    SELECT COALESCE(long_client_id, client_id) AS id FROM {db}.revento_connections ORDER BY client_id LIMIT 1";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("load", LOAD),
    ("due", DUE),
    ("of_event", OF_EVENT),
    ("of_client", OF_CLIENT),
    ("next_client", NEXT_CLIENT),
    ("first_client", FIRST_CLIENT),
    ("release", RELEASE),
];

#[async_trait]
impl TokenAdmin for MySqlStore {
    async fn clients(&self) -> Result<Vec<ClientId>, StoreError> {
        self.all_clients().await.map_err(not_read("listing integrations"))
    }
}

impl MySqlStore {
    async fn all_clients(&self) -> Result<Vec<ClientId>, Failure> {
        let mut clients = Vec::new();
        let mut call = Call::reading(FIRST_CLIENT);
        while let Some(row) = self.row(call).await? {
            let row = Row(&row);
            let id = row.text("id")?.ok_or_else(|| row.unreadable("id"))?;
            call = Call::reading(NEXT_CLIENT).bind(index_text(&id));
            clients.push(ClientId::new(id));
        }
        Ok(clients)
    }

    async fn try_claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, Failure> {
        let key = key.to_string();
        loop {
            let claim = Call::new(CLAIM)
                .bind(index_text(&key))
                .bind(terms.version.0)
                .bind(terms.now.unix_micros())
                .bind(terms.until.unix_micros())
                .bind(self.call_name());
            let Some(row) = self.row(claim).await? else {
                return Ok(ClaimOutcome::VersionChanged);
            };
            if row.try_get::<i64, _>("granted")? != 0 {
                return Ok(ClaimOutcome::Granted {
                    fence: Fence(row.try_get("claim_fence")?),
                    abandoned: row.try_get::<i64, _>("claim_abandoned")? != 0,
                });
            }
            if row.try_get::<i64, _>("version")? != terms.version.0 {
                return Ok(ClaimOutcome::VersionChanged);
            }
            let until: Option<i64> = row.try_get("claim_until")?;
            let until = until.map(Timestamp::from_unix_micros);
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
        let read = |row: &MySqlRow| columns::read_stored(&Row(row));
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}

#[async_trait]
impl TokenStore for MySqlStore {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        let call = Call::reading(LOAD).bind(index_text(&key.to_string()));
        self.stored(call)
            .await
            .map(|mut stored| stored.pop())
            .map_err(not_read("loading a connection"))
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        let call = record::bind(Call::new(CREATE), columns::of_record(record)).bind(self.call_name());
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
        let call = record::bind(Call::new(SWAP), columns::of_record(record))
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
        let call = Call::new(RELEASE)
            .bind(index_text(&key.to_string()))
            .bind(fence.0);
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
        let call = Call::reading(DUE)
            .bind(index_text(client_id.as_str()))
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
        let call = Call::reading(OF_EVENT)
            .bind(index_text(client_id.as_str()))
            .bind(index_text(event_id.as_str()))
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
        let call = Call::reading(OF_CLIENT)
            .bind(index_text(client_id.as_str()))
            .bind(key_text(after))
            .bind(row_limit(limit));
        self.stored(call)
            .await
            .map_err(not_read("listing an integration's connections"))
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        let call = Call::new(REMOVE).bind(index_text(&key.to_string()));
        self.call(call)
            .await
            .map(drop)
            .map_err(failed("removing a connection"))
    }
}

/// The indexed text of a key; without a key a text that is before that of every key.
fn key_text(key: Option<&ConnectionKey>) -> String {
    key.map(|key| index_text(&key.to_string()).into_owned())
        .unwrap_or_default()
}
