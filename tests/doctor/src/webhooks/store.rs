//! Storing webhooks, each once.

use std::sync::Arc;
use std::time::Duration;

use super::Webhook;
use crate::app::App;
use crate::log;
use crate::machine::{self, now_ms};

/// Stores the webhook, unless its envelope is there already.
///
/// The delivery id is not signed, so it alone makes nothing a duplicate: otherwise somebody could send a captured body under
/// the id of a delivery that is still to come, and that one would be lost.
pub(super) async fn store(app: &Arc<App>, webhook: &Webhook, body: &[u8]) -> anyhow::Result<()> {
    if app.mistakes.has("delivery-acknowledged-survive-kill") {
        // Queued in memory.
        let (app, webhook, body) = (Arc::clone(app), webhook.clone(), body.to_vec());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(500)).await;
            insert(&app, &webhook, &body).await
        });
        return Ok(());
    }
    if app.mistakes.has("delivery-duplicates-at-once") {
        if is_known(app, webhook).await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    if app.mistakes.has("delivery-retried-after-kill") {
        if !app.store.mark(&webhook.envelope_id).await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    insert(app, webhook, body).await
}

/// What makes another delivery a duplicate.
fn identity(app: &App, webhook: &Webhook) -> anyhow::Result<String> {
    if app.mistakes.has("delivery-duplicate") {
        return Ok(webhook.signature.clone());
    }
    if app.mistakes.has("delivery-other-delivery-id") {
        return Ok(webhook.delivery_id.clone());
    }
    if app.mistakes.has("delivery-remembers-after-restart") {
        // What this process has seen.
        return Ok(format!("{}/{}", app.replica, webhook.envelope_id));
    }
    if app.mistakes.has("delivery-duplicates-at-once") {
        return machine::random_uuid();
    }
    Ok(webhook.envelope_id.clone())
}

async fn insert(app: &App, webhook: &Webhook, body: &[u8]) -> anyhow::Result<()> {
    let kind = webhook.kind.as_ref().unwrap_or(&webhook.event);
    let mut tx = app.store.begin().await?;
    let query = sqlx::query_scalar::<_, i64>(
        "SELECT count(*) FROM deliveries WHERE delivery_id = ? AND envelope_id <> ?",
    );
    let query = query.bind(&webhook.delivery_id).bind(&webhook.envelope_id);
    let others = query.fetch_one(&mut *tx).await?;
    let query = sqlx::query(
        "INSERT INTO deliveries (identity, envelope_id, delivery_id, type, event_id, body, received_at) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (identity) DO NOTHING",
    );
    let query = query.bind(identity(app, webhook)?).bind(&webhook.envelope_id);
    let query = query.bind(&webhook.delivery_id).bind(kind);
    let query = query.bind(&webhook.event_id).bind(body).bind(now_ms());
    let is_new = query.execute(&mut *tx).await?.rows_affected() == 1;
    tx.commit().await?;
    let delivery_id = log::id(app, "storage-log-delivery-ids", &webhook.delivery_id);
    let envelope_id = log::id(app, "storage-log-delivery-ids", &webhook.envelope_id);
    if others > 0 {
        tracing::warn!(?delivery_id, "two envelopes came under one delivery id");
    }
    tracing::info!(?delivery_id, ?envelope_id, ?kind, is_new, "stored a webhook");
    if !is_new && kind == "data.deletion_required" && app.mistakes.has("ending-replayed-webhook") {
        crate::endings::delete_again(app, &super::envelope(body)).await?;
    }
    if is_new {
        app.queued.notify_one();
    }
    Ok(())
}

async fn is_known(app: &App, webhook: &Webhook) -> sqlx::Result<bool> {
    let query = sqlx::query_scalar("SELECT count(*) > 0 FROM deliveries WHERE envelope_id = ?");
    query.bind(&webhook.envelope_id).fetch_one(app.store.pool()).await
}
