//! [`Once`] in SQL: the number of affected rows says who has the mark.

use async_trait::async_trait;
use revento_core::Timestamp;
use revento_store::{Once, StoreError, TextDigest};

use crate::sql::{BoxError, SqlStore, not_written};

const FORGET: &str = "DELETE FROM marks WHERE until <= ?";
const TAKE: &str = "INSERT INTO marks (id, until) VALUES (?, ?) ON CONFLICT DO NOTHING";

impl SqlStore {
    async fn take_mark(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, BoxError> {
        let (mut tx, _) = self.begin().await?;
        sqlx::query(FORGET)
            .bind(now.unix_micros())
            .execute(&mut *tx)
            .await?;
        let taken = sqlx::query(TAKE)
            .bind(TextDigest::of(id).as_bytes().as_slice())
            .bind(until.unix_micros())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(taken.rows_affected() == 1)
    }
}

#[async_trait]
impl Once for SqlStore {
    async fn take(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        self.take_mark(id, now, until)
            .await
            .map_err(not_written("taking a use-once mark"))
    }
}
