//! A call of the store: one message to the server, which is one transaction.
//!
//! A proxy such as ProxySQL may give each transaction another session of the server. So a call relies on nothing that a session keeps: it
//! names the database of each table, it sets the isolation level of its own transaction, and it prepares no statement. No statement
//! depends on the session's `sql_mode`, character set, `autocommit` or time zone.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use revento_store::connection_pool::{Checkout, NotAcquired, Rollbacks};
use sqlx::{AssertSqlSafe, Either, Executor as _, MySqlConnection, mysql::MySqlRow};

use crate::{
    MySqlStore,
    connect::Connector,
    error::{
        Failure, TooLarge, is_connection_lost, is_read_only, is_rolled_back_for_others, is_transaction_over,
    },
    literal::{Value, literal},
};

/// What begins a transaction. `DO 0` comes first because a proxy looks at the first word of a message: after `SET` it would give the session
/// to nobody else, and it would answer `COMMIT` itself. The isolation level is that of the next transaction only.
const BEGIN: &str = "DO 0;SET TRANSACTION ISOLATION LEVEL READ COMMITTED;START TRANSACTION READ WRITE;";
/// A server that only reads refuses the other one.
const BEGIN_READING: &str =
    "DO 0;SET TRANSACTION ISOLATION LEVEL READ COMMITTED;START TRANSACTION READ ONLY;";
/// How many statements these are.
const BEGIN_COUNT: usize = 3;
/// Whatever `completion_type` is.
const COMMIT: &str = "COMMIT AND NO CHAIN NO RELEASE";

/// How often a call is made again on another connection because its connection was lost.
const MAX_LOST_CONNECTIONS: usize = 16;
/// How long a server may be silent.
const MAX_SILENCE: Duration = Duration::from_secs(60);

/// Statements with their arguments.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    template: &'static str,
    arguments: Vec<String>,
    reads_only: bool,
}

impl Call {
    /// Statements, separated by semicolons. `{db}` in the template stands for the quoted name of the store's database, and `$1` for the
    /// first argument.
    ///
    /// A call is made again if its answer was lost, so its statements have to find what they have written before: by the
    /// [name](MySqlStore::call_name) of the call, for example.
    pub(crate) fn new(template: &'static str) -> Self {
        Self {
            template,
            arguments: Vec::new(),
            reads_only: false,
        }
    }

    /// Statements that change nothing and lock nothing.
    pub(crate) fn reading(template: &'static str) -> Self {
        Self {
            reads_only: true,
            ..Self::new(template)
        }
    }

    /// Adds the next argument.
    pub(crate) fn bind(mut self, value: impl Value) -> Self {
        self.arguments.push(literal(&value));
        self
    }

    /// Adds the next argument, which is SQL.
    pub(crate) fn bind_sql(mut self, sql: String) -> Self {
        self.arguments.push(sql);
        self
    }
}

/// What the server answered to a statement.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) rows: Vec<MySqlRow>,
    /// How many rows an `UPDATE` has found (also if it has left them as they were) or a `DELETE` has deleted.
    pub(crate) affected: u64,
}

impl MySqlStore {
    /// Makes a call. Returns an answer for each of its statements.
    pub(crate) async fn call(&self, call: Call) -> Result<Vec<Answer>, Failure> {
        self.transact(std::slice::from_ref(&call)).await
    }

    /// The rows of the last statement of a call.
    pub(crate) async fn rows(&self, call: Call) -> Result<Vec<MySqlRow>, Failure> {
        let last = self.call(call).await?.pop();
        Ok(last.unwrap_or_default().rows)
    }

    /// The row of the last statement of a call; `None` if there is none.
    pub(crate) async fn row(&self, call: Call) -> Result<Option<MySqlRow>, Failure> {
        Ok(self.rows(call).await?.pop())
    }

    /// Makes calls in one transaction. Returns an answer for each of their statements. If the connection is lost, the calls are made again on
    /// another one.
    pub(crate) async fn transact(&self, calls: &[Call]) -> Result<Vec<Answer>, Failure> {
        let message = self.message(calls);
        if message.len() >= self.max_message {
            let error = TooLarge {
                size: message.len(),
                limit: self.max_message,
            };
            return Err(Failure::without_effect(sqlx::Error::Encode(error.into())));
        }
        let (mut lost, mut rollbacks) = (0, Rollbacks::default());
        let mut in_doubt = false;
        let mut patience = self.connections.acquire_timeout();
        loop {
            let checkout = self.connections.acquire(&mut patience).await;
            let checkout = checkout.map_err(|error| Failure {
                may_have_taken_effect: in_doubt,
                ..Failure::without_effect(not_acquired(error))
            })?;
            let failure = match attempt(checkout, &message).await {
                Ok(answers) => return Ok(answers),
                Err(failure) => failure,
            };
            in_doubt |= failure.may_have_taken_effect;
            if is_connection_lost(&failure.error) {
                self.connections.discard_idle();
                lost += 1;
                if lost <= MAX_LOST_CONNECTIONS {
                    continue;
                }
            } else if is_read_only(&failure.error) {
                self.connections.discard_idle(); // The primary is elsewhere now.
            } else if is_rolled_back_for_others(&failure.error) && rollbacks.may_repeat().await {
                continue;
            }
            return Err(Failure {
                may_have_taken_effect: in_doubt,
                ..failure
            });
        }
    }

    fn message(&self, calls: &[Call]) -> String {
        let reads_only = calls.iter().all(|call| call.reads_only);
        let mut sql = String::from(if reads_only { BEGIN_READING } else { BEGIN });
        for call in calls {
            self.render(call, &mut sql);
            sql.push(';');
        }
        sql.push_str(COMMIT);
        sql
    }

    /// The statements of a call.
    pub(crate) fn sql(&self, template: &'static str) -> String {
        let mut sql = String::new();
        self.render(&Call::new(template), &mut sql);
        sql
    }

    /// In one pass, so that no value is taken for a place of another one.
    fn render(&self, call: &Call, sql: &mut String) {
        let mut rest = call.template;
        while let Some(at) = rest.find(['{', '$']) {
            let (before, place) = rest.split_at(at);
            sql.push_str(before);
            let digits = place.bytes().skip(1).take_while(u8::is_ascii_digit).count();
            let number = place
                .get(1..=digits)
                .and_then(|digits| digits.parse::<usize>().ok());
            let argument = number.and_then(|number| call.arguments.get(number.checked_sub(1)?));
            let (value, len) = match argument {
                Some(argument) if place.starts_with('$') => (argument.as_str(), digits + 1),
                _ if place.starts_with("{db}") => (&*self.database, "{db}".len()),
                _ => (place.get(..1).unwrap_or_default(), 1),
            };
            sql.push_str(value);
            rest = place.get(len..).unwrap_or_default();
        }
        sql.push_str(rest);
    }
}

async fn attempt(mut checkout: Checkout<Connector>, message: &str) -> Result<Vec<Answer>, Failure> {
    let answered = tokio::time::timeout(MAX_SILENCE, send(checkout.connection(), message)).await;
    let silent = |_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    let answers = answered.unwrap_or_else(silent);
    // Any other error leaves the transaction open, and the server rolls it back when the connection is closed.
    if answers.as_ref().err().is_none_or(is_transaction_over) {
        checkout.give_back();
    }
    let mut answers = answers.map_err(Failure::of_transaction)?;
    answers.pop();
    Ok(answers.split_off(BEGIN_COUNT.min(answers.len())))
}

/// Sends statements in one message, and returns an answer for each.
pub(crate) async fn send(
    connection: &mut MySqlConnection,
    message: &str,
) -> Result<Vec<Answer>, sqlx::Error> {
    let mut stream = connection.fetch_many(sqlx::raw_sql(AssertSqlSafe(message.to_owned())));
    let mut answers = Vec::new();
    let mut rows = Vec::new();
    while let Some(item) = stream.try_next().await? {
        match item {
            Either::Right(row) => rows.push(row),
            Either::Left(done) => answers.push(Answer {
                rows: std::mem::take(&mut rows),
                affected: done.rows_affected(),
            }),
        }
    }
    Ok(answers)
}

fn not_acquired(error: NotAcquired<sqlx::Error>) -> sqlx::Error {
    match error {
        NotAcquired::TimedOut => sqlx::Error::PoolTimedOut,
        NotAcquired::Closed => sqlx::Error::PoolClosed,
        NotAcquired::Refused(error) => error,
    }
}
