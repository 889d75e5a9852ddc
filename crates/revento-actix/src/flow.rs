//! The OAuth flow and the sessions in actix-web. They take and return the types of the crate `http` 1; actix-web has those of `http` 0.2.

use std::{
    error::Error,
    fmt,
    future::{Ready, ready},
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, ResponseError,
    body::BoxBody,
    dev::Payload,
    error::ErrorBadRequest,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};
use http::request::Parts;
use revento_axum::{FlowError, FlowHeaders};
use revento_core::error::ErrorKind;

/// The head of a request, as the flow and the sessions take it: an extractor.
#[derive(Debug)]
pub struct Browser(pub Parts);

impl FromRequest for Browser {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut head = http::Request::builder()
            .method(request.method().as_str())
            .uri(request.uri().to_string());
        for (name, value) in request.headers() {
            head = head.header(name.as_str(), value.as_bytes());
        }
        let head = head.body(()).map(|request| Self(request.into_parts().0));
        ready(head.map_err(ErrorBadRequest))
    }
}

/// A response of the flow or of the sessions.
pub fn flow_response(response: http::Response<String>) -> HttpResponse {
    let (head, body) = response.into_parts();
    let mut answer = HttpResponse::new(status(head.status));
    copy_headers(&head.headers, &mut answer);
    answer.set_body(BoxBody::new(body))
}

/// Adds headers of the flow ([`FlowHeaders::add_to`]) or of the sessions to a response.
pub fn copy_headers(headers: &http::HeaderMap, answer: &mut HttpResponse) {
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            answer.headers_mut().append(name, value);
        }
    }
}

/// Adds the headers of a callback's end to its response. They replace those of the same name, except cookies.
pub fn with_flow_headers(headers: FlowHeaders, mut answer: HttpResponse) -> HttpResponse {
    let mut more = http::HeaderMap::new();
    headers.add_to(&mut more);
    for name in more.keys().filter(|name| *name != http::header::SET_COOKIE) {
        answer.headers_mut().remove(name.as_str());
    }
    copy_headers(&more, &mut answer);
    answer
}

fn status(status: http::StatusCode) -> StatusCode {
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A [`FlowError`] as actix's error: a line of text with its status, for services without a page of their own.
///
/// ```
/// use actix_web::{HttpResponse, web::Data};
/// use revento_actix::{Browser, FlowRejection, flow_response, with_flow_headers};
/// use revento_axum::{AuthorizationFlow, FlowOutcome};
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
#[derive(Debug)]
pub struct FlowRejection {
    error: FlowError,
    headers: Option<FlowHeaders>,
}

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
