//! What the console's forms do.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use subtle::ConstantTimeEq as _;

use crate::decisions::MAX_ADVANCE_S;
use crate::http::refusal::Refusal;
use crate::http::{Shared, body, page};
use crate::platform::acts::review::{self, Decision};
use crate::platform::acts::{Refused, emit, lifecycle};
use crate::platform::hub::Hub;
use crate::platform::oauth::params::Params;

/// A form of this console, and of no other page.
pub(super) async fn form(hub: &Hub, headers: &HeaderMap, body: Body) -> Result<Params, Refusal> {
    page::same_site(headers)?;
    let form = body::form(headers, body).await?;
    let token = form.get("csrf").unwrap_or_default();
    if bool::from(token.as_bytes().ct_eq(hub.csrf.as_bytes())) {
        return Ok(form);
    }
    Err(Refusal::new(
        403,
        "csrf",
        "This form is from another start of the sandbox. Reload the page and try again.",
    ))
}

/// Back to the page of the form, or a page that says why not.
pub(super) fn back(form: &Params, fallback: &str, done: Result<(), Refused>) -> Response {
    let to = form
        .get("back")
        .filter(|path| path.starts_with("/console/") || *path == "/console")
        .unwrap_or(fallback);
    let (status, text) = match done {
        Ok(()) => return Redirect::to(to).into_response(),
        Err(Refused::NotFound(text)) => (StatusCode::NOT_FOUND, text),
        Err(Refused::Conflict(text)) => (StatusCode::CONFLICT, text),
    };
    let content = html! {
        section.card.refusal { h1 { "That was not possible" } p.lead { (text) } p { a href=(to) { "Back to the console" } } }
    };
    (status, page::bare("Not possible", &content)).into_response()
}

pub(super) fn id(form: &Params) -> &str {
    form.get("id").unwrap_or_default()
}

pub(super) async fn clock(State(hub): Shared, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let seconds = form.get("advance_s").and_then(|text| text.parse().ok());
    let done = match seconds.filter(|seconds| (1..=MAX_ADVANCE_S).contains(seconds)) {
        Some(seconds) => {
            hub.write(|state, _| state.advance_clock(seconds)).await?;
            Ok(())
        }
        None => Err(Refused::Conflict(
            "The clock goes forward by a number of seconds, ten years at most.".to_owned(),
        )),
    };
    Ok(back(&form, "/console", done))
}

pub(super) async fn reset(State(hub): Shared, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    hub.reset().await?;
    Ok(back(&form, "/console", Ok(())))
}

pub(super) async fn revoke(State(hub): Shared, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let (client_id, event_id) = (
        form.get("client_id").unwrap_or_default(),
        form.get("event_id").unwrap_or_default(),
    );
    let done = hub
        .write(|state, scene| lifecycle::revoke_connection(state, scene, client_id, event_id))
        .await?;
    Ok(back(&form, "/console/connections", done))
}

pub(super) async fn review(State(hub): Shared, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let done = match form.get("decision").and_then(Decision::parse) {
        Some(decision) => hub
            .write(|state, scene| review::review(state, scene, id(&form), decision))
            .await?
            .map(drop),
        None => Err(Refused::NotFound("There is no such decision.".to_owned())),
    };
    Ok(back(&form, "/console/applications", done))
}

pub(super) async fn replay(State(hub): Shared, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let done = hub
        .write(|state, scene| emit::replay(state, scene, id(&form)))
        .await?;
    Ok(back(&form, "/console/deliveries", done))
}
