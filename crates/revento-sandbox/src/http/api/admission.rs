//! The checks before every read, in this order: version, token, rate budget, then token kind, event and scope.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::decisions;
use crate::faults::{FaultArea, FaultKind};
use crate::faults::{InjectionPoint, TriggeredFault};
use crate::http::error_response::ErrorResponse;
use crate::http::response_faults;
use crate::platform::commands::lifecycle;
use crate::platform::queries::access::{self, AccessDenied};
use crate::platform::queries::budgets::{Admission, BudgetStatus};
use crate::platform::records::{Family, Flow};
use crate::platform::state::State;
use crate::primitives::time::Time;
use crate::runtime::Runtime;

/// What an endpoint requires of a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Requirements<'a> {
    /// The endpoint's name in the specification of a fault.
    pub(super) endpoint: &'static str,
    /// Whether it answers pages.
    pub(super) paged: bool,
    /// The cursor of the request, for lists.
    pub(super) cursor: Option<&'a str>,
    pub(super) flow: Flow,
    pub(super) event_id: Option<&'a str>,
    pub(super) scope: &'static str,
}

/// Counts a call as in flight until it is dropped.
struct InFlightGuard<'r> {
    runtime: &'r Runtime,
    budget_id: String,
}

impl Drop for InFlightGuard<'_> {
    fn drop(&mut self) {
        self.runtime.budgets().finish(&self.budget_id);
    }
}

/// A document as JSON text.
pub(super) fn to_json(document: &impl Serialize) -> Result<String, ErrorResponse> {
    serde_json::to_string(document)
        .map_err(|error| ErrorResponse::new(500, "internal_error", error.to_string()))
}

/// Checks a call and answers it with the JSON that `render` makes of the state.
pub(super) async fn answer(
    runtime: &Arc<Runtime>,
    headers: &HeaderMap,
    requirements: Requirements<'_>,
    render: impl FnOnce(&State, &Family) -> Result<String, ErrorResponse>,
) -> Result<Response, ErrorResponse> {
    version(headers)?;
    let bearer = bearer(headers);
    let (family, now) = runtime
        .read(|state, context| {
            access::identify(state, context.now, bearer).map(|family| (family, context.now))
        })
        .await?
        .map_err(deny)?;
    if let Some(until) = runtime.budgets().suspended(&family.client_id, now) {
        return Err(suspended(runtime, now, until));
    }
    let budget_id = family.budget_id();
    let admission = runtime
        .budgets()
        .admit(&budget_id, family.flow, now, runtime.config.rate_limits);
    let hour = match admission {
        Admission::Allowed { hour } => hour,
        Admission::BudgetSpent { hour, retry_at } => {
            let error = budget_spent(runtime, now, hour, retry_at);
            return Err(limited(runtime, now, &family, error));
        }
        Admission::TooManyInFlight => return Err(limited(runtime, now, &family, too_many_in_flight())),
    };
    let in_flight = InFlightGuard { runtime, budget_id };
    let fault = armed_fault(runtime, requirements, &family);
    if let Some(response) = fault.as_ref().and_then(response_faults::instead) {
        return Ok(response);
    }
    let rendered = match access::admit(
        &family,
        requirements.flow,
        requirements.event_id,
        requirements.scope,
    ) {
        Ok(()) => runtime.read(|state, _| render(state, &family)).await?,
        Err(denied) => Err(deny(denied)),
    };
    let headers = budget_headers(runtime, now, hour);
    let mut response = match rendered {
        Ok(text) => {
            let text = match &fault {
                Some(fault) => response_faults::change_page_text(fault, text, requirements.cursor),
                None => text,
            };
            ([(header::CONTENT_TYPE, "application/json")], text).into_response()
        }
        Err(error) => error.into_response(),
    };
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    if let Some(fault) = &fault {
        response = response_faults::disturb(fault, response).await;
        follow_up(runtime, fault, &family).await?;
    }
    drop(in_flight);
    Ok(response)
}

/// The fault that was armed for this call, if any.
fn armed_fault(runtime: &Runtime, requirements: Requirements<'_>, family: &Family) -> Option<TriggeredFault> {
    let point = InjectionPoint {
        endpoint: requirements.endpoint,
        event_id: Some(&family.event_id),
        client_id: &family.client_id,
        event_type: None,
    };
    let areas: &[FaultArea] = if requirements.paged {
        &[FaultArea::Answer, FaultArea::Page]
    } else {
        &[FaultArea::Answer]
    };
    runtime.faults().trigger(areas, point)
}

/// Applies the effect of a fault on the platform, after the answer.
async fn follow_up(runtime: &Runtime, fault: &TriggeredFault, family: &Family) -> Result<(), ErrorResponse> {
    if fault.kind == FaultKind::RevokeAfterPage {
        let revoked = runtime
            .write(|state, context| {
                lifecycle::revoke_connection(state, context, &family.client_id, &family.event_id)
            })
            .await?;
        if revoked.is_err() {
            tracing::debug!("the fault revoke_after_page found no connection to revoke");
        }
    }
    Ok(())
}

fn version(headers: &HeaderMap) -> Result<(), ErrorResponse> {
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
    Err(ErrorResponse::new(406, "unsupported_version", text))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The error for a refused token (contract §3.5).
fn deny(denied: AccessDenied) -> ErrorResponse {
    let challenge = |response: ErrorResponse| {
        let value = format!("Bearer realm=\"revento\", error=\"{}\"", response.error);
        response.header("www-authenticate", value)
    };
    match denied {
        AccessDenied::Missing => challenge(ErrorResponse::new(
            401,
            "invalid_token",
            "The request has no bearer token. Send Authorization: Bearer with an access token.",
        )),
        AccessDenied::Unknown => challenge(ErrorResponse::new(
            401,
            "invalid_token",
            "This access token is unknown.",
        )),
        AccessDenied::Expired => challenge(ErrorResponse::new(
            401,
            "token_expired",
            "This access token has expired. Refresh it.",
        )),
        AccessDenied::Revoked { reason } => challenge(
            ErrorResponse::new(
                401,
                "token_revoked",
                "This token was revoked. Ask for consent again.",
            )
            .with("reason", reason),
        ),
        AccessDenied::WrongKind { needed } => ErrorResponse::new(
            403,
            match needed {
                Flow::User => "user_token_required",
                Flow::Installation => "installation_token_required",
            },
            format!("This endpoint takes {} tokens.", needed.as_str()),
        ),
        AccessDenied::OtherEvent { bound_to } => ErrorResponse::new(
            403,
            "event_not_authorized",
            "This token is bound to another event.",
        )
        .with("event_id", bound_to),
        AccessDenied::Scope { missing } => {
            let text = format!("The scope '{missing}' was not granted. Ask for consent again with it.");
            ErrorResponse::new(decisions::INSUFFICIENT_SCOPE_STATUS, "insufficient_scope", text)
                .with("required_scope", missing)
        }
    }
}

/// The rate limit headers: those of the hour. Budgets follow the sandbox clock, but clients compare `X-RateLimit-Reset` with real time, so it
/// is converted.
fn budget_headers(runtime: &Runtime, now: Time, hour: BudgetStatus) -> Vec<(&'static str, String)> {
    let wait = i64::try_from(now.until(hour.reset).as_micros()).unwrap_or(i64::MAX);
    let reset = runtime.real_now().plus_micros(wait).unix_ceil();
    vec![
        ("x-ratelimit-limit", hour.limit.to_string()),
        ("x-ratelimit-remaining", hour.remaining.to_string()),
        ("x-ratelimit-reset", reset.to_string()),
    ]
}

/// Counts a 429. Enough of them suspend the integration, if the sandbox is configured so.
fn limited(runtime: &Runtime, now: Time, family: &Family, error: ErrorResponse) -> ErrorResponse {
    runtime.count_rate_limited();
    if runtime.config.suspend_repeat_offenders {
        runtime.budgets().record_rate_limited(&family.client_id, now);
    }
    error
}

/// Whole seconds until `then`, at least one.
fn seconds_until(now: Time, then: Time) -> u128 {
    now.until(then).as_micros().div_ceil(1_000_000).max(1)
}

fn suspended(runtime: &Runtime, now: Time, until: Time) -> ErrorResponse {
    runtime.count_rate_limited();
    let seconds = seconds_until(now, until);
    let text = format!(
        "This integration is suspended for {seconds} s: too many of its calls were answered 429. Pace the calls."
    );
    ErrorResponse::new(429, "rate_limit_exceeded", text)
        .with("suspended_until", until.to_string())
        .header("retry-after", seconds.to_string())
}

fn budget_spent(runtime: &Runtime, now: Time, hour: BudgetStatus, retry_at: Time) -> ErrorResponse {
    let seconds = seconds_until(now, retry_at);
    let text = format!("The budget of this token is used up. Wait {seconds} s.");
    let error =
        ErrorResponse::new(429, "rate_limit_exceeded", text).header("retry-after", seconds.to_string());
    budget_headers(runtime, now, hour)
        .into_iter()
        .fold(error, |error, (name, value)| error.header(name, value))
}

/// The refusal of a call beyond the limit in flight. It has no `Retry-After` and no rate limit headers.
fn too_many_in_flight() -> ErrorResponse {
    let text = "Too many calls of this token are in flight. Wait for one of them to be answered.";
    ErrorResponse::new(429, "concurrent_limit_exceeded", text)
}
