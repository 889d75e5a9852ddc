//! Adds, lists and claims events.

use revento_core::{EventId, Timestamp, claim::Fence};
use revento_mirror::store::{MirroredEvent, ReadClaim};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::SqliteMirror;
use crate::store::row_limit;

const BEGIN: &str = "
    INSERT INTO revento_mirror_events
        (event_id, epoch, progress, last_change, forgotten_to, last_version, last_fence)
    VALUES (?, 1, ?, 0, 0, 0, 0) ON CONFLICT (event_id) DO NOTHING";
const LIST: &str = "
    SELECT event_id, epoch, progress, wished_at, last_change FROM revento_mirror_events
    WHERE ?1 IS NULL OR event_id > ?1 ORDER BY event_id LIMIT ?2";
const STATE: &str = "
    SELECT event_id, epoch, progress, wished_at, last_change, last_fence, fence, claimed_until
    FROM revento_mirror_events WHERE event_id = ?";
const CLAIM: &str = "UPDATE revento_mirror_events SET fence = ?2, claimed_until = ?3, last_fence = max(last_fence, ?2) WHERE event_id = ?1";
const RELEASE: &str = "
    UPDATE revento_mirror_events SET fence = NULL, claimed_until = NULL WHERE event_id = ? AND fence = ?";

impl SqliteMirror {
    pub(super) async fn begin_event(&self, event_id: &EventId, progress: &str) -> Result<bool, sqlx::Error> {
        let begin = sqlx::query(BEGIN).bind(event_id.as_str()).bind(progress);
        let mut tx = self.store.write().await?;
        let added = begin.execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(added == 1)
    }

    pub(super) async fn list_events(
        &self,
        after: Option<&EventId>,
        limit: usize,
    ) -> Result<Vec<MirroredEvent>, sqlx::Error> {
        let list = sqlx::query(LIST)
            .bind(after.map(EventId::as_str))
            .bind(row_limit(limit));
        let rows = list.fetch_all(&self.store.readers).await?;
        rows.iter().map(event).collect()
    }

    pub(super) async fn claim_event(
        &self,
        event_id: &EventId,
        held: Option<Fence>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<ReadClaim, sqlx::Error> {
        let mut tx = self.store.write().await?;
        let claim = claim(&mut tx, event_id, held, now, until).await?;
        tx.commit().await?;
        Ok(claim)
    }

    pub(super) async fn release_event(&self, event_id: &EventId, fence: Fence) -> Result<(), sqlx::Error> {
        let release = sqlx::query(RELEASE).bind(event_id.as_str()).bind(fence.0);
        let mut tx = self.store.write().await?;
        release.execute(&mut *tx).await?;
        tx.commit().await
    }
}

async fn claim(
    tx: &mut SqliteConnection,
    event_id: &EventId,
    held: Option<Fence>,
    now: Timestamp,
    until: Timestamp,
) -> Result<ReadClaim, sqlx::Error> {
    let state = sqlx::query(STATE).bind(event_id.as_str());
    let Some(state) = state.fetch_optional(&mut *tx).await? else {
        return Ok(ReadClaim::Unknown);
    };
    let current: Option<i64> = state.try_get("fence")?;
    let ends: Option<i64> = state.try_get("claimed_until")?;
    let fence = match (current, ends) {
        (Some(fence), _) if held == Some(Fence(fence)) => fence,
        (Some(_), Some(ends)) if ends > now.unix_micros() => {
            let until = Timestamp::from_unix_micros(ends);
            return Ok(ReadClaim::Held { until });
        }
        _ => state.try_get::<i64, _>("last_fence")? + 1,
    };
    let claim = sqlx::query(CLAIM).bind(event_id.as_str()).bind(fence);
    claim.bind(until.unix_micros()).execute(tx).await?;
    Ok(ReadClaim::Granted {
        fence: Fence(fence),
        event: event(&state)?,
    })
}

/// Reads an event.
pub(super) fn event(row: &SqliteRow) -> Result<MirroredEvent, sqlx::Error> {
    let wished_at: Option<i64> = row.try_get("wished_at")?;
    Ok(MirroredEvent {
        event_id: row.try_get::<String, _>("event_id")?.into(),
        epoch: row.try_get("epoch")?,
        progress: row.try_get("progress")?,
        wished_at: wished_at.map(Timestamp::from_unix_micros),
        last_change: row.try_get("last_change")?,
    })
}
