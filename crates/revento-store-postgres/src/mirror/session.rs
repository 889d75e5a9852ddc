//! One statement in a transaction of its own. A pooler may give each transaction another session of the server, so nothing is kept in a
//! session.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::{
    Arguments, AssertSqlSafe, Either, Encode, Executor as _, PgConnection, Postgres, Type,
    error::BoxDynError,
    pool::PoolConnection,
    postgres::{PgArguments, PgRow},
};

use tokio::time::{Instant, timeout};

use super::PostgresMirror;
use crate::error::{Failure, is_connection_lost};

/// A stricter `synchronous_commit` stays. A process that is paused in a transaction must not hold its locks for longer than the others wait
/// for them.
const BEGIN: &str = "
    BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL lock_timeout = '10s';
    SET LOCAL statement_timeout = '30s';
    SET LOCAL idle_in_transaction_session_timeout = '5s';
    SELECT set_config('synchronous_commit', 'on', TRUE) WHERE current_setting('synchronous_commit') = 'off'";
/// The connections of a pool are often lost together.
const MAX_LOST_CONNECTIONS: usize = 16;

/// A statement with its arguments.
pub(super) struct Statement {
    sql: String,
    arguments: Result<PgArguments, BoxDynError>,
}

impl Statement {
    /// `{schema}` stands for the quoted name of the schema, and `$1` for the first argument.
    pub(super) fn new(template: impl Into<String>) -> Self {
        Self {
            sql: template.into(),
            arguments: Ok(PgArguments::default()),
        }
    }

    /// Adds the next argument.
    pub(super) fn bind<'t>(mut self, value: impl Encode<'t, Postgres> + Type<Postgres>) -> Self {
        self.add(value);
        self
    }

    pub(super) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Adds the next argument, and its place to the text.
    pub(super) fn push_bind<'t>(&mut self, value: impl Encode<'t, Postgres> + Type<Postgres>) -> &mut Self {
        self.add(value);
        let number = self.arguments.as_ref().map_or(0, Arguments::len);
        self.sql.push_str(&format!("${number}"));
        self
    }

    fn add<'t>(&mut self, value: impl Encode<'t, Postgres> + Type<Postgres>) {
        if let Ok(arguments) = &mut self.arguments
            && let Err(error) = Arguments::add(arguments, value)
        {
            self.arguments = Err(error);
        }
    }
}

/// What the server answered.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) rows: Vec<PgRow>,
    /// How many rows the statement has written.
    pub(super) written: u64,
}

impl PostgresMirror {
    /// Runs a statement. If its connection was lost before the commit, it runs again on another one.
    pub(super) async fn run(&self, statement: Statement) -> Result<Answer, Failure> {
        let sql = statement.sql.replace("{schema}", &self.schema);
        let arguments = statement.arguments;
        let arguments = arguments.map_err(|error| Failure::without_effect(sqlx::Error::Encode(error)))?;
        // All attempts together do not wait longer for connections than one may.
        let mut patience = self.pool.options().get_acquire_timeout();
        for _ in 0..MAX_LOST_CONNECTIONS {
            match self.attempt(&sql, arguments.clone(), &mut patience).await {
                Err(failure) if !failure.may_have_taken_effect && is_connection_lost(&failure.error) => {}
                answered => return answered,
            }
        }
        self.attempt(&sql, arguments, &mut patience).await
    }

    async fn attempt(
        &self,
        sql: &str,
        arguments: PgArguments,
        patience: &mut Duration,
    ) -> Result<Answer, Failure> {
        let begun = Instant::now();
        let acquired = timeout(*patience, self.pool.acquire()).await;
        *patience = patience.saturating_sub(begun.elapsed());
        let acquired = acquired.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        let mut checkout = Checkout(Some(acquired.map_err(Failure::without_effect)?));
        let connection = checkout.connection().map_err(Failure::without_effect)?;
        let answer = transact(connection, sql, arguments)
            .await
            .map_err(Failure::without_effect)?;
        let committed = sqlx::raw_sql("COMMIT").execute(&mut *connection).await;
        committed.map_err(Failure::of_transaction)?;
        checkout.give_back();
        Ok(answer)
    }
}

async fn transact(
    connection: &mut PgConnection,
    sql: &str,
    arguments: PgArguments,
) -> Result<Answer, sqlx::Error> {
    sqlx::raw_sql(BEGIN).execute(&mut *connection).await?;
    let statement = sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(false);
    let mut stream = connection.fetch_many(statement);
    let mut answer = Answer::default();
    while let Some(item) = stream.try_next().await? {
        match item {
            Either::Left(done) => answer.written = done.rows_affected(),
            Either::Right(row) => answer.rows.push(row),
        }
    }
    Ok(answer)
}

/// A connection of the pool. It goes back to the pool only after its transaction has ended. Dropped earlier, because a call failed or its
/// future was dropped, it is closed, and the server rolls back.
struct Checkout(Option<PoolConnection<Postgres>>);

impl Checkout {
    fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.0.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}
