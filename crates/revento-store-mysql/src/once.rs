//! [`Once`] on MySQL.

use async_trait::async_trait;
use revento_core::Timestamp;
use revento_store::{Once, StoreError, columns::index_text};
use sqlx::Row as _;

use crate::{
    MySqlStore,
    call::Call,
    error::{Failure, failed},
    expired,
};

/// Takes the mark if it is free. Its end is assigned last, because the other column depends on it. Then lists marks that have ended.
const TAKE: &str = "
    INSERT INTO {db}.revento_once (mark, ends_at, last_call) VALUES ($1, $3, $4)
    ON DUPLICATE KEY UPDATE
        last_call = CASE WHEN ends_at <= $2 THEN $4 ELSE last_call END,
        ends_at = CASE WHEN ends_at <= $2 THEN $3 ELSE ends_at END;
    SELECT last_call = $4 AS taken FROM {db}.revento_once WHERE mark = $1";
const ENDED: &str = "SELECT mark FROM {db}.revento_once WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2";
const FORGET: &str = "DELETE FROM {db}.revento_once WHERE mark IN ($1) AND ends_at <= $2";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[("ended_marks", ENDED)];

#[async_trait]
impl Once for MySqlStore {
    async fn take(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        self.take_mark(id, now.unix_micros(), until.unix_micros())
            .await
            .map_err(failed("taking a use-once mark"))
    }
}

impl MySqlStore {
    async fn take_mark(&self, id: &str, now: i64, until: i64) -> Result<bool, Failure> {
        let take = Call::new(TAKE)
            .bind(index_text(id))
            .bind(now)
            .bind(until)
            .bind(self.call_name());
        let ended = Call::new(ENDED).bind(now).bind(expired::SLICE);
        let mut answers = self.transact(&[take, ended]).await?.into_iter().skip(1);
        let row = answers.next().and_then(|answer| answer.rows.into_iter().next());
        let taken = row.ok_or(sqlx::Error::RowNotFound)?.try_get::<i64, _>("taken")? != 0;
        if let Some(ended) = answers.next() {
            self.forget_expired(FORGET, &ended.rows, now).await;
        }
        Ok(taken)
    }
}
