//! A call of the store: one statement in a transaction of its own.
//!
//! A pooler such as PgBouncer may give each transaction another session of the server. So a call relies on nothing that a session
//! keeps: it names the schema of each table, it sets its settings for the transaction only (`SET LOCAL`), and it prepares an unnamed
//! statement.

use futures_util::TryStreamExt as _;
use sqlx::{
    Arguments, AssertSqlSafe, Either, Encode, Executor as _, Postgres, Type,
    error::BoxDynError,
    pool::PoolConnection,
    postgres::{PgArguments, PgRow},
};

use crate::{
    PostgresStore,
    error::{Failure, is_connection_lost},
};

/// Begins a transaction and sets what the store relies on, in one round trip. A stricter `synchronous_commit` stays. A process that
/// is paused in a transaction must not hold its locks for longer than the others wait for them. Not `READ WRITE`: a server that became
/// a replica would refuse even reads, and not as something that passes.
pub(crate) const BEGIN: &str = "
    BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL lock_timeout = '10s';
    SET LOCAL statement_timeout = '30s';
    SET LOCAL idle_in_transaction_session_timeout = '5s';
    SELECT set_config('synchronous_commit', 'on', TRUE) WHERE current_setting('synchronous_commit') = 'off'";

/// How often a call is made again on another connection because its connection was lost before the commit. The connections of a pool
/// are often lost together.
const MAX_LOST_CONNECTIONS: usize = 16;

/// A statement with its arguments.
pub(crate) struct Call {
    template: &'static str,
    arguments: Result<PgArguments, BoxDynError>,
}

impl Call {
    /// `{schema}` in the template stands for the quoted name of the store's schema, and `{sequence}` for its sequence.
    pub(crate) fn new(template: &'static str) -> Self {
        Self {
            template,
            arguments: Ok(PgArguments::default()),
        }
    }

    /// Adds the next argument.
    pub(crate) fn bind<'t>(mut self, value: impl Encode<'t, Postgres> + Type<Postgres>) -> Self {
        if let Ok(arguments) = &mut self.arguments
            && let Err(error) = Arguments::add(arguments, value)
        {
            self.arguments = Err(error);
        }
        self
    }
}

/// What the server answered.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) rows: Vec<PgRow>,
    /// How many rows the statement has written.
    pub(crate) written: u64,
}

impl PostgresStore {
    /// Makes a call. Nothing has taken effect if it fails before the commit; if the connection was lost there, it is made again on
    /// another one.
    pub(crate) async fn call(&self, call: Call) -> Result<Answer, Failure> {
        let sql = self.sql(call.template);
        let arguments = call
            .arguments
            .map_err(|error| Failure::before_commit(sqlx::Error::Encode(error)))?;
        for _ in 0..MAX_LOST_CONNECTIONS {
            match self.attempt(&sql, arguments.clone()).await {
                Err(failure) if !failure.may_have_taken_effect && is_connection_lost(&failure.error) => {}
                answered => return answered,
            }
        }
        self.attempt(&sql, arguments).await
    }

    /// The rows of a call.
    pub(crate) async fn rows(&self, call: Call) -> Result<Vec<PgRow>, Failure> {
        Ok(self.call(call).await?.rows)
    }

    /// The row of a call; `None` if there is none.
    pub(crate) async fn row(&self, call: Call) -> Result<Option<PgRow>, Failure> {
        Ok(self.call(call).await?.rows.pop())
    }

    /// The statement of a template.
    pub(crate) fn sql(&self, template: &str) -> String {
        template
            .replace("{sequence}", &self.sequence)
            .replace("{schema}", &self.schema)
    }

    async fn attempt(&self, sql: &str, arguments: PgArguments) -> Result<Answer, Failure> {
        let mut connection = Checkout(Some(self.pool.acquire().await.map_err(Failure::before_commit)?));
        let answer = connection
            .transact(sql, arguments)
            .await
            .map_err(Failure::before_commit)?;
        connection
            .execute("COMMIT")
            .await
            .map_err(Failure::while_committing)?;
        connection.give_back();
        Ok(answer)
    }
}

/// A connection of the pool. It goes back to the pool only after its transaction has ended. Dropped earlier, because a call failed or
/// its future was dropped, it is closed, and the server rolls back.
struct Checkout(Option<PoolConnection<Postgres>>);

impl Checkout {
    async fn transact(&mut self, sql: &str, arguments: PgArguments) -> Result<Answer, sqlx::Error> {
        self.execute(BEGIN).await?;
        let connection = self.0.as_deref_mut().ok_or(sqlx::Error::PoolClosed)?;
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

    /// Sends statements without arguments in one round trip.
    async fn execute(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        let connection = self.0.as_deref_mut().ok_or(sqlx::Error::PoolClosed)?;
        sqlx::raw_sql(sql).execute(connection).await.map(drop)
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
