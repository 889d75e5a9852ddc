//! A store on SQLite, written from the documentation of the traits: each statement is in `store.sql`, under the name that the methods
//! call it by.

mod inbox;
mod ledgers;
mod tokens;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use revento_core::Timestamp;
use revento_store::{
    StoreError, StoreErrorReason,
    columns::{self, Value},
};
use sqlx::{
    AssertSqlSafe, Row as _, Sqlite, SqlitePool, Transaction, TypeInfo as _, ValueRef as _,
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};

use crate::mistake::Mistake;

/// A loaded machine is slow.
const PATIENCE: Duration = Duration::from_secs(240);

/// The store. It makes one mistake at most.
#[derive(Debug, Clone)]
pub(crate) struct SqlStore {
    pool: SqlitePool,
    mistake: Arc<Mistake>,
    /// What a mistake remembers: the rows of a statement with its values.
    remembered: Arc<Mutex<HashMap<String, Vec<Row>>>>,
}

impl SqlStore {
    pub(crate) async fn open(path: &Path, mistake: Arc<Mistake>) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A test does not lose power.
            .synchronous(SqliteSynchronous::Off)
            .busy_timeout(PATIENCE);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?;
        let store = Self {
            pool,
            mistake,
            remembered: Arc::default(),
        };
        let mut schema = store.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::raw_sql(AssertSqlSafe(store.mistake.statement("schema")))
            .execute(&mut *schema)
            .await?;
        schema.commit().await?;
        Ok(store)
    }

    /// Each value of each table, raw.
    pub(crate) async fn dump(&self) -> Result<Vec<u8>, sqlx::Error> {
        let mut dump = Vec::new();
        for table in ["connections", "deliveries", "duties", "budgets", "marks"] {
            let rows = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table}")));
            for row in rows.fetch_all(&self.pool).await? {
                for column in 0..row.len() {
                    dump.extend(
                        row.try_get_unchecked::<Option<Vec<u8>>, _>(column)?
                            .unwrap_or_default(),
                    );
                    dump.push(b'\n');
                }
            }
        }
        Ok(dump)
    }

    /// Begins a transaction, whose statements see and change the store alone.
    async fn begin(&self, method: &'static str) -> Result<Work<'_>, sqlx::Error> {
        let transaction = if self.mistake.has_no_transaction(method) {
            None
        } else {
            Some(self.pool.begin_with("BEGIN IMMEDIATE").await?)
        };
        Ok(Work {
            store: self,
            transaction,
        })
    }

    /// The rows of a statement that reads.
    async fn read(&self, statement: &'static str, values: &[Value]) -> Result<Vec<Row>, sqlx::Error> {
        if !self.mistake.remembers(statement) {
            let mut work = Work {
                store: self,
                transaction: None,
            };
            return work.rows(statement, values).await;
        }
        let question = format!("{statement} {values:?}");
        let known = self.remembered().get(&question).cloned();
        if let Some(rows) = known {
            return Ok(rows);
        }
        let mut work = Work {
            store: self,
            transaction: None,
        };
        let rows = work.rows(statement, values).await?;
        self.remembered().insert(question, rows.clone());
        Ok(rows)
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<Row>>> {
        self.remembered.lock().unwrap()
    }
}

/// Statements that belong together.
struct Work<'s> {
    store: &'s SqlStore,
    transaction: Option<Transaction<'static, Sqlite>>,
}

impl Work<'_> {
    /// The rows that a statement returns.
    async fn rows(&mut self, statement: &'static str, values: &[Value]) -> Result<Vec<Row>, sqlx::Error> {
        let mistake = &self.store.mistake;
        let query = sqlx::query(AssertSqlSafe(mistake.statement(statement)));
        let query = bind(query, mistake.bound(statement, values));
        let rows = match &mut self.transaction {
            Some(transaction) => query.fetch_all(&mut **transaction).await?,
            None => query.fetch_all(&self.store.pool).await?,
        };
        rows.iter().map(|row| Row::of(row, mistake)).collect()
    }

    /// The first row that a statement returns.
    async fn row(&mut self, statement: &'static str, values: &[Value]) -> Result<Option<Row>, sqlx::Error> {
        Ok(self.rows(statement, values).await?.into_iter().next())
    }

    /// How many rows a statement changes.
    async fn change(&mut self, statement: &'static str, values: &[Value]) -> Result<u64, sqlx::Error> {
        let mistake = &self.store.mistake;
        let query = sqlx::query(AssertSqlSafe(mistake.statement(statement)));
        let query = bind(query, mistake.bound(statement, values));
        let done = match &mut self.transaction {
            Some(transaction) => query.execute(&mut **transaction).await?,
            None => query.execute(&self.store.pool).await?,
        };
        Ok(mistake.counted(statement, done.rows_affected()))
    }

    /// A number higher than all before it.
    async fn number(&mut self) -> Result<i64, sqlx::Error> {
        let row = self.row("number", &[]).await?.ok_or(sqlx::Error::RowNotFound)?;
        row.number("last")
    }

    async fn commit(self) -> Result<(), sqlx::Error> {
        self.store.remembered().clear();
        match self.transaction {
            Some(transaction) => transaction.commit().await,
            None => Ok(()),
        }
    }
}

/// The values of a row by the names of their columns.
#[derive(Debug, Clone)]
pub(crate) struct Row(HashMap<String, Value>);

impl Row {
    fn of(row: &SqliteRow, mistake: &Mistake) -> Result<Self, sqlx::Error> {
        use sqlx::Column as _;
        let value = |column: &sqlx::sqlite::SqliteColumn| {
            let index = column.ordinal();
            let value = row.try_get_raw(index)?;
            let value = match value.type_info().name() {
                _ if value.is_null() => Value::Text(None),
                "INTEGER" => Value::Integer(row.try_get(index)?),
                "TEXT" => Value::Text(row.try_get(index)?),
                "BLOB" => Value::Bytes(row.try_get(index)?),
                other => {
                    return Err(sqlx::Error::Decode(
                        format!("the column {:?} has a {other}", column.name()).into(),
                    ));
                }
            };
            let name = column.name().to_owned();
            let value = mistake.read(&name, value);
            Ok((name, value))
        };
        row.columns()
            .iter()
            .map(value)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// A number of the store's own.
    fn number(&self, column: &'static str) -> Result<i64, sqlx::Error> {
        columns::Row::integer(self, column)?.ok_or_else(|| columns::Row::unreadable(self, column))
    }

    fn flag(&self, column: &'static str) -> Result<bool, sqlx::Error> {
        Ok(self.number(column)? != 0)
    }
}

impl columns::Row for Row {
    type Error = sqlx::Error;

    fn text(&self, column: &'static str) -> Result<Option<String>, sqlx::Error> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(text.clone()),
            _ => Err(self.unreadable(column)),
        }
    }

    fn integer(&self, column: &'static str) -> Result<Option<i64>, sqlx::Error> {
        match self.0.get(column) {
            Some(Value::Integer(number)) => Ok(*number),
            Some(Value::Text(None)) => Ok(None),
            _ => Err(self.unreadable(column)),
        }
    }

    fn bytes(&self, column: &'static str) -> Result<Option<Vec<u8>>, sqlx::Error> {
        match self.0.get(column) {
            Some(Value::Bytes(bytes)) => Ok(bytes.clone()),
            Some(Value::Text(None)) => Ok(None),
            _ => Err(self.unreadable(column)),
        }
    }

    fn unreadable(&self, column: &'static str) -> sqlx::Error {
        let came = self.0.get(column);
        sqlx::Error::Decode(format!("the column {column:?} has {came:?}").into())
    }
}

fn bind(query: Query<'_, Sqlite, SqliteArguments>, values: Vec<Value>) -> Query<'_, Sqlite, SqliteArguments> {
    values.into_iter().fold(query, |query, value| match value {
        Value::Key(text) | Value::Indexed(text) => query.bind(text),
        Value::Text(text) => query.bind(text),
        Value::Integer(number) => query.bind(number),
        Value::Flag(flag) => query.bind(flag),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

fn text(text: impl ToString) -> Value {
    Value::Text(Some(text.to_string()))
}

fn integer(number: i64) -> Value {
    Value::Integer(Some(number))
}

fn time(time: Timestamp) -> Value {
    integer(time.unix_micros())
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(Some(bytes.to_vec()))
}

/// How many rows a statement returns at most.
fn row_limit(limit: usize) -> Value {
    integer(i64::try_from(limit).unwrap_or(i64::MAX))
}

/// The error of a call that writes.
fn failed(action: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |error| StoreError::write(reason(&error), action, error)
}

/// The error of a call that only reads.
fn not_read(action: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |error| StoreError::read(reason(&error), action, error)
}

fn reason(error: &sqlx::Error) -> StoreErrorReason {
    match error {
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => StoreErrorReason::Corrupt,
        sqlx::Error::Database(error) if error.is_unique_violation() => StoreErrorReason::Rejected,
        _ => StoreErrorReason::Unavailable,
    }
}
