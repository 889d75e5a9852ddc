//! [`TokenStore`] on Redis.

use std::collections::HashMap;

use async_trait::async_trait;
use redis::{AsyncCommands, RedisError};
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, Fence, Record, StoreError, Stored, SwapOutcome, TokenStore,
    Version,
};

use crate::{
    RedisStore,
    error::{failed, unreadable},
    keys::{TIME_TEXT, time_of, time_text},
    record,
};

/// How many records are fetched at once: large enough to be quick, small enough not to hold others up.
const BATCH: usize = 200;

impl RedisStore {
    /// The records of these connections; those that are gone by now are left out.
    async fn fetch(&self, connections: &[String]) -> Result<Vec<Stored>, RedisError> {
        let mut records = Vec::with_capacity(connections.len());
        for batch in connections.chunks(BATCH) {
            let mut pipe = redis::pipe();
            for connection in batch {
                pipe.hgetall(self.keys.record(connection));
            }
            let hashes: Vec<HashMap<String, Vec<u8>>> = pipe.query_async(&mut self.connection()).await?;
            for hash in hashes {
                records.extend(record::read(hash)?);
            }
        }
        Ok(records)
    }

    async fn fetch_set(&self, set: String) -> Result<Vec<Stored>, RedisError> {
        let connections: Vec<String> = self.connection().smembers(set).await?;
        self.fetch(&connections).await
    }

    async fn fetch_due(&self, before: Timestamp, limit: usize) -> Result<Vec<Stored>, RedisError> {
        let limit = isize::try_from(limit).unwrap_or(isize::MAX);
        let before_text = format!("({}", time_text(before));
        let members: Vec<String> = self
            .connection()
            .zrangebylex_limit(self.keys.due(), "-", before_text, 0, limit)
            .await?;
        let connections: Vec<String> = members
            .iter()
            .filter_map(|member| member.get(TIME_TEXT..))
            .map(str::to_owned)
            .collect();
        let mut due = self.fetch(&connections).await?;
        // A record can have changed since the set was read.
        due.retain(|stored| {
            let connection = &stored.record.connection;
            connection.status.is_live() && connection.refresh_expires_at < before
        });
        due.sort_by_key(|stored| stored.record.connection.refresh_expires_at);
        Ok(due)
    }

    async fn call_claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, RedisError> {
        let answer: Vec<String> = self
            .scripts
            .claim
            .key(self.keys.record(&key.to_string()))
            .key(self.keys.sequence())
            .arg(terms.version.0)
            .arg(time_text(terms.now))
            .arg(time_text(terms.until))
            .invoke_async(&mut self.connection())
            .await?;
        let answer: Vec<&str> = answer.iter().map(String::as_str).collect();
        match answer.as_slice() {
            ["moved"] => Ok(ClaimOutcome::VersionChanged),
            ["held", until] => {
                let until = time_of(until).ok_or_else(|| unreadable("claim_until"))?;
                Ok(ClaimOutcome::Held { until })
            }
            ["granted", fence, abandoned] => {
                let fence = Fence(fence.parse().map_err(|_| unreadable("claim_fence"))?);
                Ok(ClaimOutcome::Granted {
                    fence,
                    abandoned: *abandoned == "1",
                })
            }
            _ => Err(unreadable("claim")),
        }
    }
}

#[async_trait]
impl TokenStore for RedisStore {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        let hash = self
            .connection()
            .hgetall(self.keys.record(&key.to_string()))
            .await;
        hash.and_then(record::read)
            .map_err(failed("loading a connection"))
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        let key = &record.connection.key;
        let connection = key.to_string();
        let mut call = self.scripts.create.key(self.keys.record(&connection));
        call.key(self.keys.sequence())
            .key(self.keys.due())
            .key(self.keys.client(&key.client_id))
            .key(self.keys.event(&key.client_id, &key.event_id))
            .arg(&connection)
            .arg(record::due_member(&record.connection));
        record::write(&mut call, record);
        let version: Result<Option<i64>, _> = call.invoke_async(&mut self.connection()).await;
        let version = version.map_err(failed("storing a new connection"))?;
        Ok(version.map_or(CreateOutcome::AlreadyExists, |version| {
            CreateOutcome::Created(Version(version))
        }))
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        let connection = &record.connection;
        let mut call = self
            .scripts
            .swap
            .key(self.keys.record(&connection.key.to_string()));
        call.key(self.keys.sequence())
            .key(self.keys.due())
            .arg(expected.0)
            .arg(fence.map(|fence| fence.0.to_string()).unwrap_or_default())
            .arg(connection.generation.to_string())
            .arg(record::due_member(connection));
        record::write(&mut call, record);
        let version: Result<Option<i64>, _> = call.invoke_async(&mut self.connection()).await;
        let version = version.map_err(failed("replacing a connection"))?;
        Ok(version.map_or(SwapOutcome::Conflict, |version| {
            SwapOutcome::Swapped(Version(version))
        }))
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        self.call_claim(key, terms)
            .await
            .map_err(failed("claiming a refresh"))
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        let mut call = self.scripts.release.key(self.keys.record(&key.to_string()));
        let released = call.arg(fence.0).invoke_async(&mut self.connection()).await;
        released.map_err(failed("releasing a claim"))
    }

    async fn due(&self, before: Timestamp, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.fetch_due(before, limit)
            .await
            .map_err(failed("listing what is due"))
    }

    async fn of_event(&self, client_id: &ClientId, event_id: &EventId) -> Result<Vec<Stored>, StoreError> {
        let found = self.fetch_set(self.keys.event(client_id, event_id)).await;
        found.map_err(failed("listing an event's connections"))
    }

    async fn of_client(&self, client_id: &ClientId) -> Result<Vec<Stored>, StoreError> {
        let found = self.fetch_set(self.keys.client(client_id)).await;
        found.map_err(failed("listing an integration's connections"))
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        let connection = key.to_string();
        let mut call = self.scripts.remove.key(self.keys.record(&connection));
        call.key(self.keys.due())
            .key(self.keys.client(&key.client_id))
            .key(self.keys.event(&key.client_id, &key.event_id))
            .arg(&connection);
        call.invoke_async(&mut self.connection())
            .await
            .map_err(failed("removing a connection"))
    }
}
