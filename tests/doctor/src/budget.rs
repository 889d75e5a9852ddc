//! Pacing below the platform's three limits (contract §3.6). The budget belongs to the token, so the replicas count together,
//! in the database.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Row as _;
use tokio::sync::OwnedSemaphorePermit;

use crate::app::App;
use crate::machine::{jittered, now_ms};

/// A limit of the platform, for one kind of token.
struct Limits {
    hour: i64,
    minute: i64,
    in_flight: i64,
}

const INSTALLATION: Limits = Limits {
    hour: 500,
    minute: 30,
    in_flight: 5,
};
const USER: Limits = Limits {
    hour: 200,
    minute: 20,
    in_flight: 5,
};

/// A call is counted for a second longer than the platform does, because it arrives later than it is sent.
const MINUTE_MS: i64 = 61_000;
const HOUR_MS: i64 = 3_601_000;

/// A call that has no end by then belongs to a process that is gone.
const LONGEST_CALL_MS: i64 = 20_000;

/// The right to make one call. It counts as in flight until [`finish`].
#[derive(Debug)]
pub(crate) struct Permit {
    id: i64,
    /// Only by mistake.
    _place: Option<OwnedSemaphorePermit>,
}

/// Waits for the right to call with the token of `key`. `None` if it takes longer than until `deadline`, in milliseconds.
pub(crate) async fn acquire(app: &App, key: &str, deadline: i64) -> anyhow::Result<Option<Permit>> {
    if app.mistakes.has("reading-pacing") {
        // Nobody counts the calls of a minute.
        let _place = Arc::clone(&app.in_flight).acquire_owned().await.ok();
        return Ok(Some(Permit { id: 0, _place }));
    }
    loop {
        let wait = match try_acquire(app, key).await? {
            Ok(permit) => return Ok(Some(permit)),
            Err(wait) => wait,
        };
        if now_ms() + wait > deadline {
            return Ok(None);
        }
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or_default());
        tokio::time::sleep(wait + jittered(Duration::from_millis(20))).await;
    }
}

/// A permit, or how many milliseconds to wait.
async fn try_acquire(app: &App, key: &str) -> anyhow::Result<Result<Permit, i64>> {
    let limits = if key.contains('/') { &USER } else { &INSTALLATION };
    let in_flight = if app.mistakes.has("reading-in-flight") {
        limits.hour
    } else {
        limits.in_flight
    };
    let now = now_ms();
    let mut tx = app.store.begin().await?;
    let query = sqlx::query("DELETE FROM calls WHERE started <= ?").bind(now - HOUR_MS);
    query.execute(&mut *tx).await?;
    let not_before =
        sqlx::query_scalar::<_, i64>("SELECT not_before FROM connections WHERE key = ?").bind(key);
    let not_before = not_before.fetch_optional(&mut *tx).await?.unwrap_or_default();
    let query = sqlx::query(
        "SELECT count(*) AS hour, count(*) FILTER (WHERE started > ?2) AS minute,
                count(*) FILTER (WHERE ended IS NULL AND started > ?3) AS in_flight,
                min(started) AS first_of_hour, min(started) FILTER (WHERE started > ?2) AS first_of_minute
         FROM calls WHERE key = ?1",
    );
    let query = query.bind(key).bind(now - MINUTE_MS).bind(now - LONGEST_CALL_MS);
    let counted = query.fetch_one(&mut *tx).await?;
    let wait = if not_before > now {
        not_before - now
    } else if counted.get::<i64, _>("hour") >= limits.hour {
        counted.get::<i64, _>("first_of_hour") + HOUR_MS - now
    } else if counted.get::<i64, _>("minute") >= limits.minute {
        counted.get::<i64, _>("first_of_minute") + MINUTE_MS - now
    } else if counted.get::<i64, _>("in_flight") >= in_flight {
        30
    } else {
        let query = sqlx::query_scalar("INSERT INTO calls (key, started) VALUES (?, ?) RETURNING id");
        let id = query.bind(key).bind(now).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        return Ok(Ok(Permit { id, _place: None }));
    };
    tx.commit().await?;
    Ok(Err(wait.max(1)))
}

/// Ends a call.
pub(crate) async fn finish(app: &App, permit: Permit) -> anyhow::Result<()> {
    if app.mistakes.has("reading-pacing") {
        return Ok(());
    }
    let query = sqlx::query("UPDATE calls SET ended = ? WHERE id = ?")
        .bind(now_ms())
        .bind(permit.id);
    query.execute(app.store.pool()).await?;
    Ok(())
}

/// Stops all calls with the token of `key` for some time, in all replicas.
pub(crate) async fn pause(app: &App, key: &str, milliseconds: i64) -> anyhow::Result<()> {
    let query = sqlx::query("UPDATE connections SET not_before = max(not_before, ?) WHERE key = ?");
    query
        .bind(now_ms() + milliseconds)
        .bind(key)
        .execute(app.store.pool())
        .await?;
    Ok(())
}
