//! Refreshing: under a claim, one request, and what its outcome means.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::Mutex;

use super::pair::{end, store_until_it_succeeds, unsealed};
use super::wrongly::judge_wrongly;
use super::{CLAIM_S, TokenError, load};
use crate::app::App;
use crate::machine::now;
use crate::platform::{Answer, Failure};

/// What became of a refresh.
pub(super) enum Progress {
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
pub(super) async fn refresh(app: &Arc<App>, key: &str, generation: i64) -> Result<Progress, TokenError> {
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
pub(super) async fn release(app: &App, key: &str, in_doubt: bool) -> Result<(), TokenError> {
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
