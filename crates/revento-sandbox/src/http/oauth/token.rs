//! `POST /oauth/token` (contract section 2.3).

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::http::refusal::Refusal;
use crate::http::{Shared, body};
use crate::laboratory::answers;
use crate::laboratory::book::{Occasion, Strike};
use crate::laboratory::kinds::Area;
use crate::platform::hub::Hub;
use crate::platform::oauth::client::{self, Basic};
use crate::platform::oauth::exchange::exchange;
use crate::platform::oauth::fault::Fault;
use crate::platform::oauth::params::Params;
use crate::platform::oauth::refresh::refresh;
use crate::platform::oauth::tokens::{FreshPair, Issued};

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
    State(hub): Shared,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(Fault::request(
            "Parameters belong into the form, never into the URL: URLs end up in logs.",
        )
        .into());
    }
    let params = body::form(&headers, body).await.map_err(described)?;
    if let Some(name) = params.repeated(&SINGLE) {
        return Err(Fault::request(format!(
            "The parameter {name} is given more than once. Send it once."
        ))
        .into());
    }
    let basic =
        match headers.get(header::AUTHORIZATION) {
            None => None,
            Some(value) => {
                Some(value.to_str().ok().and_then(Basic::parse).ok_or_else(|| {
                    Fault::client("The Authorization header is not well-formed HTTP Basic.")
                })?)
            }
        };
    let fresh = FreshPair::draw(&hub.config.entropy)?;
    let strike = strike(&hub, &params, basic.as_ref());
    if let Some(response) = strike.as_ref().and_then(answers::instead) {
        return Ok(response);
    }
    let issued = hub
        .write(|state, scene| {
            let integration = client::authenticate(scene.config, state, scene.now, &params, basic.as_ref())?;
            match params.get("grant_type") {
                Some("authorization_code") => exchange(state, scene.now, integration, &params, fresh),
                Some("refresh_token") => refresh(state, scene.now, integration, &params, fresh),
                Some(other) => {
                    let text = format!(
                        "The grant type '{other}' is not supported; authorization_code and refresh_token are."
                    );
                    Err(Fault::new("unsupported_grant_type", text))
                }
                None => Err(Fault::request("grant_type is missing.")),
            }
        })
        .await?;
    let response = match issued {
        Ok(issued) => answer(&issued, strike.as_ref()),
        Err(fault) => Refusal::from(fault).into_response(),
    };
    Ok(match &strike {
        Some(strike) => answers::distort(strike, response).await,
        None => response,
    })
}

/// The fault that was armed for this request, if any. The endpoint is named by what is asked for.
fn strike(hub: &Hub, params: &Params, basic: Option<&Basic>) -> Option<Strike> {
    let endpoint = match params.get("grant_type") {
        Some("authorization_code") => "exchange",
        Some("refresh_token") => "refresh",
        _ => "token",
    };
    let client_id = basic
        .map(|basic| basic.client_id.as_str())
        .or_else(|| params.get("client_id"))
        .unwrap_or_default();
    let occasion = Occasion {
        endpoint,
        event_id: None,
        client_id,
        event_type: None,
    };
    hub.faults().draw(&[Area::Answer, Area::Token], occasion)
}

/// Every error of this endpoint has an `error_description`.
fn described(refusal: Refusal) -> Refusal {
    let text = refusal.message.clone();
    refusal.with("error_description", text)
}

fn answer(issued: &Issued, strike: Option<&Strike>) -> Response {
    let mut body = json!({
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scopes.join(" "),
        "event_id": issued.event_id,
        "organization_id": issued.organization_id,
    });
    if let (Some(user_id), Some(fields)) = (&issued.user_id, body.as_object_mut()) {
        fields.insert("user_id".to_owned(), json!(user_id));
    }
    if let Some(strike) = strike {
        answers::distort_tokens(strike, &mut body);
    }
    (
        [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")],
        Json(body),
    )
        .into_response()
}
