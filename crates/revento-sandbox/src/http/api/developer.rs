//! `GET /developer/integrations/{id}/installations`: every connection, for whoever holds the client secret.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::http::Shared;
use crate::http::refusal::Refusal;
use crate::laboratory::answers;
use crate::laboratory::book::Occasion;
use crate::laboratory::kinds::Area;
use crate::platform::acts::Scene;
use crate::platform::acts::lifecycle::connection_status;
use crate::platform::oauth::client::{self, Basic};
use crate::platform::oauth::fault::Fault;
use crate::platform::oauth::params::Params;
use crate::platform::read::pages::PageRequest;

pub(super) async fn installations(
    State(hub): Shared,
    Path(client_id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(Basic::parse)
        .ok_or_else(|| Fault::client("Send the client id and secret by HTTP Basic."))?;
    let none = Params::parse(b"");
    let integration = hub
        .read(|state, now| client::authenticate(&hub.config, state, now, &none, Some(&basic)))
        .await??;
    if integration.client_id != client_id {
        return Err(Refusal::not_found(format!(
            "You have no integration '{client_id}'."
        )));
    }
    let occasion = Occasion {
        endpoint: "installations",
        event_id: None,
        client_id: &client_id,
        event_type: None,
    };
    let strike = hub.faults().draw(&[Area::Answer], occasion);
    if let Some(response) = strike.as_ref().and_then(answers::instead) {
        return Ok(response);
    }
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let prefix = format!("con_{client_id}_");
    let request =
        PageRequest::parse(params.all("limit").next(), params.get("cursor"), &prefix).map_err(|_| {
            Refusal::invalid("limit is a number from 1 to 50, cursor a next_cursor of this list.")
        })?;
    let page = hub
        .read(|state, now| {
            request.answer(&state.connections, &prefix, |row| {
                json!({
                    "id": row.id,
                    "event_id": row.event_id,
                    "organization_id": row.organization_id,
                    "scopes": row.scopes,
                    "status": connection_status(state, Scene { config: &hub.config, now }, row),
                    "connected_at": row.connected_at,
                    "ended_at": row.ended.as_ref().map(|ended| ended.at),
                    "ended_reason": row.ended.as_ref().map(|ended| &ended.reason),
                })
            })
        })
        .await?;
    let response = Json(page).into_response();
    Ok(match &strike {
        Some(strike) => answers::distort(strike, response).await,
        None => response,
    })
}
