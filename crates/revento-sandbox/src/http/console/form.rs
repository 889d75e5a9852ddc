//! The forms of the console: their check, and where the browser goes afterwards.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use subtle::ConstantTimeEq as _;

use crate::http::error_response::ErrorResponse;
use crate::http::{body, page};
use crate::platform::commands::CommandError;
use crate::platform::oauth::params::Params;
use crate::runtime::Runtime;

/// A form that a page of this console sent. Extracting it checks the site and the CSRF token.
pub(super) struct ConsoleForm(Params);

impl ConsoleForm {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    /// The value of `name`, or the empty text.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    pub(super) fn id(&self) -> &str {
        self.text("id")
    }

    /// Redirects to the page of the form, or to `fallback`; or shows why the command was refused.
    pub(super) fn respond(&self, fallback: &str, result: Result<(), CommandError>) -> Response {
        let to = self
            .get("back")
            .filter(|path| path.starts_with("/console/") || *path == "/console")
            .unwrap_or(fallback);
        let (status, text) = match result {
            Ok(()) => return Redirect::to(to).into_response(),
            Err(CommandError::NotFound(text)) => (StatusCode::NOT_FOUND, text),
            Err(CommandError::Conflict(text)) => (StatusCode::CONFLICT, text),
        };
        let content = html! {
            section.card.refusal { h1 { "That was not possible" } p.lead { (text) } p { a href=(to) { "Back to the console" } } }
        };
        (status, page::bare("Not possible", &content)).into_response()
    }
}

impl FromRequest<Arc<Runtime>> for ConsoleForm {
    type Rejection = ErrorResponse;

    async fn from_request(request: Request, runtime: &Arc<Runtime>) -> Result<Self, ErrorResponse> {
        let (parts, body) = request.into_parts();
        page::same_site(runtime.config.origin(), &parts.headers)?;
        let form = Self(body::form(&parts.headers, body).await?);
        let token = form.text("csrf");
        if bool::from(token.as_bytes().ct_eq(runtime.csrf_token.as_bytes())) {
            return Ok(form);
        }
        Err(ErrorResponse::new(
            403,
            "csrf",
            "The sandbox was restarted after this page was loaded. Reload the page and try again.",
        ))
    }
}

/// The error for an action that a form names and the console does not know.
pub(super) fn unknown_action() -> CommandError {
    CommandError::NotFound("There is no such action.".to_owned())
}
