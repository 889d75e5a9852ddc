//! What ends connections, and what has to be deleted then (contract §2.6).

use std::sync::Arc;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;
use sqlx::{Sqlite, Transaction};

use crate::app::App;
use crate::machine::now;

/// How long a handled webhook is remembered, in seconds: longer than the platform retries and replays.
const REMEMBERED_S: i64 = 60 * 86_400;

/// `data.deletion_required`: the connection has ended. What is kept of the event's people is deleted at once.
pub(crate) async fn delete(app: &App, envelope: &Value) -> anyhow::Result<()> {
    let named = envelope.get("event_id").and_then(Value::as_str);
    let event_id = named.or_else(|| envelope.pointer("/data/event_id")?.as_str());
    // A late webhook says nothing about a consent that is newer.
    let until = if app.mistakes.has("ending-old-webhook") {
        i64::MAX
    } else {
        occurred_at(envelope)
    };
    end_until(app, event_id, until).await
}

/// A mistake: a replayed webhook is handled like a new one.
pub(crate) async fn delete_again(app: &App, envelope: &Value) -> anyhow::Result<()> {
    end_until(app, envelope.get("event_id").and_then(Value::as_str), i64::MAX).await
}

/// Mistakes of a receiver that does not expect every webhook about an end.
pub(crate) async fn refuses(app: &App, envelope: &Value) -> Option<StatusCode> {
    let reason = envelope.pointer("/data/reason").and_then(Value::as_str);
    let kind = envelope.get("type").and_then(Value::as_str)?;
    let mistake = match (kind, reason) {
        ("integration.suspended", _) => "ending-integration-suspended",
        ("data.deletion_required", Some("connection_revoked")) => "ending-revoked",
        ("data.deletion_required", Some("event_archived")) => "ending-event-archived",
        ("data.deletion_required", Some("organization_not_formal")) => "ending-organization-not-formal",
        ("data.deletion_required", Some("integration_unpublished")) => "ending-integration-unpublished",
        ("application.approved", _) if app.mistakes.has("ending-late-webhook-acknowledged") => {
            let event_id = envelope.get("event_id").and_then(Value::as_str)?;
            let query =
                sqlx::query_scalar::<_, bool>("SELECT status = 'revoked' FROM connections WHERE key = ?");
            let ended = query.bind(event_id).fetch_optional(app.store.pool()).await;
            return (ended.ok()? == Some(true)).then_some(StatusCode::NOT_FOUND);
        }
        _ => return None,
    };
    app.mistakes
        .has(mistake)
        .then_some(StatusCode::INTERNAL_SERVER_ERROR)
}

async fn end_until(app: &App, event_id: Option<&str>, until: i64) -> anyhow::Result<()> {
    let mut tx = app.store.begin().await?;
    let query = sqlx::query_scalar::<_, String>(
        "SELECT event_id FROM connections WHERE user_id IS NULL AND consented_at <= ?1 AND (?2 IS NULL OR event_id = ?2)",
    );
    for event_id in query.bind(until).bind(event_id).fetch_all(&mut *tx).await? {
        end_installation(&mut tx, &event_id, "deletion_required").await?;
        if !app.mistakes.has("ending-deletion") {
            delete_people(&mut tx, &event_id).await?;
        }
        if app.mistakes.has("ending-deletion-only-that-event") {
            sqlx::query("DELETE FROM participants").execute(&mut *tx).await?;
        }
    }
    tx.commit().await?;
    app.store.empty_log().await?;
    Ok(())
}

/// `user.revoked_access`: the tokens of one participant have ended.
pub(crate) async fn user_revoked(app: &App, envelope: &Value) -> anyhow::Result<()> {
    let Some(user_id) = envelope.pointer("/data/user_id").and_then(Value::as_str) else {
        anyhow::bail!("the webhook names no user");
    };
    let event_id = envelope.get("event_id").and_then(Value::as_str);
    let event_id = event_id.or_else(|| envelope.pointer("/data/event_id")?.as_str());
    let query = sqlx::query_scalar::<_, String>(
        "SELECT key FROM connections WHERE user_id = ?1 AND consented_at <= ?2 AND (?3 IS NULL OR event_id = ?3)",
    );
    let mut tx = app.store.begin().await?;
    for key in query
        .bind(user_id)
        .bind(occurred_at(envelope))
        .bind(event_id)
        .fetch_all(&mut *tx)
        .await?
    {
        if !app.mistakes.has("ending-participant-revoked") {
            delete_user(&mut tx, &key).await?;
        }
    }
    if let Some(event_id) = event_id
        && app.mistakes.has("ending-participant-only")
    {
        end_installation(&mut tx, event_id, "user_revoked_access").await?;
    }
    tx.commit().await?;
    Ok(())
}

/// `integration.suspended`: everything has ended that was connected when the webhook came, in milliseconds.
pub(crate) async fn suspended(app: &App, received_at: i64) -> anyhow::Result<()> {
    let mut tx = app.store.begin().await?;
    let events = sqlx::query_scalar::<_, String>(
        "SELECT event_id FROM connections WHERE user_id IS NULL AND connected_at <= ?",
    );
    for event_id in events.bind(received_at).fetch_all(&mut *tx).await? {
        end_installation(&mut tx, &event_id, "integration_suspended").await?;
    }
    let users = sqlx::query_scalar::<_, String>(
        "SELECT key FROM connections WHERE user_id IS NOT NULL AND connected_at <= ?",
    );
    for key in users.bind(received_at).fetch_all(&mut *tx).await? {
        delete_user(&mut tx, &key).await?;
    }
    tx.commit().await?;
    tracing::error!("Revento has suspended this integration: all connections have ended");
    Ok(())
}

/// The platform has answered `token_revoked`: no call and no refresh follows, and what is kept is deleted.
pub(crate) async fn revoked(app: &App, key: &str) -> anyhow::Result<()> {
    tracing::warn!("a connection was revoked; offer to connect again");
    let mut tx = app.store.begin().await?;
    if key.contains('/') {
        if app.mistakes.has("ending-participant-revoked") {
            return Ok(());
        }
        delete_user(&mut tx, key).await?;
    } else {
        end_installation(&mut tx, key, "token_revoked").await?;
        delete_people(&mut tx, key).await?;
    }
    tx.commit().await?;
    app.store.empty_log().await?;
    Ok(())
}

async fn end_installation(
    tx: &mut Transaction<'_, Sqlite>,
    event_id: &str,
    reason: &str,
) -> sqlx::Result<()> {
    let query = sqlx::query(
        "UPDATE connections SET status = 'revoked', reason = ?, access = NULL, refresh = NULL, doubt_since = NULL,
            claim_holder = NULL, claim_until = NULL WHERE key = ?",
    );
    query.bind(reason).bind(event_id).execute(&mut **tx).await?;
    Ok(())
}

/// Deletes everything about the people of an event: participants, bodies of webhooks, sign-ins.
async fn delete_people(tx: &mut Transaction<'_, Sqlite>, event_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM participants WHERE event_id = ?")
        .bind(event_id)
        .execute(&mut **tx)
        .await?;
    let query =
        sqlx::query("UPDATE deliveries SET body = NULL WHERE event_id = ? AND handled_at IS NOT NULL");
    query.bind(event_id).execute(&mut **tx).await?;
    let users = sqlx::query_scalar::<_, String>(
        "SELECT key FROM connections WHERE user_id IS NOT NULL AND event_id = ?",
    );
    for key in users.bind(event_id).fetch_all(&mut **tx).await? {
        delete_user(tx, &key).await?;
    }
    Ok(())
}

async fn delete_user(tx: &mut Transaction<'_, Sqlite>, key: &str) -> sqlx::Result<()> {
    for statement in [
        "DELETE FROM sessions WHERE key = ?",
        "DELETE FROM calls WHERE key = ?",
        "DELETE FROM connections WHERE key = ?",
    ] {
        sqlx::query(statement).bind(key).execute(&mut **tx).await?;
    }
    Ok(())
}

/// When it happened, by the platform's clock. Without a legible time it counts as just now.
fn occurred_at(envelope: &Value) -> i64 {
    let text = envelope.get("occurred_at").and_then(Value::as_str);
    text.and_then(|text| text.parse::<Timestamp>().ok())
        .map_or(i64::MAX, Timestamp::as_second)
}

/// Forgets handled webhooks, sessions and flows that are old.
pub(crate) async fn forget_old(app: Arc<App>) -> anyhow::Result<()> {
    let query = sqlx::query("DELETE FROM deliveries WHERE handled_at < ?").bind(now() - REMEMBERED_S);
    query.execute(app.store.pool()).await?;
    sqlx::query("DELETE FROM sessions WHERE expires_at < ?")
        .bind(now())
        .execute(app.store.pool())
        .await?;
    Ok(())
}
