//! The SDK's flow and sessions take and return the types of the crate `http` 1. actix-web has those of `http` 0.2.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    error::ErrorBadRequest,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};
use std::future::{Ready, ready};

/// The head of a request, as an extractor.
pub(crate) struct Browser(pub(crate) http::request::Parts);

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
        ready(
            head.body(())
                .map(|request| Self(request.into_parts().0))
                .map_err(ErrorBadRequest),
        )
    }
}

/// A response of the SDK.
pub(crate) fn response(response: http::Response<String>) -> HttpResponse {
    let (head, body) = response.into_parts();
    let mut answer = HttpResponse::new(status(head.status));
    copy_headers(&head.headers, &mut answer);
    answer.set_body(actix_web::body::BoxBody::new(body))
}

/// Adds headers of the SDK to a response.
pub(crate) fn copy_headers(headers: &http::HeaderMap, answer: &mut HttpResponse) {
    for (name, value) in headers {
        let pair = (
            HeaderName::from_bytes(name.as_ref()),
            HeaderValue::from_bytes(value.as_bytes()),
        );
        if let (Ok(name), Ok(value)) = pair {
            answer.headers_mut().append(name, value);
        }
    }
}

pub(crate) fn status(status: http::StatusCode) -> StatusCode {
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
