//! `POST /oauth/token` (contract §2.3).

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::faults::FaultArea;
use crate::faults::{InjectionPoint, TriggeredFault};
use crate::http::body;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::http::response_faults;
use crate::platform::oauth::client::{self, BasicCredentials};
use crate::platform::oauth::error::OAuthError;
use crate::platform::oauth::exchange::exchange;
use crate::platform::oauth::params::Params;
use crate::platform::oauth::refresh::refresh;
use crate::platform::oauth::tokens::{FreshPair, IssuedTokens};
use crate::runtime::Runtime;

/// Parameters that may be given once at most.
const SINGLE: [&str; 8] = [
    "grant_type",
    "code",
    "redirect_uri",
    "client_id",
    "client_secret",
    "code_verifier",
    "refresh_token",
    "scope",
];

pub(super) async fn token(
    State(runtime): SharedRuntime,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ErrorResponse> {
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(OAuthError::invalid_request(
            "Send the parameters in the form, never in the URL: URLs end up in logs.",
        )
        .into());
    }
    let params = body::form(&headers, body).await.map_err(described)?;
    if let Some(name) = params.repeated(&SINGLE) {
        return Err(OAuthError::repeated(name).into());
    }
    let basic = match headers.get(header::AUTHORIZATION) {
        None => None,
        Some(value) => Some(
            value
                .to_str()
                .ok()
                .and_then(BasicCredentials::parse)
                .ok_or_else(|| {
                    OAuthError::invalid_client("The Authorization header is not well-formed HTTP Basic.")
                })?,
        ),
    };
    let fresh = FreshPair::draw(&runtime.config.entropy)?;
    let fault = armed_fault(&runtime, &params, basic.as_ref());
    if let Some(response) = fault.as_ref().and_then(response_faults::instead) {
        return Ok(response);
    }
    let issued = runtime
        .write(|state, context| {
            let integration = client::authenticate(state, context, &params, basic.as_ref())?;
            match params.get("grant_type") {
                Some("authorization_code") => exchange(state, context.now, integration, &params, fresh),
                Some("refresh_token") => refresh(state, context.now, integration, &params, fresh),
                Some(other) => {
                    let text = format!(
                        "The grant type '{other}' is not supported; authorization_code and refresh_token are."
                    );
                    Err(OAuthError::new("unsupported_grant_type", text))
                }
                None => Err(OAuthError::invalid_request("grant_type is missing.")),
            }
        })
        .await?;
    let response = match issued {
        Ok(issued) => answer(&issued, fault.as_ref()),
        Err(error) => ErrorResponse::from(error).into_response(),
    };
    Ok(match &fault {
        Some(fault) => response_faults::disturb(fault, response).await,
        None => response,
    })
}

/// The fault that was armed for this request, if any. The grant type names the endpoint.
fn armed_fault(
    runtime: &Runtime,
    params: &Params,
    basic: Option<&BasicCredentials>,
) -> Option<TriggeredFault> {
    let endpoint = match params.get("grant_type") {
        Some("authorization_code") => "exchange",
        Some("refresh_token") => "refresh",
        _ => "token",
    };
    let client_id = basic
        .map(|basic| basic.client_id.as_str())
        .or_else(|| params.get("client_id"))
        .unwrap_or_default();
    let point = InjectionPoint {
        endpoint,
        event_id: None,
        client_id,
        event_type: None,
    };
    runtime
        .faults()
        .trigger(&[FaultArea::Answer, FaultArea::Token], point)
}

/// Every error of this endpoint has an `error_description`.
fn described(refusal: ErrorResponse) -> ErrorResponse {
    let text = refusal.message.clone();
    refusal.with("error_description", text)
}

/// The document of issued tokens (contract §2.3).
pub(crate) fn document(issued: &IssuedTokens) -> Value {
    let mut body = json!({
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "refresh_expires_in": issued.refresh_expires_in,
        "scope": issued.scopes.join(" "),
        "event_id": issued.event_id,
        "organization_id": issued.organization_id,
    });
    if let (Some(user_id), Some(fields)) = (&issued.user_id, body.as_object_mut()) {
        fields.insert("user_id".to_owned(), json!(user_id));
    }
    body
}

fn answer(issued: &IssuedTokens, fault: Option<&TriggeredFault>) -> Response {
    let mut body = document(issued);
    if let Some(fault) = fault {
        response_faults::change_tokens(fault, &mut body);
    }
    (
        [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")],
        Json(body),
    )
        .into_response()
}
