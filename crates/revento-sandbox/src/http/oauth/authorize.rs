//! `/oauth/authorize`: the consent page and its answer (contract §2.1).

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::consent_page;
use crate::call_log::RefusalReason;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::http::{body, page};
use crate::platform::oauth::authorize::{AuthorizeOutcome, evaluate};
use crate::platform::oauth::consent;
use crate::platform::oauth::error::OAuthError;
use crate::platform::oauth::params::Params;
use crate::platform::oauth::redirect::redirect_url;
use crate::platform::records::ConsentAnswer;
use crate::primitives::entropy::Purpose;

pub(super) async fn ask(
    State(runtime): SharedRuntime,
    RawQuery(query): RawQuery,
) -> Result<Response, ErrorResponse> {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let id = runtime.config.entropy.token(Purpose::Consent)?;
    let shown = runtime
        .write(|state, context| match evaluate(state, context, &params, id) {
            AuthorizeOutcome::AskConsent(consent) => {
                let page = consent_page::ask(context.config, state, &consent);
                consent::await_answer(state, context.now, consent);
                page.into_response()
            }
            AuthorizeOutcome::ShowError(page) => {
                let reason = RefusalReason {
                    error: "refused_page".to_owned(),
                    text: page.message.clone(),
                };
                (
                    StatusCode::BAD_REQUEST,
                    Extension(reason),
                    consent_page::show_error(&page),
                )
                    .into_response()
            }
            AuthorizeOutcome::Redirect {
                redirect_uri,
                state,
                error,
            } => redirect(&redirect_uri, state.as_deref(), Err(error)),
        })
        .await?;
    Ok(shown)
}

pub(super) async fn answer(
    State(runtime): SharedRuntime,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ErrorResponse> {
    page::same_site(runtime.config.origin(), &headers)?;
    let form = body::form(&headers, body).await?;
    let answer = ConsentAnswer {
        authorize: match form.get("decision") {
            Some("authorize") => true,
            Some("decline") => false,
            _ => return Err(ErrorResponse::invalid("decision must be authorize or decline.")),
        },
        ticked: form.all("scope").map(str::to_owned).collect(),
        user_id: form.get("user_id").map(str::to_owned),
    };
    let id = form.get("consent_request").unwrap_or_default().to_owned();
    let code = runtime.config.entropy.token(Purpose::Consent)?;
    let redirect_to = runtime
        .write(|state, context| consent::answer(state, context, &id, &answer, code))
        .await?;
    Ok(match redirect_to {
        Some(to) => redirect(&to.redirect_uri, Some(&to.state), to.result),
        None => (StatusCode::BAD_REQUEST, consent_page::used_up()).into_response(),
    })
}

/// Redirects back to the integration with a code or an error.
fn redirect(redirect_uri: &str, state: Option<&str>, result: Result<String, OAuthError>) -> Response {
    let location =
        redirect_url(redirect_uri, state, &result).and_then(|url| HeaderValue::from_str(url.as_str()).ok());
    let Some(location) = location else {
        return ErrorResponse::invalid("The registered redirect URI cannot be sent in a header.")
            .into_response();
    };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    if let Err(error) = result {
        let reason = RefusalReason {
            error: error.code.to_owned(),
            text: error.description,
        };
        response.extensions_mut().insert(reason);
    }
    response
}
