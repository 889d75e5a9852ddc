//! [`TokenStore`] on Redis.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use redis::{Cmd, RedisError, ScriptInvocation};
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, StoreError, Stored, SwapOutcome,
    TokenAdmin, TokenStore, Version,
};

use crate::{
    RedisStore,
    call::Call,
    error::{failed, not_read, unreadable},
    keys::{TIME_TEXT, time_of, time_text},
    record,
};

/// How many records are fetched at once: large enough to be quick, small enough not to hold others up.
const BATCH: usize = 200;

/// A sorted set of connections. All members have the score 0, so that the set is in byte order.
#[derive(Clone, Copy)]
enum Set {
    /// Each member is a connection's text.
    ByKey,
    /// Each member is the time of expiry and a connection's text.
    ByExpiry,
}

impl Set {
    fn connection(self, member: &str) -> Option<&str> {
        match self {
            Self::ByKey => Some(member),
            Self::ByExpiry => member.get(TIME_TEXT..),
        }
    }
}

impl RedisStore {
    /// The records of the members of a sorted set, in its order, from one end to the other, until there are `limit`.
    ///
    /// The set and the records are read one after the other. A record that was removed meanwhile, or that has another place
    /// in the set by now, is left out, and as many more are read.
    async fn page(
        &self,
        set: (Set, String),
        after: String,
        before: &str,
        limit: usize,
    ) -> Result<Vec<Stored>, RedisError> {
        let (kind, set) = set;
        let mut found = Vec::new();
        let mut from = after;
        while found.len() < limit {
            let count = (limit - found.len()).min(BATCH);
            let count_limit = isize::try_from(count).unwrap_or(isize::MAX);
            let range = Cmd::zrangebylex_limit(&set, &from, before, 0, count_limit);
            let members: Vec<String> = self.call(Call::Command(&range)).await?;
            let Some(last) = members.last() else { break };
            from = format!("({last}");
            let is_last = members.len() < count;
            found.extend(self.fetch(kind, &members).await?);
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    /// The records of these members that still have the same place.
    async fn fetch(&self, kind: Set, members: &[String]) -> Result<Vec<Stored>, RedisError> {
        let mut pipe = redis::pipe();
        for member in members {
            let connection = kind.connection(member).unwrap_or_default();
            pipe.hgetall(self.keys.record(connection));
        }
        let hashes: Vec<HashMap<String, Vec<u8>>> = self.call(Call::Pipeline(&pipe)).await?;
        let mut records = Vec::with_capacity(hashes.len());
        for (member, hash) in members.iter().zip(hashes) {
            let stored = record::read(hash)?;
            records.extend(stored.filter(|stored| match kind {
                Set::ByKey => true,
                Set::ByExpiry => record::due_member(&stored.record.connection) == *member,
            }));
        }
        Ok(records)
    }

    /// The version that a script has written; `None` if it has written nothing.
    ///
    /// If the call was made again and found another writer's record, the first attempt may have been written and replaced since: then
    /// its error is the result.
    async fn written_version(&self, call: &ScriptInvocation<'_>) -> Result<Option<i64>, RedisError> {
        let answer = self.call_and_tell(Call::Script(call)).await?;
        match (answer.value, answer.lost) {
            (None, Some(lost)) => Err(lost),
            (version, _) => Ok(version),
        }
    }

    async fn call_claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, RedisError> {
        let mut call = self.scripts.claim.key(self.keys.record(&key.to_string()));
        call.key(self.keys.sequence())
            .arg(terms.version.0)
            .arg(time_text(terms.now))
            .arg(time_text(terms.until))
            .arg(self.call_name());
        let answer: Vec<String> = self.call(Call::Script(&call)).await?;
        let answer: Vec<&str> = answer.iter().map(String::as_str).collect();
        match answer.as_slice() {
            ["version_changed"] => Ok(ClaimOutcome::VersionChanged),
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

impl RedisStore {
    /// The names of the sets that match a pattern, each once. The server walks over all its keys, in steps.
    async fn scan(&self, pattern: &str) -> Result<BTreeSet<String>, RedisError> {
        let mut names = BTreeSet::new();
        let mut cursor = 0_u64;
        loop {
            let mut step = redis::cmd("SCAN");
            step.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(1000);
            let (next, found): (u64, Vec<String>) = self.call(Call::Command(&step)).await?;
            names.extend(found);
            if next == 0 {
                return Ok(names);
            }
            cursor = next;
        }
    }

    /// The integrations, each read from its first record.
    async fn list_clients(&self) -> Result<Vec<ClientId>, RedisError> {
        let mut clients = Vec::new();
        for set in self.scan(&self.keys.clients()).await? {
            let first = self.page((Set::ByKey, set), "-".to_owned(), "+", 1).await?;
            clients.extend(
                first
                    .into_iter()
                    .map(|stored| stored.record.connection.key.client_id),
            );
        }
        Ok(clients)
    }
}

#[async_trait]
impl TokenAdmin for RedisStore {
    async fn clients(&self) -> Result<Vec<ClientId>, StoreError> {
        self.list_clients()
            .await
            .map_err(not_read("listing integrations"))
    }
}

#[async_trait]
impl TokenStore for RedisStore {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        let command = Cmd::hgetall(self.keys.record(&key.to_string()));
        let hash = self.call(Call::Command(&command)).await;
        hash.and_then(record::read)
            .map_err(not_read("loading a connection"))
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        let key = &record.connection.key;
        let connection = key.to_string();
        let mut call = self.scripts.create.key(self.keys.record(&connection));
        call.key(self.keys.sequence())
            .key(self.keys.due(&key.client_id))
            .key(self.keys.client(&key.client_id))
            .key(self.keys.event(&key.client_id, &key.event_id))
            .arg(&connection)
            .arg(record::due_member(&record.connection))
            .arg(self.call_name());
        record::write(&mut call, record);
        let version = self.written_version(&call).await;
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
            .key(self.keys.due(&connection.key.client_id))
            .arg(expected.0)
            .arg(fence.map(|fence| fence.0.to_string()).unwrap_or_default())
            .arg(connection.generation.to_string())
            .arg(record::due_member(connection))
            .arg(self.call_name());
        record::write(&mut call, record);
        let version = self.written_version(&call).await;
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
        call.arg(fence.0);
        let released = self.call(Call::Script(&call)).await;
        released.map_err(failed("releasing a claim"))
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let after = after.map_or_else(
            || "-".to_owned(),
            |after| format!("({}{}", time_text(after.refresh_expires_at), after.key),
        );
        let set = (Set::ByExpiry, self.keys.due(client_id));
        self.page(set, after, &format!("({}", time_text(before)), limit)
            .await
            .map_err(not_read("listing what is due"))
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let set = (Set::ByKey, self.keys.event(client_id, event_id));
        self.page(set, from_key(after), "+", limit)
            .await
            .map_err(not_read("listing an event's connections"))
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let set = (Set::ByKey, self.keys.client(client_id));
        self.page(set, from_key(after), "+", limit)
            .await
            .map_err(not_read("listing an integration's connections"))
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        let connection = key.to_string();
        let mut call = self.scripts.remove.key(self.keys.record(&connection));
        call.key(self.keys.due(&key.client_id))
            .key(self.keys.client(&key.client_id))
            .key(self.keys.event(&key.client_id, &key.event_id))
            .arg(&connection);
        self.call(Call::Script(&call))
            .await
            .map_err(failed("removing a connection"))
    }
}

/// Where a range begins: behind the key, or with the first member.
fn from_key(after: Option<&ConnectionKey>) -> String {
    after.map_or_else(|| "-".to_owned(), |key| format!("({key}"))
}
