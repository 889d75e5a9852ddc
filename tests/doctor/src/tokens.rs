//! Access tokens that are valid, and refresh tokens that are sent once (contract §2.4).
//!
//! A refresh token is sent only under a claim that the database holds, by one replica. Its answer is stored before its access
//! token is used. If the answer is lost, or the holder of a claim is gone, the connection is *in doubt*: the platform may have
//! used the token, and a second sending would end everything. Then the access token is used to its end, and only after that, and
//! after a pause, the refresh token is sent once more.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _};
use tokio::sync::Mutex;

use crate::app::App;
use crate::machine::{jittered, now};
use crate::platform::{Answer, Failure};

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

fn unsealed(app: &App, token: &[u8], key: &str, which: &str) -> anyhow::Result<String> {
    if is_plain(app, which) {
        return Ok(String::from_utf8(BASE64_STANDARD.decode(token)?)?);
    }
    app.sealer.open(token, &record(key, which))
}

/// What became of a refresh.
enum Progress {
    /// The connection has changed.
    Changed,
    /// Another replica refreshes.
    Busy,
    /// Nothing has changed, for this reason.
    Failed(String),
}

/// One refresh of a connection at a time in this process.
#[derive(Debug, Default)]
pub(crate) struct Locks(std::sync::Mutex<HashMap<String, Arc<Mutex<()>>>>);

impl Locks {
    fn of(&self, key: &str) -> Arc<Mutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(key.to_owned()).or_default())
    }
}

/// Refreshes once, or waits while another task does. The claim in the database keeps the other replicas away.
async fn refresh(app: &Arc<App>, key: &str, generation: i64) -> Result<Progress, TokenError> {
    let lock = app.refreshing.of(key);
    let _one_at_a_time = if app.mistakes.has("tokens-one-refresh-for-many") {
        None
    } else {
        Some(lock.lock().await)
    };
    if load(app, key).await?.generation != generation {
        return Ok(Progress::Changed);
    }
    if !claim(app, key, generation).await? {
        return Ok(Progress::Busy);
    }
    // The caller may go away. The refresh must not.
    let (app, key) = (Arc::clone(app), key.to_owned());
    tokio::spawn(async move { send(&app, &key, generation).await }).await?
}

/// Takes the claim. If its last holder is gone, the token may have been sent: then the connection is in doubt.
async fn claim(app: &App, key: &str, generation: i64) -> Result<bool, TokenError> {
    let mut tx = app.store.begin().await?;
    let query = sqlx::query_as::<_, (Option<i64>, Option<String>)>(
        "SELECT claim_until, claim_holder FROM connections WHERE key = ? AND generation = ? AND status = 'connected'",
    );
    let Some((until, holder)) = query.bind(key).bind(generation).fetch_optional(&mut *tx).await? else {
        return Ok(false);
    };
    let ours = holder.as_ref() == Some(&app.replica);
    let ignored = if ours {
        app.mistakes.has("tokens-one-refresh-for-many")
    } else {
        app.mistakes.has("tokens-one-refresh-over-replicas")
    };
    let won = match until {
        Some(_) if ignored => true,
        Some(until) if until > now() => false,
        Some(_) => {
            tracing::warn!("the holder of a claim is gone; its refresh token may have been sent");
            let query = sqlx::query(
                "UPDATE connections SET claim_holder = NULL, claim_until = NULL, doubt_since = ? WHERE key = ?",
            );
            query.bind(now()).bind(key).execute(&mut *tx).await?;
            false
        }
        None => {
            let query = sqlx::query("UPDATE connections SET claim_holder = ?, claim_until = ? WHERE key = ?");
            query
                .bind(&app.replica)
                .bind(now() + CLAIM_S)
                .bind(key)
                .execute(&mut *tx)
                .await?;
            true
        }
    };
    tx.commit().await?;
    Ok(won)
}

/// Ends our claim. `in_doubt` says that the refresh token may have been used.
async fn release(app: &App, key: &str, in_doubt: bool) -> Result<(), TokenError> {
    let query = sqlx::query(
        "UPDATE connections SET claim_holder = NULL, claim_until = NULL, doubt_since = CASE WHEN ? THEN ? ELSE doubt_since END
         WHERE key = ? AND claim_holder = ?",
    );
    query
        .bind(in_doubt)
        .bind(now())
        .bind(key)
        .bind(&app.replica)
        .execute(app.store.pool())
        .await?;
    Ok(())
}

/// Sends the refresh token, under the claim.
async fn send(app: &App, key: &str, generation: i64) -> Result<Progress, TokenError> {
    let claimed_at = now();
    let connection = load(app, key).await?;
    let sealed = connection
        .refresh
        .as_deref()
        .context("the connection has no refresh token")?;
    let refresh_token = unsealed(app, sealed, key, "refresh")?;
    if now() > claimed_at + CLAIM_S / 2 {
        release(app, key, false).await?;
        return Ok(Progress::Busy);
    }
    let answer = ask(app, &refresh_token).await;
    if let Some(progress) = judge_wrongly(app, key, generation, &answer).await? {
        return Ok(progress);
    }
    match answer {
        Ok(answer) if answer.text("access_token").is_some() => {
            store_until_it_succeeds(app, key, generation, &connection, &answer).await;
            tracing::info!(event_id = connection.event_id, "refreshed");
            Ok(Progress::Changed)
        }
        Ok(answer) if answer.error() == "invalid_grant" => {
            tracing::warn!(
                event_id = connection.event_id,
                "the refresh token is not valid any more; a new consent is needed"
            );
            end(app, key, generation, "invalid_grant").await?;
            Ok(Progress::Changed)
        }
        Ok(answer) if answer.status.is_client_error() => {
            let status = answer.status.as_u16();
            tracing::error!(
                status,
                error = answer.error(),
                "the token endpoint refuses us; nothing has changed"
            );
            release(app, key, false).await?;
            Ok(Progress::Failed(format!("the token endpoint answers {status}")))
        }
        Err(Failure::NotSent) => {
            release(app, key, false).await?;
            Ok(Progress::Failed("the token endpoint is unreachable".to_owned()))
        }
        Ok(_) | Err(Failure::Lost) => {
            tracing::warn!(
                event_id = connection.event_id,
                "the outcome of a refresh is unknown; its token rests"
            );
            release(app, key, true).await?;
            Ok(Progress::Changed)
        }
    }
}

async fn ask(app: &App, refresh_token: &str) -> Result<Answer, Failure> {
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    let redirect_uri = format!("{}/callback", app.settings.base_url);
    if app.mistakes.has("tokens-refresh-fields") {
        form.push(("redirect_uri", &redirect_uri));
    }
    let mut url = format!("{}/oauth/token", app.settings.auth_base);
    if app.mistakes.has("tokens-not-in-url") {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("token", refresh_token)
            .finish();
        url = format!("{url}?{query}");
    }
    let asked = app.platform.token(&url, &app.settings, &form);
    if app.mistakes.has("tokens-slow-endpoint") {
        let in_time = tokio::time::timeout(Duration::from_secs(1), asked).await;
        return match in_time {
            Ok(answer) => answer,
            Err(_) => app.platform.token(&url, &app.settings, &form).await,
        };
    }
    match asked.await {
        Err(Failure::Lost) if app.mistakes.has("tokens-lost-answer-not-resent") => {
            app.platform.token(&url, &app.settings, &form).await
        }
        answer => answer,
    }
}

/// The fields of a token answer that the contract names.
const KNOWN_FIELDS: [&str; 8] = [
    "access_token",
    "refresh_token",
    "token_type",
    "expires_in",
    "refresh_expires_in",
    "scope",
    "event_id",
    "organization_id",
];

/// What mistakes make of the answer to a refresh. `None` without a mistake.
async fn judge_wrongly(
    app: &App,
    key: &str,
    generation: i64,
    answer: &Result<Answer, Failure>,
) -> Result<Option<Progress>, TokenError> {
    let Ok(answer) = answer else {
        if app.mistakes.has("tokens-lost-answer-keeps-access") {
            has_expired(app, key, generation).await?;
        }
        return Ok(None);
    };
    let failing = answer.status.is_server_error();
    let ends = [
        ("tokens-endpoint-down", failing && answer.body.is_object()),
        ("tokens-endpoint-html", failing && answer.body.is_null()),
        ("tokens-invalid-client", answer.error() == "invalid_client"),
    ];
    if ends.iter().any(|(id, applies)| *applies && app.mistakes.has(id)) {
        end(app, key, generation, "refresh_failed").await?;
        return Ok(Some(Progress::Changed));
    }
    if answer.error() == "invalid_grant" && app.mistakes.has("tokens-invalid-grant-final") {
        release(app, key, false).await?;
        return Err(TokenError::Reconnect("invalid_grant".to_owned()));
    }
    let mut fields = answer
        .body
        .as_object()
        .into_iter()
        .flat_map(|fields| fields.keys());
    let unknown = |field: &String| field != "user_id" && !KNOWN_FIELDS.contains(&field.as_str());
    if answer.status.is_success() && app.mistakes.has("tokens-tolerant-answer") && fields.any(unknown) {
        release(app, key, false).await?;
        return Ok(Some(Progress::Failed("an unknown field".to_owned())));
    }
    Ok(None)
}

/// The old token is gone, so the new one must not be lost: it stays in memory until the database takes it.
async fn store_until_it_succeeds(
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

/// The access token was used. With a mistake, this is when its pair is stored.
pub(crate) async fn was_used(app: &App, key: &str) -> anyhow::Result<()> {
    if app.mistakes.has("tokens-stored-before-use") {
        let query = sqlx::query("UPDATE connections SET reason = NULL WHERE key = ? AND reason = 'unused'");
        query.bind(key).execute(app.store.pool()).await?;
    }
    Ok(())
}

/// What a crash costs when tokens were in memory only.
pub(crate) async fn forget_what_was_in_memory(app: &App) -> anyhow::Result<()> {
    if app.mistakes.has("tokens-stored-before-use") {
        let query = sqlx::query("DELETE FROM connections WHERE reason = 'unused'");
        query.execute(app.store.pool()).await?;
    }
    if app.mistakes.has("tokens-restart") {
        let query = sqlx::query("DELETE FROM connections WHERE generation = 1 AND user_id IS NULL");
        query.execute(app.store.pool()).await?;
    }
    Ok(())
}

async fn end(app: &App, key: &str, generation: i64, reason: &str) -> Result<(), TokenError> {
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
            refreshed_at, consented_at, generation) VALUES (?, ?, ?, ?, ?, 'connected', ?, ?, ?, ?, ?, 1)
         ON CONFLICT (key) DO UPDATE SET organization_id = excluded.organization_id, scope = excluded.scope,
            status = excluded.status, reason = NULL, access = excluded.access, refresh = excluded.refresh,
            access_expires_at = excluded.access_expires_at, refreshed_at = excluded.refreshed_at,
            consented_at = excluded.consented_at, generation = generation + 1, doubt_since = NULL, claim_holder = NULL,
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
