//! Access tokens that are valid, and refresh tokens that are sent once (contract §2.4).
//!
//! A refresh token is sent only under a claim that the database holds, by one replica. Its answer is stored before its access
//! token is used. If the answer is lost, or the holder of a claim is gone, the connection is *in doubt*: the platform may have
//! used the token, and a second sending would end everything. Then the access token is used to its end, and only after that, and
//! after a pause, the refresh token is sent once more.

mod pair;
mod refresh;
mod wrongly;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _};

use crate::app::App;
use crate::machine::{jittered, now};
pub(crate) use pair::connect;
use pair::{end, unsealed};
pub(crate) use refresh::Locks;
use refresh::{Progress, refresh};
pub(crate) use wrongly::{forget_what_was_in_memory, was_used};

/// How long a claim holds, in seconds.
pub(crate) const CLAIM_S: i64 = 18;

/// How long before its end an access token is refreshed, in seconds.
const LEAD_S: i64 = 300;

/// How long a token in doubt rests before it is sent again, in seconds: until its first request is surely over.
const DOUBT_PAUSE_S: i64 = 5;

/// How long a caller waits for a refresh, in seconds.
const PATIENCE_S: i64 = 11;

/// After how many days an unused connection is refreshed.
const IDLE_DAYS: i64 = 60;

/// A valid access token.
pub(crate) struct Access {
    pub(crate) token: String,
    /// The number of its pair.
    pub(crate) generation: i64,
}

/// Why there is no access token.
#[derive(Debug)]
pub(crate) enum TokenError {
    /// There is no connection, or it has ended for this reason.
    Reconnect(String),
    /// The token endpoint does not answer.
    Unavailable(String),
    /// Our own database failed.
    Internal(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for TokenError {
    fn from(error: E) -> Self {
        Self::Internal(error.into())
    }
}

struct Connection {
    status: String,
    reason: Option<String>,
    event_id: String,
    scope: String,
    access: Option<Vec<u8>>,
    refresh: Option<Vec<u8>>,
    access_expires_at: i64,
    generation: i64,
    doubt_since: Option<i64>,
}

impl FromRow<'_, SqliteRow> for Connection {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            status: row.try_get("status")?,
            reason: row.try_get("reason")?,
            event_id: row.try_get("event_id")?,
            scope: row.try_get("scope")?,
            access: row.try_get("access")?,
            refresh: row.try_get("refresh")?,
            access_expires_at: row.try_get("access_expires_at")?,
            generation: row.try_get("generation")?,
            doubt_since: row.try_get("doubt_since")?,
        })
    }
}

/// Fails if the connection has ended.
pub(crate) async fn check(app: &App, key: &str) -> Result<(), TokenError> {
    load(app, key).await.map(drop)
}

async fn load(app: &App, key: &str) -> Result<Connection, TokenError> {
    let query = sqlx::query_as::<_, Connection>("SELECT * FROM connections WHERE key = ?").bind(key);
    let connection = query.fetch_optional(app.store.pool()).await?;
    let connection = connection.ok_or_else(|| TokenError::Reconnect("not_connected".to_owned()))?;
    if connection.status != "connected" {
        return Err(TokenError::Reconnect(
            connection.reason.unwrap_or(connection.status),
        ));
    }
    Ok(connection)
}

/// A valid access token of the connection `key`.
pub(crate) async fn access(app: &Arc<App>, key: &str) -> Result<Access, TokenError> {
    let deadline = now() + PATIENCE_S;
    let mut failed = None;
    loop {
        let connection = load(app, key).await?;
        let expired = connection.access_expires_at <= now();
        let due = expired || connection.access_expires_at - LEAD_S <= now();
        let usable = !expired
            && (connection.refresh.is_none() || connection.doubt_since.is_some() || failed.is_some());
        if !due || usable {
            return open(app, key, &connection);
        }
        if let Some(why) = failed.take() {
            return Err(TokenError::Unavailable(why));
        }
        if connection.refresh.is_none() {
            end(app, key, connection.generation, "no_refresh_token").await?;
            continue;
        }
        let resting = connection
            .doubt_since
            .is_some_and(|since| since + DOUBT_PAUSE_S > now());
        if !resting {
            match refresh(app, key, connection.generation).await? {
                Progress::Changed => continue,
                Progress::Failed(why) => {
                    failed = Some(why);
                    continue;
                }
                Progress::Busy => {}
            }
        }
        if now() >= deadline {
            return Err(TokenError::Unavailable(
                "the outcome of a refresh is unknown".to_owned(),
            ));
        }
        tokio::time::sleep(jittered(Duration::from_millis(150))).await;
    }
}

/// The platform calls the access token of this generation expired. It is stored, so that no caller and no replica sends it again.
pub(crate) async fn has_expired(app: &App, key: &str, generation: i64) -> Result<(), TokenError> {
    let query = sqlx::query("UPDATE connections SET access_expires_at = 0 WHERE key = ? AND generation = ?");
    query.bind(key).bind(generation).execute(app.store.pool()).await?;
    Ok(())
}

fn open(app: &App, key: &str, connection: &Connection) -> Result<Access, TokenError> {
    let sealed = connection
        .access
        .as_deref()
        .context("the connection has no access token")?;
    Ok(Access {
        token: unsealed(app, sealed, key, "access")?,
        generation: connection.generation,
    })
}

/// Refreshes the connections that nobody has used for long, so that their 90 days do not run out.
pub(crate) async fn refresh_idle(app: Arc<App>) -> anyhow::Result<()> {
    let query = sqlx::query_scalar::<_, String>(
        "SELECT key FROM connections WHERE status = 'connected' AND refresh IS NOT NULL AND refreshed_at < ?",
    );
    let idle = query
        .bind(now() - IDLE_DAYS * 86_400)
        .fetch_all(app.store.pool())
        .await?;
    for key in idle {
        if let Err(error) = access(&app, &key).await {
            tracing::warn!(
                ?error,
                "an idle connection could not be refreshed; it is tried again later"
            );
        }
    }
    Ok(())
}
