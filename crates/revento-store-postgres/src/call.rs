//! A call of the store: one message to the server, which is one transaction.
//!
//! A pooler such as PgBouncer may give each transaction another session of the server. So a call relies on nothing that a session
//! keeps: it names the schema of each table, it sets its settings for the transaction only, and it prepares no statement. The server
//! runs the whole message as one transaction, so a process that is paused holds no lock.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use revento_store::connection_pool::Rollbacks;
use sqlx::{AssertSqlSafe, Connection as _, Either, Executor as _, PgConnection, postgres::PgRow};

use crate::{
    PostgresStore,
    connections::{Checkout, not_acquired},
    error::{Failure, is_connection_lost, is_of_the_statement, is_read_only, is_rolled_back_for_others},
    literal::{Element, Value, column, literal},
};

/// What the store relies on. A stricter `synchronous_commit` stays. Not `READ WRITE`: a server that became a replica would refuse even
/// reads, and not as something that passes. The answers are in the text format, whose bytes are read as hexadecimal digits.
pub(crate) const SETTINGS: &str = "
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    SELECT set_config('lock_timeout', '10s', TRUE), set_config('statement_timeout', '30s', TRUE),
        set_config('bytea_output', 'hex', TRUE), set_config('synchronous_commit', CASE current_setting('synchronous_commit')
            WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, TRUE);";
/// How many statements these are.
const SETTINGS_COUNT: usize = 2;

/// How often a call is made again on another connection because its connection was lost.
const MAX_LOST_CONNECTIONS: usize = 16;
/// How long a server may be silent. Its own time limit ends a statement earlier.
const MAX_SILENCE: Duration = Duration::from_secs(60);

/// A statement with its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    template: &'static str,
    /// The statement that follows if the call is made again: it finds what the call itself has written.
    recognition: Option<&'static str>,
    arguments: Vec<String>,
    repeatable: bool,
}

impl Call {
    /// A call that can be made again if its answer was lost. `{schema}` in the template stands for the quoted name of the store's
    /// schema, `{sequence}` for its sequence, `{repeated}` for whether the call is made again, and `$1` for the first argument.
    pub(crate) fn new(template: &'static str) -> Self {
        Self {
            template,
            recognition: None,
            arguments: Vec::new(),
            repeatable: true,
        }
    }

    /// A call whose answer cannot be found out once it was lost.
    pub(crate) fn once(template: &'static str) -> Self {
        Self {
            repeatable: false,
            ..Self::new(template)
        }
    }

    pub(crate) fn recognized_by(mut self, template: &'static str) -> Self {
        self.recognition = Some(template);
        self
    }

    /// Adds the next argument.
    pub(crate) fn bind(mut self, value: impl Value) -> Self {
        self.arguments.push(literal(&value));
        self
    }

    /// Adds an array as the next argument, or `NULL` if each value is one.
    pub(crate) fn bind_sparse_column<V: Element>(
        mut self,
        values: impl Iterator<Item = Option<V>> + Clone,
    ) -> Self {
        if values.clone().all(|value| value.is_none()) {
            self.arguments.push(format!("NULL::{}[]", V::TYPE));
            self
        } else {
            self.bind_column(values)
        }
    }

    /// Adds an array as the next argument.
    pub(crate) fn bind_column<V: Element>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        self.arguments.push(column(values));
        self
    }
}

/// What the server answered.
#[derive(Default)]
pub(crate) struct Answer {
    /// The rows of each call.
    pub(crate) results: Vec<Vec<PgRow>>,
    /// How many rows the last statement has written.
    pub(crate) written: u64,
    /// Whether the call was made again because its connection was lost. The first attempt may have taken effect.
    pub(crate) repeated: bool,
}

impl Answer {
    pub(crate) fn rows(self) -> Vec<PgRow> {
        self.results.into_iter().flatten().collect()
    }
}

impl PostgresStore {
    /// Makes a call.
    pub(crate) async fn call(&self, call: Call) -> Result<Answer, Failure> {
        self.transact(std::slice::from_ref(&call)).await
    }

    /// The rows of a call.
    pub(crate) async fn rows(&self, call: Call) -> Result<Vec<PgRow>, Failure> {
        Ok(self.call(call).await?.rows())
    }

    /// The row of a call; `None` if there is none.
    pub(crate) async fn row(&self, call: Call) -> Result<Option<PgRow>, Failure> {
        Ok(self.rows(call).await?.pop())
    }

    /// Makes calls in one transaction. If its connection is lost, the calls are made again on another one: they find what they have
    /// written themselves. Calls that cannot do so ask first whether the connection works.
    pub(crate) async fn transact(&self, calls: &[Call]) -> Result<Answer, Failure> {
        let repeatable = calls.iter().all(|call| call.repeatable);
        let (mut lost, mut rollbacks) = (0, Rollbacks::default());
        let mut in_doubt = false;
        let mut patience = self.connections.acquire_timeout();
        loop {
            let checkout = self
                .connections
                .acquire(&mut patience)
                .await
                .map_err(|error| Failure {
                    may_have_taken_effect: in_doubt,
                    ..Failure::without_effect(not_acquired(error))
                })?;
            let failure = match self.attempt(checkout, calls, repeatable, in_doubt).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if is_connection_lost(&failure.error) {
                self.connections.discard_idle();
                lost += 1;
                if lost <= MAX_LOST_CONNECTIONS && (repeatable || !failure.may_have_taken_effect) {
                    in_doubt |= failure.may_have_taken_effect;
                    continue;
                }
            } else if is_read_only(&failure.error) {
                self.connections.discard_idle(); // The primary is elsewhere now.
            } else if is_rolled_back_for_others(&failure.error) && rollbacks.may_repeat().await {
                continue;
            }
            return Err(Failure {
                may_have_taken_effect: failure.may_have_taken_effect || in_doubt,
                ..failure
            });
        }
    }

    /// A statement without its arguments.
    pub(crate) fn sql(&self, template: &str) -> String {
        self.render(template, &[], false)
    }

    async fn attempt(
        &self,
        mut checkout: Checkout,
        calls: &[Call],
        repeatable: bool,
        repeated: bool,
    ) -> Result<Answer, Failure> {
        let connection = checkout.connection();
        if !repeatable {
            connection.ping().await.map_err(Failure::without_effect)?;
        }
        let mut sql = String::from(SETTINGS);
        for call in calls {
            sql.push_str(&self.render(call.template, &call.arguments, repeated));
            sql.push(';');
            if let Some(recognition) = call.recognition.filter(|_| repeated) {
                sql.push_str(&self.render(recognition, &call.arguments, repeated));
                sql.push(';');
            }
        }
        let silent = |_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
        let answered = tokio::time::timeout(MAX_SILENCE, send(connection, sql)).await;
        let answer = answered.unwrap_or_else(silent);
        if answer.as_ref().err().is_none_or(is_of_the_statement) {
            checkout.give_back();
        }
        let answer = answer.map_err(Failure::of_transaction)?;
        let mut results = answer.results.into_iter();
        let of_call = |call: &Call| {
            let count = 1 + usize::from(repeated && call.recognition.is_some());
            results.by_ref().take(count).flatten().collect()
        };
        Ok(Answer {
            results: calls.iter().map(of_call).collect(),
            written: answer.written,
            repeated,
        })
    }

    /// In one pass, so that no value is taken for a place of another one.
    fn render(&self, template: &str, arguments: &[String], repeated: bool) -> String {
        let mut sql =
            String::with_capacity(template.len() + arguments.iter().map(String::len).sum::<usize>());
        let mut rest = template;
        while let Some(at) = rest.find(['{', '$']) {
            let (before, place) = rest.split_at(at);
            sql.push_str(before);
            let words = [
                ("{schema}", &*self.schema),
                ("{sequence}", &*self.sequence),
                ("{repeated}", if repeated { "TRUE" } else { "FALSE" }),
            ];
            let word = words.iter().find(|(word, _)| place.starts_with(word));
            let digits = place.bytes().skip(1).take_while(u8::is_ascii_digit).count();
            let number = place
                .get(1..=digits)
                .and_then(|digits| digits.parse::<usize>().ok());
            let argument = number.and_then(|number| arguments.get(number.checked_sub(1)?));
            let (value, len) = match (word, argument) {
                (Some((word, value)), _) => (*value, word.len()),
                (None, Some(argument)) if place.starts_with('$') => (argument.as_str(), digits + 1),
                _ => (place.get(..1).unwrap_or_default(), 1),
            };
            sql.push_str(value);
            rest = place.get(len..).unwrap_or_default();
        }
        sql.push_str(rest);
        sql
    }
}

/// Sends a transaction in one message.
async fn send(connection: &mut PgConnection, sql: String) -> Result<Answer, sqlx::Error> {
    let mut stream = connection.fetch_many(sqlx::raw_sql(AssertSqlSafe(sql)));
    let mut answer = Answer::default();
    let mut rows = Vec::new();
    let mut ended = 0;
    while let Some(item) = stream.try_next().await? {
        match item {
            Either::Right(row) => rows.push(row),
            Either::Left(done) => {
                let result = std::mem::take(&mut rows);
                ended += 1;
                if ended > SETTINGS_COUNT {
                    answer.results.push(result);
                    answer.written = done.rows_affected();
                }
            }
        }
    }
    Ok(answer)
}
