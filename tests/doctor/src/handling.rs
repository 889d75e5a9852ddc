//! Handling the stored webhooks, after they were acknowledged.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _};

use crate::app::App;
use crate::machine::now;
use crate::{endings, log, webhooks};

/// How long a replica may handle one webhook before another tries, in seconds.
const LEASE_S: i64 = 5;

/// How often the database is asked for work that another replica has stored, or that has to be tried again.
const POLL: Duration = Duration::from_secs(1);

/// What ends connections.
const ENDINGS: [&str; 3] = [
    "data.deletion_required",
    "user.revoked_access",
    "integration.suspended",
];

struct Delivery {
    identity: String,
    delivery_id: String,
    r#type: String,
    body: Option<Vec<u8>>,
    attempts: i64,
    received_at: i64,
}

impl FromRow<'_, SqliteRow> for Delivery {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            identity: row.try_get("identity")?,
            delivery_id: row.try_get("delivery_id")?,
            r#type: row.try_get("type")?,
            body: row.try_get("body")?,
            attempts: row.try_get("attempts")?,
            received_at: row.try_get("received_at")?,
        })
    }
}

/// Handles webhooks for ever.
pub(crate) async fn run(app: Arc<App>) {
    loop {
        match next(&app).await {
            Ok(Some(delivery)) => attempt(&app, &delivery).await,
            Ok(None) => {
                let _ = tokio::time::timeout(POLL, app.queued.notified()).await;
            }
            Err(error) => {
                tracing::error!(%error, "the database does not give the next webhook");
                tokio::time::sleep(POLL).await;
            }
        }
    }
}

/// Leases the oldest webhook that waits.
async fn next(app: &App) -> sqlx::Result<Option<Delivery>> {
    let query = sqlx::query_as(
        "UPDATE deliveries SET attempts = attempts + 1, not_before = ?1 + ?2 WHERE identity = (
            SELECT identity FROM deliveries WHERE handled_at IS NULL AND not_before <= ?1 ORDER BY received_at, rowid LIMIT 1)
         RETURNING identity, delivery_id, type, body, attempts, received_at",
    );
    query
        .bind(now())
        .bind(LEASE_S)
        .fetch_optional(app.store.pool())
        .await
}

async fn attempt(app: &App, delivery: &Delivery) {
    let id = log::id(app, "storage-log-delivery-ids", &delivery.delivery_id);
    match handle(app, delivery).await {
        Ok(()) => tracing::info!(delivery_id = ?id, kind = ?delivery.r#type, "handled a webhook"),
        Err(error) => {
            tracing::error!(delivery_id = ?id, attempts = delivery.attempts, %error, "a webhook was not handled; it is tried again");
            let wait = 1_i64 << delivery.attempts.clamp(0, 12);
            let query = sqlx::query("UPDATE deliveries SET not_before = ? WHERE identity = ?");
            let query = query.bind(now() + wait).bind(&delivery.identity);
            if let Err(error) = query.execute(app.store.pool()).await {
                tracing::error!(delivery_id = ?id, %error, "the next attempt is made when the lease ends");
            }
        }
    }
}

async fn handle(app: &App, delivery: &Delivery) -> anyhow::Result<()> {
    if app.mistakes.has("delivery-handled") && !ENDINGS.contains(&delivery.r#type.as_str()) {
        // The worker is still to be written.
        return Ok(());
    }
    let body = delivery.body.as_deref().unwrap_or_default();
    let envelope = webhooks::envelope(body);
    match delivery.r#type.as_str() {
        "data.deletion_required" => endings::delete(app, &envelope).await?,
        "user.revoked_access" => endings::user_revoked(app, &envelope).await?,
        "event.unpublished" if app.mistakes.has("ending-event-unpublished") => {
            endings::delete(app, &envelope).await?;
        }
        "integration.suspended" => endings::suspended(app, delivery.received_at).await?,
        // The body is the snapshot. An unknown type is kept like the others.
        _ => {}
    }
    finish(app, delivery).await?;
    Ok(())
}

/// Marks a webhook as handled. Its body is kept only while the event is connected: it is about the event's people.
async fn finish(app: &App, delivery: &Delivery) -> sqlx::Result<()> {
    let query = sqlx::query_scalar::<_, bool>(
        "UPDATE deliveries SET handled_at = ?, body = CASE
            WHEN ? THEN body
            WHEN type IN ('data.deletion_required', 'user.revoked_access') THEN NULL
            WHEN event_id IS NULL THEN body
            WHEN EXISTS (SELECT 1 FROM connections WHERE key = deliveries.event_id AND status = 'connected') THEN body
         END WHERE identity = ? RETURNING body IS NOT NULL",
    );
    let query = query
        .bind(now())
        .bind(app.mistakes.has("ending-late-data-not-kept"))
        .bind(&delivery.identity);
    let is_kept = query.fetch_optional(app.store.pool()).await?;
    if is_kept == Some(false) {
        app.store.empty_log().await?;
    }
    Ok(())
}

/// `GET /handled`: the handled webhooks.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Response {
    let query = sqlx::query_as::<_, (String, String, String, Option<String>)>(
        "SELECT envelope_id, delivery_id, type, event_id FROM deliveries WHERE handled_at IS NOT NULL ORDER BY handled_at, rowid",
    );
    let Ok(rows) = query.fetch_all(app.store.pool()).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let list = rows.into_iter().map(|(envelope_id, delivery_id, kind, event_id)| {
        json!({ "envelope_id": envelope_id, "delivery_id": delivery_id, "type": kind, "event_id": event_id })
    });
    Json(Value::Array(list.collect())).into_response()
}
