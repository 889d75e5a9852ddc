//! A pair of tokens: sealed, and stored before it is used.

use std::time::Duration;

use anyhow::anyhow;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{Connection, TokenError, load};
use crate::app::App;
use crate::machine::{now, now_ms};
use crate::platform::Answer;

/// Stores the connection of a new consent. `consented_at` is the platform's time.
pub(crate) async fn connect(app: &App, key: &str, event_id: &str, answer: &Answer) -> anyhow::Result<()> {
    if app.mistakes.has("oauth-reconsent") && load(app, key).await.is_ok() {
        return Ok(());
    }
    let pair = Pair::of(app, key, answer)?;
    let mut tx = app.store.begin().await?;
    if app.mistakes.has("tokens-per-connection") {
        // There is one place for tokens.
        let query = sqlx::query("DELETE FROM connections WHERE key <> ? AND user_id IS NULL");
        query.bind(key).execute(&mut *tx).await?;
    }
    let query = sqlx::query(
        "INSERT INTO connections (key, event_id, user_id, organization_id, scope, status, access, refresh, access_expires_at,
            refreshed_at, consented_at, connected_at, generation) VALUES (?, ?, ?, ?, ?, 'connected', ?, ?, ?, ?, ?, ?, 1)
         ON CONFLICT (key) DO UPDATE SET organization_id = excluded.organization_id, scope = excluded.scope,
            status = CASE WHEN ? AND reason = 'token_revoked' THEN status ELSE excluded.status END,
            reason = NULL, access = excluded.access, refresh = excluded.refresh,
            access_expires_at = excluded.access_expires_at, refreshed_at = excluded.refreshed_at,
            consented_at = excluded.consented_at, connected_at = excluded.connected_at, generation = generation + 1, doubt_since = NULL, claim_holder = NULL,
            claim_until = NULL, not_before = 0",
    );
    let query = query
        .bind(key)
        .bind(event_id)
        .bind(answer.text("user_id"))
        .bind(answer.text("organization_id"));
    let query = query.bind(answer.text("scope").unwrap_or_default());
    let query = query
        .bind(pair.access)
        .bind(pair.refresh)
        .bind(pair.expires_at)
        .bind(now());
    query
        .bind(answer.date().unwrap_or_else(now))
        .bind(now_ms())
        .bind(app.mistakes.has("ending-reconnect"))
        .execute(&mut *tx)
        .await?;
    // Another consent has a budget of its own.
    sqlx::query("DELETE FROM calls WHERE key = ?")
        .bind(key)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// The old token is gone, so the new one must not be lost: it stays in memory until the database takes it.
pub(super) async fn store_until_it_succeeds(
    app: &App,
    key: &str,
    generation: i64,
    connection: &Connection,
    answer: &Answer,
) {
    while let Err(error) = store(app, key, generation, connection, answer).await {
        tracing::error!(%error, "a new token pair is in memory only: do not stop this process, repair the database");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn store(
    app: &App,
    key: &str,
    generation: i64,
    connection: &Connection,
    answer: &Answer,
) -> anyhow::Result<()> {
    let pair = Pair::of(app, key, answer)?;
    // An answer with another binding is kept and not used.
    let same = answer
        .text("event_id")
        .is_none_or(|event_id| event_id == connection.event_id);
    let query = sqlx::query(
        "UPDATE connections SET access = ?, refresh = CASE WHEN ? THEN refresh ELSE ? END, access_expires_at = ?, refreshed_at = ?, scope = ?,
            generation = generation + 1, doubt_since = NULL, claim_holder = NULL, claim_until = NULL,
            status = CASE WHEN ? THEN status ELSE 'needs_consent' END,
            reason = CASE WHEN ? THEN reason ELSE 'other_binding' END
         WHERE key = ? AND generation = ?",
    );
    let query = query
        .bind(pair.access)
        .bind(app.mistakes.has("tokens-newest-refresh-token"))
        .bind(pair.refresh)
        .bind(pair.expires_at)
        .bind(now());
    let query = query
        .bind(answer.text("scope").unwrap_or(&connection.scope))
        .bind(same)
        .bind(same);
    query.bind(key).bind(generation).execute(app.store.pool()).await?;
    if app.mistakes.has("tokens-stored-before-use") {
        let query = sqlx::query("UPDATE connections SET reason = 'unused' WHERE key = ?");
        query.bind(key).execute(app.store.pool()).await?;
    }
    Ok(())
}

/// Ends a connection: only a new consent helps.
pub(super) async fn end(app: &App, key: &str, generation: i64, reason: &str) -> Result<(), TokenError> {
    let query = sqlx::query(
        "UPDATE connections SET status = 'needs_consent', reason = ?, access = NULL, refresh = NULL, claim_holder = NULL,
            claim_until = NULL, doubt_since = NULL WHERE key = ? AND generation = ? AND status = 'connected'",
    );
    query
        .bind(reason)
        .bind(key)
        .bind(generation)
        .execute(app.store.pool())
        .await?;
    Ok(())
}

/// The tokens of an answer, sealed.
struct Pair {
    access: Vec<u8>,
    refresh: Option<Vec<u8>>,
    expires_at: i64,
}

impl Pair {
    fn of(app: &App, key: &str, answer: &Answer) -> anyhow::Result<Self> {
        let access = answer
            .text("access_token")
            .ok_or_else(|| anyhow!("the answer has no access token"))?;
        let refresh = answer.text("refresh_token");
        let refresh = refresh
            .map(|token| sealed(app, token, key, "refresh"))
            .transpose()?;
        Ok(Self {
            access: sealed(app, access, key, "access")?,
            refresh,
            expires_at: now().saturating_add(answer.number("expires_in").unwrap_or(3600)),
        })
    }
}

fn record(key: &str, which: &str) -> String {
    format!("{which} of {key}")
}

fn is_plain(app: &App, which: &str) -> bool {
    let mistakes = &app.mistakes;
    (which == "access" && mistakes.has("storage-access-tokens"))
        || (which == "refresh" && mistakes.has("storage-refresh-tokens"))
}

fn sealed(app: &App, token: &str, key: &str, which: &str) -> anyhow::Result<Vec<u8>> {
    if is_plain(app, which) {
        return Ok(BASE64_STANDARD.encode(token).into_bytes());
    }
    app.sealer.seal(token, &record(key, which))
}

pub(super) fn unsealed(app: &App, token: &[u8], key: &str, which: &str) -> anyhow::Result<String> {
    if is_plain(app, which) {
        return Ok(String::from_utf8(BASE64_STANDARD.decode(token)?)?);
    }
    app.sealer.open(token, &record(key, which))
}
