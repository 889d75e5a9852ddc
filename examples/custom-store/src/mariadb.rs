//! A [`TokenStore`] on MariaDB or MySQL: the one in SQL, with the differences that its dialect makes. [`Slot`] has the rules.

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DecodeSlotError, DueCursor, Fence, Record, Slot, StoreError,
    StoreErrorReason, Stored, SwapOutcome, TokenStore, Version, columns::index_text,
};
use sqlx::{MySqlPool, mysql::MySqlDatabaseError};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// `VARBINARY` has no collation and no padding. `LONGBLOB` is not cut at 64 KiB.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS counter (one TINYINT PRIMARY KEY, last BIGINT NOT NULL) ENGINE=InnoDB;
    INSERT IGNORE INTO counter VALUES (1, 0);
    CREATE TABLE IF NOT EXISTS connections (
        id VARBINARY(257) PRIMARY KEY, client VARBINARY(257) NOT NULL, event VARBINARY(257) NOT NULL,
        due_at BIGINT, slot LONGBLOB NOT NULL,
        INDEX by_client (client, id), INDEX by_event (client, event, id), INDEX by_expiry (client, due_at, id)
    ) ENGINE=InnoDB;";
const GET: &str = "SELECT slot FROM connections WHERE id = ?";
const DELETE: &str = "DELETE FROM connections WHERE id = ?";
const PUT: &str = "INSERT INTO connections (id, client, event, due_at, slot) VALUES (?, ?, ?, ?, ?)";
const DUE: &str = "SELECT slot FROM connections
    WHERE client = ? AND due_at < ? AND (due_at > ? OR due_at = ? AND id > ?) ORDER BY due_at, id LIMIT ?";
const OF_EVENT: &str =
    "SELECT slot FROM connections WHERE client = ? AND event = ? AND id > ? ORDER BY id LIMIT ?";
const OF_CLIENT: &str = "SELECT slot FROM connections WHERE client = ? AND id > ? ORDER BY id LIMIT ?";

/// Connections and their sealed tokens in one database. A clone is another handle to it.
#[derive(Debug, Clone)]
pub struct MariaDbTokens(MySqlPool);

impl MariaDbTokens {
    /// Connects to the database that the URL names, and creates the tables. Fails when the server does.
    pub async fn connect(url: &str) -> Result<Self, sqlx::Error> {
        let pool = MySqlPool::connect(url).await?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        Ok(Self(pool))
    }

    /// Changes the slot of a key in one transaction. The change gets an unused number. The first statement locks the counter, so
    /// transactions that write take turns.
    async fn change<T>(
        &self,
        key: &ConnectionKey,
        action: &'static str,
        change: impl FnOnce(i64, &mut Slot) -> T + Send,
    ) -> Result<T, StoreError> {
        let changed = async {
            let mut tx = self.0.begin().await?;
            sqlx::query("UPDATE counter SET last = last + 1")
                .execute(&mut *tx)
                .await?;
            let number = sqlx::query_scalar("SELECT last FROM counter")
                .fetch_one(&mut *tx)
                .await?;
            let id = key_of(&key.to_string());
            let bytes: Option<Vec<u8>> = sqlx::query_scalar(GET).bind(&id).fetch_optional(&mut *tx).await?;
            let mut slot = Slot::from_bytes(&bytes.unwrap_or_default())?;
            let answer = change(number, &mut slot);
            sqlx::query(DELETE).bind(&id).execute(&mut *tx).await?;
            if slot.stored().is_some() {
                sqlx::query(PUT)
                    .bind(&id)
                    .bind(key_of(key.client_id.as_str()))
                    .bind(key_of(key.event_id.as_str()))
                    .bind(slot.due_at().map(Timestamp::unix_micros))
                    .bind(slot.to_bytes())
                    .execute(&mut *tx)
                    .await?;
            }
            tx.commit().await?;
            Ok::<_, BoxError>(answer)
        };
        changed
            .await
            .map_err(|error| StoreError::write(reason(&*error), action, error))
    }
}

/// An id as a key: the same for no other id, short enough for an index, and in the order of the ids.
fn key_of(id: &str) -> Vec<u8> {
    index_text(id).as_bytes().to_vec()
}

/// The key behind which a page begins. Before each key is the empty one.
fn behind(after: Option<&ConnectionKey>) -> Vec<u8> {
    after.map(|key| key_of(&key.to_string())).unwrap_or_default()
}

fn row_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn read(slots: Result<Vec<Vec<u8>>, sqlx::Error>, action: &'static str) -> Result<Vec<Stored>, StoreError> {
    let read = || -> Result<Vec<Stored>, BoxError> {
        let mut records = Vec::new();
        for bytes in slots? {
            records.extend(Slot::from_bytes(&bytes)?.into_stored());
        }
        Ok(records)
    };
    read().map_err(|error| StoreError::read(reason(&*error), action, error))
}

fn reason(error: &(dyn std::error::Error + Send + Sync + 'static)) -> StoreErrorReason {
    if let Some(error) = error.downcast_ref::<DecodeSlotError>() {
        return error.reason();
    }
    match error.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_)) => StoreErrorReason::Corrupt,
        Some(sqlx::Error::Database(error)) => match error.downcast_ref::<MySqlDatabaseError>().number() {
            // No rights, no such database, column or table, read-only, a constraint, too long.
            1044 | 1045 | 1049 | 1054 | 1062 | 1142 | 1146 | 1290 | 1406 => StoreErrorReason::Rejected,
            _ => StoreErrorReason::Unavailable,
        },
        _ => StoreErrorReason::Unavailable,
    }
}

#[async_trait]
impl TokenStore for MariaDbTokens {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        let load = sqlx::query_scalar(GET).bind(key_of(&key.to_string()));
        Ok(read(load.fetch_all(&self.0).await, "loading a connection")?.pop())
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        let create = |number, slot: &mut Slot| slot.create(number, record.clone());
        self.change(&record.connection.key, "storing a new connection", create)
            .await
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        let swap = |number, slot: &mut Slot| slot.compare_and_swap(number, expected, record.clone(), fence);
        self.change(&record.connection.key, "replacing a connection", swap)
            .await
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        let claim = |number, slot: &mut Slot| slot.claim(number, terms);
        self.change(key, "claiming a refresh", claim).await
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        let release = |_, slot: &mut Slot| slot.release(fence);
        self.change(key, "releasing a claim", release).await
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        let remove = |_, slot: &mut Slot| slot.remove();
        self.change(key, "removing a connection", remove).await
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let at = after.map_or(i64::MIN, |after| after.refresh_expires_at.unix_micros());
        let list = sqlx::query_scalar(DUE)
            .bind(key_of(client_id.as_str()))
            .bind(before.unix_micros())
            .bind(at)
            .bind(at)
            .bind(behind(after.map(|after| &after.key)))
            .bind(row_limit(limit));
        read(list.fetch_all(&self.0).await, "listing what is due")
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let list = sqlx::query_scalar(OF_EVENT)
            .bind(key_of(client_id.as_str()))
            .bind(key_of(event_id.as_str()))
            .bind(behind(after))
            .bind(row_limit(limit));
        read(list.fetch_all(&self.0).await, "listing an event's connections")
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let list = sqlx::query_scalar(OF_CLIENT)
            .bind(key_of(client_id.as_str()))
            .bind(behind(after))
            .bind(row_limit(limit));
        read(
            list.fetch_all(&self.0).await,
            "listing an integration's connections",
        )
    }
}
