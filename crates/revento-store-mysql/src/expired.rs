//! Deletes rows of short life that have ended.

use sqlx::{Row as _, mysql::MySqlRow};

use crate::{MySqlStore, call::Call, literal::literal};

/// How many rows are deleted at once.
pub(crate) const SLICE: i64 = 16;

impl MySqlStore {
    /// Deletes the rows whose keys are in the first column, if they still have ended by `now`, in a transaction of its own: a call holds no
    /// lock for it. It waits until there are enough of them, so that one call in sixteen pays for the others. If it fails, a later call
    /// does it.
    pub(crate) async fn forget_expired(&self, template: &'static str, rows: &[MySqlRow], now: i64) {
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) < SLICE {
            return;
        }
        let keys = rows.iter().map(|row| row.try_get::<Vec<u8>, _>(0));
        let Ok(mut keys) = keys.collect::<Result<Vec<_>, _>>() else {
            return;
        };
        // In the order in which other calls lock them.
        keys.sort_unstable();
        let keys = keys.iter().map(literal).collect::<Vec<_>>().join(",");
        let _ = self.call(Call::new(template).bind_sql(keys).bind(now)).await;
    }
}
