//! [`FlowRejection`]: an error of a flow as actix's error.

use std::{error::Error, fmt};

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use revento_core::error::ErrorKind;
use revento_web::{FlowError, FlowHeaders};

use super::response::{flow_response, status, with_flow_headers};

/// A [`FlowError`] as actix's error: a line of text with its status, for services without a page of their own.
///
/// ```
/// use actix_web::{HttpResponse, web::Data};
/// use revento_actix::{AuthorizationFlow, Browser, FlowOutcome, FlowRejection, flow_response, with_flow_headers};
/// use revento_core::{Scope, Scopes};
///
/// async fn connect(flow: Data<AuthorizationFlow>, browser: Browser) -> Result<HttpResponse, FlowRejection> {
///     let scopes = Scopes::from([Scope::EventRead]);
///     Ok(flow_response(flow.begin_from_panel(&browser.0, scopes).await?))
/// }
///
/// async fn callback(flow: Data<AuthorizationFlow>, browser: Browser) -> Result<HttpResponse, FlowRejection> {
///     let FlowOutcome { headers, result } = flow.finish(&browser.0).await;
///     match result {
///         Ok(_) => Ok(with_flow_headers(headers, HttpResponse::Ok().body("Connected."))),
///         Err(error) => Err(FlowRejection::from(error).with_headers(headers)),
///     }
/// }
/// ```
pub struct FlowRejection {
    error: FlowError,
    headers: Option<FlowHeaders>,
}

revento_core::readable_debug!(FlowRejection);

impl FlowRejection {
    /// Adds the headers of a callback's end to the response.
    #[must_use]
    pub fn with_headers(mut self, headers: FlowHeaders) -> Self {
        self.headers = Some(headers);
        self
    }

    /// The error.
    pub fn error(&self) -> &FlowError {
        &self.error
    }

    /// Who is at fault.
    pub fn kind(&self) -> ErrorKind {
        self.error.kind()
    }

    /// Whether the same call can succeed later.
    pub fn is_transient(&self) -> bool {
        self.error.is_transient()
    }

    /// Whether the platform may have issued tokens.
    pub fn may_have_taken_effect(&self) -> bool {
        self.error.may_have_taken_effect()
    }
}

impl From<FlowError> for FlowRejection {
    fn from(error: FlowError) -> Self {
        Self { error, headers: None }
    }
}

impl fmt::Display for FlowRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for FlowRejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

impl ResponseError for FlowRejection {
    fn status_code(&self) -> StatusCode {
        status(self.error.status())
    }

    fn error_response(&self) -> HttpResponse {
        let answer = flow_response(self.error.to_response());
        match &self.headers {
            Some(headers) => with_flow_headers(headers.clone(), answer),
            None => answer,
        }
    }
}
