//! `GET /developer/integrations/{id}/installations`: every connection, for the holder of the client secret.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use crate::faults::FaultArea;
use crate::faults::InjectionPoint;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::http::response_faults;
use crate::platform::oauth::client::{self, BasicCredentials};
use crate::platform::oauth::error::OAuthError;
use crate::platform::oauth::params::Params;
use crate::platform::queries::pages::PageRequest;
use crate::platform::queries::snapshot;

pub(super) async fn installations(
    State(runtime): SharedRuntime,
    Path(client_id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(BasicCredentials::parse)
        .ok_or_else(|| OAuthError::invalid_client("Send the client id and secret by HTTP Basic."))?;
    let none = Params::parse(b"");
    let integration = runtime
        .read(|state, context| client::authenticate(state, context, &none, Some(&basic)))
        .await??;
    // A public client has no secret, so its id proves nothing.
    if integration.client_secret.is_none() {
        return Err(OAuthError::invalid_client(
            "This is a public client: it has no secret, and so no developer credential.",
        )
        .into());
    }
    if integration.client_id != client_id {
        return Err(ErrorResponse::not_found(format!(
            "You have no integration '{client_id}'."
        )));
    }
    let point = InjectionPoint {
        endpoint: "installations",
        event_id: None,
        client_id: &client_id,
        event_type: None,
    };
    let fault = runtime.faults().trigger(&[FaultArea::Answer], point);
    if let Some(response) = fault.as_ref().and_then(response_faults::instead) {
        return Ok(response);
    }
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let prefix = format!("con_{client_id}_");
    let request =
        PageRequest::parse(params.all("limit").next(), params.get("cursor"), &prefix).map_err(|_| {
            ErrorResponse::invalid(
                "limit must be a number from 1 to 50, and cursor a next_cursor of this list.",
            )
        })?;
    let page = runtime
        .read(|state, context| {
            request.answer(&state.connections, &prefix, |row| {
                snapshot::connection(state, context, row)
            })
        })
        .await?;
    let response = Json(page).into_response();
    Ok(match &fault {
        Some(fault) => response_faults::disturb(fault, response).await,
        None => response,
    })
}
