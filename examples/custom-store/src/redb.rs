//! A [`TokenStore`] on an engine without columns: redb, an embedded key-value store.
//!
//! [`Slot`] has the rules for one key. What is left to the store: one transaction for each method, numbers that are never used twice, and
//! an index of what is due.

use std::{ops::Bound, path::Path, sync::Arc};

use async_trait::async_trait;
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::*;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// By the text of their key: `client/event` or `client/event/user`, with every `/` inside escaped.
const SLOTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("connections");
/// The live connections of each integration by the expiry of the refresh token: client, microseconds, key.
const DUE: TableDefinition<'_, (&str, i64, &str), ()> = TableDefinition::new("due");
const COUNTER: TableDefinition<'_, (), i64> = TableDefinition::new("counter");

/// Tokens in a file of redb's.
#[derive(Debug, Clone)]
pub struct RedbStore(Arc<Database>);

impl RedbStore {
    /// Opens the file, and creates it with its tables if there is none. Fails when redb cannot.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, redb::Error> {
        let database = Database::create(path)?;
        let tx = database.begin_write()?;
        tx.open_table(SLOTS)?;
        tx.open_table(DUE)?;
        tx.open_table(COUNTER)?;
        tx.commit()?;
        Ok(Self(Arc::new(database)))
    }

    /// Runs on a thread that may block. A caller who goes away does not stop it.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let database = self.0.clone();
        let done = tokio::task::spawn_blocking(move || work(&database)).await;
        let done = done.unwrap_or_else(|panic| Err(panic.into()));
        done.map_err(|error| {
            let unreadable = error.downcast_ref::<DecodeSlotError>();
            let reason = unreadable.map_or(StoreErrorReason::Unavailable, DecodeSlotError::reason);
            StoreError::write(reason, "using redb", error)
        })
    }

    /// Reads in one transaction.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let read = move |database: &Database| work(&database.begin_read()?);
        self.run(read).await.map_err(StoreError::without_effect)
    }

    /// Changes the slot of a key, and the index with it, in one transaction. The change gets an unused number.
    async fn change<T, F>(&self, key: &ConnectionKey, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(i64, &mut Slot) -> T + Send + 'static,
    {
        let key = key.to_string();
        self.run(move |database| {
            let tx = database.begin_write()?;
            let answer = change_in(&tx, &key, change)?;
            tx.commit()?;
            Ok(answer)
        })
        .await
    }

    /// The record with this key, if there is one, and those whose key continues with a `/`: at most `limit` behind `after`.
    async fn below(
        &self,
        key: String,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let after = after.map(ConnectionKey::to_string);
        self.read(move |tx| {
            let slots = tx.open_table(SLOTS)?;
            let mut found = Vec::new();
            if after.as_ref().is_none_or(|after| key > *after) {
                found.extend(get(&slots, &key)?.into_stored());
            }
            let (first, end) = (format!("{key}/"), format!("{key}0")); // In ASCII a 0 comes after a /.
            let next = after.map(|after| after + "\0").unwrap_or_default(); // Nothing sorts between the two.
            let first = first.max(next);
            if first < end {
                for entry in slots.range(&*first..&*end)? {
                    if found.len() >= limit {
                        break;
                    }
                    found.extend(Slot::from_bytes(entry?.1.value())?.into_stored());
                }
            }
            found.truncate(limit);
            Ok(found)
        })
        .await
    }
}

/// The escaped client id at the beginning of a key.
fn client(key: &str) -> &str {
    key.split_once('/').map_or(key, |(client, _)| client)
}

fn change_in<T>(tx: &WriteTransaction, key: &str, change: impl FnOnce(i64, &mut Slot) -> T) -> Outcome<T> {
    let (mut slots, mut due) = (tx.open_table(SLOTS)?, tx.open_table(DUE)?);
    let mut counter = tx.open_table(COUNTER)?;
    let number = counter.get(())?.map_or(0, |last| last.value()) + 1;
    counter.insert((), number)?;
    let mut slot = get(&slots, key)?;
    if let Some(at) = slot.due_at() {
        due.remove((client(key), at.unix_micros(), key))?;
    }
    let answer = change(number, &mut slot);
    slots.insert(key, &*slot.to_bytes())?;
    if let Some(at) = slot.due_at() {
        due.insert((client(key), at.unix_micros(), key), ())?;
    }
    Ok(answer)
}

/// A removed key keeps an empty slot, which has no bytes.
fn get(slots: &impl ReadableTable<&'static str, &'static [u8]>, key: &str) -> Outcome<Slot> {
    let bytes = slots.get(key)?;
    Ok(Slot::from_bytes(
        bytes.as_ref().map_or(&[], |bytes| bytes.value()),
    )?)
}

#[async_trait]
impl TokenStore for RedbStore {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        let key = key.to_string();
        self.read(move |tx| Ok(get(&tx.open_table(SLOTS)?, &key)?.into_stored()))
            .await
    }

    async fn create(&self, new: &Record) -> Result<CreateOutcome, StoreError> {
        let record = new.clone();
        let create = |number, slot: &mut Slot| slot.create(number, record);
        self.change(&new.connection.key, create).await
    }

    async fn compare_and_swap(
        &self,
        old: Version,
        new: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        let record = new.clone();
        let swap = move |number, slot: &mut Slot| slot.compare_and_swap(number, old, record, fence);
        self.change(&new.connection.key, swap).await
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        let claim = move |number, slot: &mut Slot| slot.claim(number, terms);
        self.change(key, claim).await
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        self.change(key, move |_, slot| slot.release(fence)).await
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let key = ConnectionKey::installation(client_id.clone(), "".into()).to_string();
        let (at, last) = after.map_or((i64::MIN, String::new()), |after| {
            (after.refresh_expires_at.unix_micros(), after.key.to_string())
        });
        self.read(move |tx| {
            let (first, end) = (
                (client(&key), at, &*last),
                (client(&key), before.unix_micros(), ""),
            );
            if first >= end {
                return Ok(Vec::new());
            }
            let (slots, mut found) = (tx.open_table(SLOTS)?, Vec::new());
            let behind = (Bound::Excluded(first), Bound::Excluded(end));
            for entry in tx.open_table(DUE)?.range(behind)?.take(limit) {
                found.extend(get(&slots, entry?.0.value().2)?.into_stored());
            }
            Ok(found)
        })
        .await
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let key = ConnectionKey::installation(client_id.clone(), event_id.clone());
        self.below(key.to_string(), after, limit).await
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let key = ConnectionKey::installation(client_id.clone(), "".into()).to_string();
        self.below(client(&key).to_owned(), after, limit).await
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.change(key, |_, slot| slot.remove()).await
    }
}
