//! `/oauth/authorize`: the consent page and its answer (contract section 2.1).

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::consent_page;
use crate::http::refusal::Refusal;
use crate::http::{Shared, body, page};
use crate::laboratory::exchanges::Reason;
use crate::machine::entropy::Purpose;
use crate::platform::oauth::authorize::{Verdict, judge};
use crate::platform::oauth::consent::{self, Answer};
use crate::platform::oauth::fault::Fault;
use crate::platform::oauth::params::Params;

pub(super) async fn ask(State(hub): Shared, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let id = hub.config.entropy.token(Purpose::Consent)?;
    let shown = hub
        .write(
            |state, scene| match judge(scene.config, state, scene.now, &params, id) {
                Verdict::Ask(consent) => {
                    let page = consent_page::ask(scene.config, state, &consent);
                    consent::await_answer(state, scene.now, consent);
                    page.into_response()
                }
                Verdict::Page(refusal) => {
                    let reason = Reason {
                        error: "refused_page".to_owned(),
                        text: refusal.message.clone(),
                    };
                    (
                        StatusCode::BAD_REQUEST,
                        Extension(reason),
                        consent_page::refuse(&refusal),
                    )
                        .into_response()
                }
                Verdict::Redirect {
                    redirect_uri,
                    state,
                    fault,
                } => onward(&redirect_uri, state.as_deref(), Err(fault)),
            },
        )
        .await?;
    Ok(shown)
}

pub(super) async fn answer(State(hub): Shared, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    page::same_site(&headers)?;
    let form = body::form(&headers, body).await?;
    let answer = Answer {
        authorize: match form.get("decision") {
            Some("authorize") => true,
            Some("decline") => false,
            _ => return Err(Refusal::invalid("decision is neither authorize nor decline.")),
        },
        ticked: form.all("scope").map(str::to_owned).collect(),
        user_id: form.get("user_id").map(str::to_owned),
    };
    let id = form.get("consent_request").unwrap_or_default().to_owned();
    let code = hub.config.entropy.token(Purpose::Consent)?;
    let onward_to = hub
        .write(|state, scene| consent::answer(scene.config, state, scene.now, &id, &answer, code))
        .await?;
    Ok(match onward_to {
        Some(to) => onward(&to.redirect_uri, Some(&to.state), to.result),
        None => (StatusCode::BAD_REQUEST, consent_page::used_up()).into_response(),
    })
}

/// Where a browser goes after the consent page: the redirect URI with a code or an error, and the state.
pub(crate) fn return_address(
    redirect_uri: &str,
    state: Option<&str>,
    result: &Result<String, Fault>,
) -> Option<Url> {
    let mut url = Url::parse(redirect_uri).ok()?;
    {
        let mut query = url.query_pairs_mut();
        match result {
            Ok(code) => query.append_pair("code", code),
            Err(fault) => query
                .append_pair("error", fault.error)
                .append_pair("error_description", &fault.description),
        };
        if let Some(state) = state {
            query.append_pair("state", state);
        }
    }
    Some(url)
}

/// Redirects back to the integration with a code or an error.
fn onward(redirect_uri: &str, state: Option<&str>, result: Result<String, Fault>) -> Response {
    let location =
        return_address(redirect_uri, state, &result).and_then(|url| HeaderValue::from_str(url.as_str()).ok());
    let Some(location) = location else {
        return Refusal::invalid("The registered redirect URI cannot be put into a header.").into_response();
    };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    if let Err(fault) = result {
        let reason = Reason {
            error: fault.error.to_owned(),
            text: fault.description,
        };
        response.extensions_mut().insert(reason);
    }
    response
}
