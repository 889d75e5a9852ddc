//! What happens before every read: version, token, budget, then kind, event and scope.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::decisions;
use crate::http::refusal::Refusal;
use crate::laboratory::answers;
use crate::laboratory::book::{Occasion, Strike};
use crate::laboratory::kinds::{Area, Kind};
use crate::machine::time::Time;
use crate::platform::acts::lifecycle;
use crate::platform::hub::Hub;
use crate::platform::read::access::{self, Denied};
use crate::platform::read::budgets::{Ruling, Standing};
use crate::platform::records::{Family, Flow};
use crate::platform::state::State;

/// What an endpoint asks of a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs<'a> {
    /// The name under which faults find it.
    pub(super) endpoint: &'static str,
    /// It answers pages.
    pub(super) paged: bool,
    /// The cursor that was sent, for lists.
    pub(super) cursor: Option<&'a str>,
    pub(super) flow: Flow,
    pub(super) event_id: Option<&'a str>,
    pub(super) scope: &'static str,
}

/// Gives a call's place in flight back, however the call ends.
struct Place<'h> {
    hub: &'h Hub,
    budget: String,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.hub.budgets().done(&self.budget);
    }
}

/// A document as text.
pub(super) fn text(document: &impl Serialize) -> Result<String, Refusal> {
    serde_json::to_string(document).map_err(|error| Refusal::new(500, "internal_error", error.to_string()))
}

/// Admits a call and answers it with the JSON that `show` makes of the state.
pub(super) async fn answer(
    hub: &Arc<Hub>,
    headers: &HeaderMap,
    needs: Needs<'_>,
    show: impl FnOnce(&State, &Family) -> Result<String, Refusal>,
) -> Result<Response, Refusal> {
    version(headers)?;
    let bearer = bearer(headers);
    let (family, now) = hub
        .read(|state, now| access::identify(state, now, bearer).map(|family| (family, now)))
        .await?
        .map_err(deny)?;
    if let Some(until) = hub.budgets().suspended(&family.client_id, now) {
        return Err(suspended(hub, now, until));
    }
    let ruling = hub.budgets().ask(
        decisions::budget_of(&family),
        family.flow,
        now,
        hub.config.rate_limits,
    );
    let standing = match ruling {
        Ruling::Go(standing) => standing,
        Ruling::Wait(standing) => return Err(limited(hub, now, &family, wait(hub, now, standing))),
        Ruling::TooManyAtOnce(standing) => {
            return Err(limited(hub, now, &family, too_many(hub, now, standing)));
        }
    };
    let place = Place {
        hub,
        budget: decisions::budget_of(&family).to_owned(),
    };
    let strike = strike(hub, needs, &family);
    if let Some(response) = strike.as_ref().and_then(answers::instead) {
        return Ok(response);
    }
    let shown = match access::admit(&family, needs.flow, needs.event_id, needs.scope) {
        Ok(()) => hub.read(|state, _| show(state, &family)).await?,
        Err(denied) => Err(deny(denied)),
    };
    let budget = budget_headers(hub, now, standing);
    let mut response = match shown {
        Ok(text) => {
            let text = match &strike {
                Some(strike) => answers::distort_page(strike, text, needs.cursor),
                None => text,
            };
            ([(header::CONTENT_TYPE, "application/json")], text).into_response()
        }
        Err(refusal) => refusal.into_response(),
    };
    for (name, value) in budget {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    if let Some(strike) = &strike {
        response = answers::distort(strike, response).await;
        follow_up(hub, strike, &family).await?;
    }
    drop(place);
    Ok(response)
}

/// The fault that was armed for this call, if any.
fn strike(hub: &Hub, needs: Needs<'_>, family: &Family) -> Option<Strike> {
    let occasion = Occasion {
        endpoint: needs.endpoint,
        event_id: Some(&family.event_id),
        client_id: &family.client_id,
        event_type: None,
    };
    let areas: &[Area] = if needs.paged {
        &[Area::Answer, Area::Page]
    } else {
        &[Area::Answer]
    };
    hub.faults().draw(areas, occasion)
}

/// What a fault does to the platform after the answer is made.
async fn follow_up(hub: &Hub, strike: &Strike, family: &Family) -> Result<(), Refusal> {
    if strike.kind == Kind::RevokeAfterPage {
        let revoked = hub
            .write(|state, scene| {
                lifecycle::revoke_connection(state, scene, &family.client_id, &family.event_id)
            })
            .await?;
        if revoked.is_err() {
            tracing::debug!("a fault found no connection to revoke");
        }
    }
    Ok(())
}

fn version(headers: &HeaderMap) -> Result<(), Refusal> {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("*/*");
    let mut types = accept
        .split(',')
        .filter_map(|item| item.split(';').next())
        .map(str::trim);
    let fits = types.any(|item| {
        item.eq_ignore_ascii_case(decisions::VERSION_MEDIA_TYPE)
            || !item.to_ascii_lowercase().starts_with("application/vnd.revento.")
    });
    if fits {
        return Ok(());
    }
    let text = format!(
        "This version is not available. Accept {}.",
        decisions::VERSION_MEDIA_TYPE
    );
    Err(Refusal::new(406, "unsupported_version", text))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The table of contract section 3.5.
fn deny(denied: Denied) -> Refusal {
    let challenge = |refusal: Refusal| {
        let value = format!("Bearer realm=\"revento\", error=\"{}\"", refusal.error);
        refusal.header("www-authenticate", value)
    };
    match denied {
        Denied::Missing => challenge(Refusal::new(
            401,
            "invalid_token",
            "There is no bearer token. Send Authorization: Bearer and an access token.",
        )),
        Denied::Unknown => challenge(Refusal::new(
            401,
            "invalid_token",
            "This access token is unknown.",
        )),
        Denied::Expired => challenge(Refusal::new(
            401,
            "token_expired",
            "This access token has expired. Refresh it.",
        )),
        Denied::Revoked { reason } => challenge(
            Refusal::new(
                401,
                "token_revoked",
                "This token was revoked. Ask for consent again.",
            )
            .with("reason", reason),
        ),
        Denied::WrongKind { needed } => Refusal::new(
            403,
            match needed {
                Flow::User => "user_token_required",
                Flow::Installation => "installation_token_required",
            },
            format!("This endpoint takes {} tokens.", needed.as_str()),
        ),
        Denied::OtherEvent { bound_to } => Refusal::new(
            403,
            "event_not_authorized",
            "This token is bound to another event.",
        )
        .with("event_id", bound_to),
        Denied::Scope { missing } => {
            let text = format!("The scope '{missing}' was not granted. Ask for consent again with it.");
            Refusal::new(403, "insufficient_scope", text).with("required_scope", missing)
        }
    }
}

/// Budgets run on the sandbox clock; a header is compared with a real one, so it is translated.
fn budget_headers(hub: &Hub, now: Time, standing: Standing) -> Vec<(&'static str, String)> {
    let wait = i64::try_from(now.until(standing.reset).as_micros()).unwrap_or(i64::MAX);
    let reset = hub.real_now().plus_micros(wait).unix_ceil();
    vec![
        ("x-ratelimit-limit", standing.limit.to_string()),
        ("x-ratelimit-remaining", standing.remaining.to_string()),
        ("x-ratelimit-reset", reset.to_string()),
    ]
}

/// Counts a 429, and holds it against the integration where that is asked for.
fn limited(hub: &Hub, now: Time, family: &Family, refusal: Refusal) -> Refusal {
    hub.rate_limited.fetch_add(1, Ordering::Relaxed);
    if hub.config.suspends {
        hub.budgets().offend(&family.client_id, now);
    }
    refusal
}

/// Whole seconds until then, never none.
fn seconds_until(now: Time, then: Time) -> u128 {
    now.until(then).as_micros().div_ceil(1_000_000).max(1)
}

fn suspended(hub: &Hub, now: Time, until: Time) -> Refusal {
    hub.rate_limited.fetch_add(1, Ordering::Relaxed);
    let seconds = seconds_until(now, until);
    let text = format!(
        "This integration is suspended for {seconds} s: too many of its calls were answered 429. Pace the calls."
    );
    Refusal::new(429, "rate_limit_exceeded", text)
        .with("suspended_until", until.to_string())
        .header("retry-after", seconds.to_string())
}

fn wait(hub: &Hub, now: Time, standing: Standing) -> Refusal {
    let seconds = seconds_until(now, standing.reset);
    let text = format!("The budget of this token is used up. Wait {seconds} s.");
    let refusal = Refusal::new(429, "rate_limit_exceeded", text).header("retry-after", seconds.to_string());
    budget_headers(hub, now, standing)
        .into_iter()
        .fold(refusal, |refusal, (name, value)| refusal.header(name, value))
}

fn too_many(hub: &Hub, now: Time, standing: Standing) -> Refusal {
    let text = "Too many calls of this token are in flight. Wait for one of them to be answered.";
    let refusal = Refusal::new(429, "concurrent_limit_exceeded", text);
    budget_headers(hub, now, standing)
        .into_iter()
        .fold(refusal, |refusal, (name, value)| refusal.header(name, value))
}
