//! Mistakes with the outcome of a refresh. Without one, nothing here happens.

use super::pair::end;
use super::refresh::{Progress, release};
use super::{TokenError, has_expired};
use crate::app::App;
use crate::platform::{Answer, Failure};

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
pub(super) async fn judge_wrongly(
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
