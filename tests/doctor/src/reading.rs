//! Reading all participants of an event, and keeping them.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::app::App;
use crate::calls::{self, CallError};
use crate::pages;

/// `GET /participants[?event_id=…]`: reads all pages now.
pub(crate) async fn participants(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let Some(event_id) = pages::event_id(&app, query.as_deref()) else {
        return (
            StatusCode::BAD_REQUEST,
            Json(json!({ "error": "name one event" })),
        )
            .into_response();
    };
    // The reader may go away. What was begun is finished, so that every call is counted to its end.
    let reader = Arc::clone(&app);
    let reading = tokio::spawn(async move {
        read_all(&reader, &event_id)
            .await
            .map_err(|error| (error, event_id))
    });
    match reading.await {
        Ok(Ok(ids)) => Json(json!({ "ids": ids })).into_response(),
        Ok(Err((error, event_id))) => problem(&app, &error, &event_id),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The answer to a read that failed.
pub(crate) fn problem(app: &App, error: &CallError, event_id: &str) -> Response {
    let (status, body) = match error {
        CallError::Reconnect(reason)
            if reason == "invalid_grant" && app.mistakes.has("tokens-consent-over") =>
        {
            (StatusCode::INTERNAL_SERVER_ERROR, json!({ "error": "internal" }))
        }
        CallError::Reconnect(reason) => {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("event_id", event_id)
                .finish();
            let body =
                json!({ "error": "reconnect", "reason": reason, "connect_url": format!("/connect?{query}") });
            (StatusCode::CONFLICT, body)
        }
        CallError::Unavailable(why) => (
            StatusCode::SERVICE_UNAVAILABLE,
            json!({ "error": "unavailable", "reason": why }),
        ),
        CallError::Refused(why) => (
            StatusCode::BAD_GATEWAY,
            json!({ "error": "refused", "reason": why }),
        ),
        CallError::Internal(error) => {
            tracing::error!(%error, "a read failed");
            (StatusCode::INTERNAL_SERVER_ERROR, json!({ "error": "internal" }))
        }
    };
    (status, Json(body)).into_response()
}

async fn read_all(app: &Arc<App>, event_id: &str) -> Result<Vec<String>, CallError> {
    let mut people = Vec::new();
    let mut ids = HashSet::new();
    let mut cursors = HashSet::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = calls::read(app, event_id, &path(app, event_id, cursor.as_deref())).await?;
        let data = page.get("data").and_then(Value::as_array);
        let is_empty = data.is_some_and(Vec::is_empty);
        for person in data.ok_or_else(|| refused("a page has no data"))? {
            understand(app, person)?;
            match person.get("id").and_then(Value::as_str) {
                Some(id) if ids.insert(id.to_owned()) || app.mistakes.has("reading-duplicate-rows") => {
                    people.push((id.to_owned(), person.clone()))
                }
                Some(_) => {}
                None => tracing::warn!("a participant without an id was left out"),
            }
        }
        if app.mistakes.has("reading-all-pages") || (is_empty && app.mistakes.has("reading-empty-page")) {
            break;
        }
        let next = page.get("next_cursor").and_then(Value::as_str);
        let ignored = next.is_some() && app.mistakes.has("reading-has-more-decides");
        // `has_more` decides, not the cursor.
        if !ignored && page.get("has_more").and_then(Value::as_bool) != Some(true) {
            break;
        }
        if next.is_none() && app.mistakes.has("reading-more-without-cursor") {
            cursor = None;
            continue;
        }
        let next = next
            .ok_or_else(|| refused("more was promised, without a cursor"))?
            .to_owned();
        if !cursors.insert(next.clone()) && !app.mistakes.has("reading-repeated-cursor") {
            return Err(refused("a cursor came twice: the pages would never end"));
        }
        cursor = Some(next);
    }
    keep(app, event_id, &people).await?;
    Ok(people.into_iter().map(|(id, _)| id).collect())
}

/// The fields of a participant that the contract and the sandbox name.
const KNOWN_FIELDS: &str = "id application_id event_id user_id role status name given_name family_name email application_status
    last_reviewed_at last_reviewer_id last_review_action custom_form_fields submitted_at registered_at updated_at";

/// Mistakes of an integration that expects too much of a participant.
fn understand(app: &App, person: &Value) -> Result<(), CallError> {
    let known: Vec<&str> = KNOWN_FIELDS.split_whitespace().collect();
    let mut fields = person.as_object().into_iter().flat_map(|fields| fields.keys());
    if app.mistakes.has("reading-unknown-fields") && fields.any(|field| !known.contains(&field.as_str())) {
        return Err(refused("an unknown field"));
    }
    let status = person
        .get("application_status")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let statuses = [
        "pending",
        "approved",
        "rejected",
        "revision_requested",
        "cancelled",
    ];
    if app.mistakes.has("reading-unknown-values") && !statuses.contains(&status) {
        return Err(refused("an unknown status"));
    }
    if app.mistakes.has("reading-missing-fields") && person.get("submitted_at").is_none() {
        return Err(refused("no submitted_at"));
    }
    Ok(())
}

fn path(app: &App, event_id: &str, cursor: Option<&str>) -> String {
    let id: String = form_urlencoded::byte_serialize(event_id.as_bytes()).collect();
    if let Some(cursor) = cursor
        && app.mistakes.has("reading-opaque-cursor")
    {
        return format!("/events/{id}/participants?limit=50&cursor={cursor}");
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", "50");
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor);
    }
    format!("/events/{id}/participants?{}", query.finish())
}

fn refused(why: &str) -> CallError {
    CallError::Refused(why.to_owned())
}

/// Keeps the participants, unless the connection has ended meanwhile.
async fn keep(app: &App, event_id: &str, people: &[(String, Value)]) -> anyhow::Result<()> {
    let mut tx = app.store.begin().await?;
    let query = sqlx::query_scalar::<_, i64>(
        "SELECT count(*) FROM connections WHERE key = ? AND status = 'connected'",
    );
    if query.bind(event_id).fetch_one(&mut *tx).await? == 0 {
        return Ok(());
    }
    sqlx::query("DELETE FROM participants WHERE event_id = ?")
        .bind(event_id)
        .execute(&mut *tx)
        .await?;
    for (id, person) in people {
        if app.mistakes.has("storage-log-personal-data") {
            tracing::info!(%person, "keeping a participant");
        }
        let query = sqlx::query("INSERT INTO participants (event_id, id, name, record) VALUES (?, ?, ?, ?)");
        let query = query
            .bind(event_id)
            .bind(id)
            .bind(person.get("name").and_then(Value::as_str));
        query.bind(person.to_string()).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}
