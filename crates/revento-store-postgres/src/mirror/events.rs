//! Adds, lists and claims events.

use revento_core::{EventId, Timestamp, claim::Fence};
use revento_mirror::store::{MirroredEvent, ReadClaim};
use sqlx::{Row as _, postgres::PgRow};

use super::{PostgresMirror, session::Statement};
use crate::{
    error::Failure,
    store::row_limit,
    text::{escape, indexed, long, unescape},
};

/// The columns of an event `e`.
pub(super) const COLUMNS: &str =
    "coalesce(e.long_event_id, e.event_id) AS event_id, e.epoch, e.progress, e.wished_at, e.last_change";
const BEGIN: &str = "
    INSERT INTO {schema}.revento_mirror_events
        (event_id, long_event_id, progress, epoch, last_change, forgotten_to, last_version, last_fence)
    VALUES ($1, $2, $3, 1, 0, 0, 0, 0) ON CONFLICT (event_id) DO NOTHING";
const RELEASE: &str = "
    UPDATE {schema}.revento_mirror_events SET fence = NULL, claimed_until = NULL WHERE event_id = $1 AND fence = $2";
/// A claim that is granted, or else the event as it is. The lock of the row makes the judgement see the newest state.
const CLAIM: &str = "
    WITH granted AS (
        UPDATE {schema}.revento_mirror_events AS e SET claimed_until = $4,
            fence = CASE WHEN e.fence = $2 THEN e.fence ELSE e.last_fence + 1 END,
            last_fence = CASE WHEN e.fence = $2 THEN e.last_fence ELSE e.last_fence + 1 END
        WHERE e.event_id = $1 AND (e.fence IS NULL OR e.claimed_until <= $3 OR e.fence = $2)
        RETURNING e.*
    )
    SELECT {columns}, e.fence, e.claimed_until, TRUE AS is_granted FROM granted AS e
    UNION ALL
    SELECT {columns}, e.fence, e.claimed_until, FALSE FROM {schema}.revento_mirror_events AS e
        WHERE e.event_id = $1 AND NOT EXISTS (SELECT FROM granted)";

impl PostgresMirror {
    pub(super) async fn begin_event(&self, event_id: &EventId, progress: &str) -> Result<bool, Failure> {
        let begin = Statement::new(BEGIN)
            .bind(indexed(event_id.as_str()))
            .bind(long(event_id.as_str()))
            .bind(escape(progress).into_owned());
        Ok(self.run(begin).await?.written == 1)
    }

    pub(super) async fn list_events(
        &self,
        after: Option<&EventId>,
        limit: usize,
    ) -> Result<Vec<MirroredEvent>, Failure> {
        let mut sql = Statement::new(format!(
            "SELECT {COLUMNS} FROM {{schema}}.revento_mirror_events AS e"
        ));
        if let Some(after) = after {
            sql.push(" WHERE e.event_id > ")
                .push_bind(indexed(after.as_str()));
        }
        sql.push(" ORDER BY e.event_id LIMIT ")
            .push_bind(row_limit(limit));
        let rows = self.run(sql).await?.rows;
        rows.iter().map(|row| Ok(event(row)?)).collect()
    }

    pub(super) async fn claim_event(
        &self,
        event_id: &EventId,
        held: Option<Fence>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<ReadClaim, Failure> {
        let claim = Statement::new(CLAIM.replace("{columns}", COLUMNS))
            .bind(indexed(event_id.as_str()))
            .bind(held.map(|fence| fence.0))
            .bind(now.unix_micros())
            .bind(until.unix_micros());
        let rows = self.run(claim).await?.rows;
        let Some(row) = rows.first() else {
            return Ok(ReadClaim::Unknown);
        };
        if row.try_get("is_granted")? {
            return Ok(ReadClaim::Granted {
                fence: Fence(row.try_get("fence")?),
                event: event(row)?,
            });
        }
        // If the other claim began after the statement, its end is not known yet.
        let until: Option<i64> = row.try_get("claimed_until")?;
        Ok(ReadClaim::Held {
            until: until.map_or(now, Timestamp::from_unix_micros).max(now),
        })
    }

    pub(super) async fn release_event(&self, event_id: &EventId, fence: Fence) -> Result<(), Failure> {
        let release = Statement::new(RELEASE)
            .bind(indexed(event_id.as_str()))
            .bind(fence.0);
        self.run(release).await.map(drop)
    }
}

/// Reads an event.
pub(super) fn event(row: &PgRow) -> Result<MirroredEvent, sqlx::Error> {
    let wished_at: Option<i64> = row.try_get("wished_at")?;
    Ok(MirroredEvent {
        event_id: unescape(row.try_get("event_id")?).into(),
        epoch: row.try_get("epoch")?,
        progress: unescape(row.try_get("progress")?).into(),
        wished_at: wished_at.map(Timestamp::from_unix_micros),
        last_change: row.try_get("last_change")?,
    })
}
