//! One read of the API, with everything that it takes: pacing, a valid token, retries.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::App;
use crate::machine::{self, jittered, now_ms};
use crate::platform::{Answer, Failure};
use crate::tokens::{self, Access, TokenError};
use crate::{budget, endings, log};

/// How long a page of ours waits for the platform, in milliseconds.
const PATIENCE_MS: i64 = 12_000;

/// How often a failing call is made in all.
const ATTEMPTS: u32 = 5;

/// How long to wait at least when the platform has no time for us and does not say until when.
const UNSAID: Duration = Duration::from_secs(1);

/// Why a read failed.
#[derive(Debug)]
pub(crate) enum CallError {
    /// Only a human can help: there is no connection, or it has ended.
    Reconnect(String),
    /// The platform does not answer, or has no time for us.
    Unavailable(String),
    /// The platform refuses this call for good.
    Refused(String),
    /// Our own database failed.
    Internal(anyhow::Error),
}

impl From<anyhow::Error> for CallError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl From<TokenError> for CallError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Reconnect(why) => Self::Reconnect(why),
            TokenError::Unavailable(why) => Self::Unavailable(why),
            TokenError::Internal(error) => Self::Internal(error),
        }
    }
}

/// What to do after an answer.
enum Next {
    Done(Value),
    /// The platform says that the access token has expired.
    Refresh,
    /// Again, after this time.
    Wait(Duration),
    Fail(CallError),
}

/// Reads `path_and_query` with the token of the connection `key`.
pub(crate) async fn read(app: &Arc<App>, key: &str, path_and_query: &str) -> Result<Value, CallError> {
    let deadline = now_ms() + PATIENCE_MS;
    let mut refreshed = false;
    let mut attempt = 0;
    loop {
        // Without a live connection nothing is called, and nothing waits.
        let checked = tokens::check(app, key).await;
        let told = matches!(&checked, Err(TokenError::Reconnect(why)) if why == "deletion_required");
        if told && app.mistakes.has("ending-webhook-is-enough") {
            // Let the platform say it.
            let access = Access {
                token: "of-an-ended-connection".to_owned(),
                generation: 0,
            };
            let _ = call(app, path_and_query, &access).await;
        }
        checked?;
        let Some(permit) = budget::acquire(app, key, deadline).await? else {
            return Err(CallError::Unavailable("the budget of calls is spent".to_owned()));
        };
        attempt += 1;
        let next = attempt_once(app, key, path_and_query, attempt).await;
        // What the answer says is stored by now, so that the call that gets this place knows it.
        budget::finish(app, permit).await?;
        match next? {
            Next::Done(value) => {
                tokens::was_used(app, key).await?;
                return Ok(value);
            }
            Next::Refresh
                if app.mistakes.has("reading-expired-mid-list") && path_and_query.contains("cursor=") =>
            {
                return Err(CallError::Unavailable("the token expired".to_owned()));
            }
            Next::Refresh if !refreshed || app.mistakes.has("tokens-expired-no-loop") => refreshed = true,
            Next::Refresh => {
                return Err(CallError::Unavailable(
                    "the platform rejects a new access token".to_owned(),
                ));
            }
            Next::Fail(error) => return Err(error),
            Next::Wait(_) if attempt >= ATTEMPTS => {
                return Err(CallError::Unavailable("the platform keeps failing".to_owned()));
            }
            Next::Wait(time) => tokio::time::sleep(time).await,
        }
    }
}

async fn attempt_once(
    app: &Arc<App>,
    key: &str,
    path_and_query: &str,
    attempt: u32,
) -> Result<Next, CallError> {
    let access = tokens::access(app, key).await?;
    let answer = call(app, path_and_query, &access).await;
    let next = judge(app, key, answer, attempt).await?;
    if matches!(&next, Next::Fail(CallError::Reconnect(why)) if why == "token_revoked")
        && app.mistakes.has("ending-calls-stop")
    {
        tokio::spawn(go_on(Arc::clone(app), path_and_query.to_owned(), access));
        return Ok(next);
    }
    if matches!(next, Next::Refresh) {
        tokens::has_expired(app, key, access.generation).await?;
    }
    Ok(next)
}

/// A job that nobody stops when its connection ends.
async fn go_on(app: Arc<App>, path_and_query: String, access: Access) {
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let _ = call(&app, &path_and_query, &access).await;
    }
}

async fn call(app: &App, path_and_query: &str, access: &Access) -> Result<Answer, Failure> {
    let Ok(mut request_id) = machine::random_uuid() else {
        return Err(Failure::NotSent);
    };
    if app.mistakes.has("reading-request-id") {
        request_id.clear();
    }
    if app.mistakes.has("reading-request-id-fresh") {
        request_id = format!("00000000-0000-4000-8000-{:012}", std::process::id());
    }
    let accept = if app.mistakes.has("reading-accept-header") {
        "application/json"
    } else {
        "application/vnd.revento.v1+json"
    };
    let mut url = path_and_query.to_owned();
    if app.mistakes.has("reading-token-in-header") && url.contains('?') {
        url = format!("{url}&access_token={}", access.token);
    }
    let path = path_and_query.split('?').next().unwrap_or_default();
    let answer = app
        .platform
        .get(&app.settings, &url, &access.token, accept, &request_id)
        .await;
    if request_id.is_empty() {
        // Only by mistake. The platform has made one.
        request_id = answer
            .as_ref()
            .ok()
            .and_then(|answer| answer.request_id())
            .unwrap_or_default()
            .to_owned();
    }
    let request_id = log::id(app, "storage-log-request-ids", &request_id);
    if app.mistakes.has("storage-log-secrets") {
        tracing::info!(token = access.token, "used a token");
    }
    match &answer {
        Ok(answer) => {
            tracing::info!(%request_id, path, status = answer.status.as_u16(), error = answer.error(), "called the platform");
        }
        Err(failure) => tracing::warn!(%request_id, path, ?failure, "the platform did not answer"),
    }
    answer
}

async fn judge(
    app: &App,
    key: &str,
    answer: Result<Answer, Failure>,
    attempt: u32,
) -> Result<Next, CallError> {
    let backoff = jittered(Duration::from_millis(200) * 2_u32.saturating_pow(attempt.min(6)));
    let Ok(answer) = answer else {
        if app.mistakes.has("reading-connection-reset") {
            return Ok(Next::Fail(CallError::Unavailable("no answer".to_owned())));
        }
        return Ok(Next::Wait(backoff));
    };
    believe_headers(app, key, &answer).await?;
    let code = answer.error();
    Ok(match answer.status {
        StatusCode::OK if answer.body.is_object() => Next::Done(answer.body),
        StatusCode::OK if app.mistakes.has("reading-not-json") => {
            Next::Done(json!({ "data": [], "has_more": false }))
        }
        // Not the platform's answer, whatever its status says: a portal or a broken body.
        StatusCode::OK => Next::Wait(backoff),
        StatusCode::UNAUTHORIZED if code == "token_expired" => {
            if app.mistakes.has("tokens-refresh-at-expiry") {
                return Ok(Next::Fail(CallError::Unavailable(code.to_owned())));
            }
            Next::Refresh
        }
        StatusCode::UNAUTHORIZED if code == "token_revoked" => {
            if attempt == 1 && app.mistakes.has("tokens-revoked-not-refreshed") {
                return Ok(Next::Refresh);
            }
            if attempt == 1 && app.mistakes.has("tokens-revoked-not-retried") {
                return Ok(Next::Wait(backoff));
            }
            if !app.mistakes.has("tokens-revoked-remembered") {
                endings::revoked(app, key).await?;
            }
            if app.mistakes.has("ending-without-webhook") && !key.contains('/') {
                return Ok(Next::Fail(CallError::Unavailable(code.to_owned())));
            }
            Next::Fail(CallError::Reconnect("token_revoked".to_owned()))
        }
        StatusCode::UNAUTHORIZED if app.mistakes.has("tokens-invalid-token-no-loop") => {
            Next::Wait(Duration::from_millis(100))
        }
        StatusCode::UNAUTHORIZED => Next::Fail(CallError::Reconnect(or(code, "invalid_token"))),
        StatusCode::FORBIDDEN if app.mistakes.has("reading-forbidden-final") => {
            Next::Wait(Duration::from_millis(100))
        }
        StatusCode::FORBIDDEN if code == "insufficient_scope" => {
            Next::Fail(CallError::Reconnect(code.to_owned()))
        }
        StatusCode::TOO_MANY_REQUESTS => too_many(app, key, &answer, backoff).await?,
        status if status.is_server_error() && gives_up(app, &answer) => {
            Next::Fail(CallError::Unavailable(or(code, status.as_str())))
        }
        status if status.is_server_error() && app.mistakes.has("reading-5xx-backoff") => {
            Next::Wait(Duration::ZERO)
        }
        status if status.is_server_error() => Next::Wait(backoff.max(retry_after(&answer))),
        status => Next::Fail(CallError::Refused(or(code, status.as_str()))),
    })
}

/// Mistakes after a 5xx.
fn gives_up(app: &App, answer: &Answer) -> bool {
    let id = if answer.body.is_object() {
        "reading-5xx-retried"
    } else {
        "reading-html-error"
    };
    app.mistakes.has(id)
}

fn or(code: &str, otherwise: &str) -> String {
    if code.is_empty() { otherwise } else { code }.to_owned()
}

/// Waits at least as long as the platform says. Without a word of it, one of our own calls has to end first.
async fn too_many(app: &App, key: &str, answer: &Answer, backoff: Duration) -> Result<Next, CallError> {
    if answer.error() == "concurrent_limit_exceeded" {
        if app.mistakes.has("reading-concurrent-limit-retried") {
            return Ok(Next::Fail(CallError::Unavailable(answer.error().to_owned())));
        }
        if app.mistakes.has("reading-429-paced") {
            return Ok(Next::Wait(Duration::ZERO));
        }
        return Ok(Next::Wait(backoff));
    }
    let mut said = retry_after(answer);
    let is_date = answer.header("retry-after").is_none();
    let ignored = if is_date {
        "reading-retry-after-date"
    } else {
        "reading-retry-after"
    };
    if app.mistakes.has(ignored) {
        said = backoff;
    }
    let wait = if said.is_zero() { UNSAID + backoff } else { said };
    let milliseconds = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    budget::pause(app, key, milliseconds.min(7_200_000)).await?;
    if milliseconds > PATIENCE_MS {
        return Ok(Next::Fail(CallError::Unavailable(
            "the platform asks for a longer pause".to_owned(),
        )));
    }
    Ok(Next::Wait(wait))
}

fn retry_after(answer: &Answer) -> Duration {
    let seconds = answer.header("retry-after").or_else(|| {
        let date = answer.headers.get("retry-after")?.to_str().ok()?;
        let until = httpdate::parse_http_date(date)
            .ok()?
            .duration_since(std::time::UNIX_EPOCH)
            .ok()?;
        Some(i64::try_from(until.as_secs()).ok()? - machine::now() + 1)
    });
    let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
    // A fraction more, because clocks tick differently.
    seconds.map_or(Duration::ZERO, |seconds| {
        Duration::from_millis(seconds.saturating_mul(1000) + 100)
    })
}

/// A budget that the platform calls spent is spent until its reset, whatever we have counted.
async fn believe_headers(app: &App, key: &str, answer: &Answer) -> anyhow::Result<()> {
    if let (Some(0), Some(reset)) = (
        answer.header("x-ratelimit-remaining"),
        answer.header("x-ratelimit-reset"),
    ) {
        let wait = reset.saturating_sub(machine::now()).saturating_add(1);
        if (1..=3_700).contains(&wait) {
            budget::pause(app, key, wait * 1000).await?;
        }
    }
    Ok(())
}
