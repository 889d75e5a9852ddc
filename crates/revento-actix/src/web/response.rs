//! Responses of the flows and of the sessions.

use actix_web::{
    HttpResponse,
    body::BoxBody,
    http::{
        StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
};
use revento_web::FlowHeaders;

/// A response of the flow or of the sessions.
pub fn flow_response(response: http::Response<String>) -> HttpResponse {
    let (head, body) = response.into_parts();
    let mut answer = HttpResponse::new(status(head.status));
    copy_headers(&head.headers, answer.headers_mut());
    answer.set_body(BoxBody::new(body))
}

/// Adds headers of the flow ([`FlowHeaders::add_to`]) or of the sessions to a response.
pub fn copy_headers(headers: &http::HeaderMap, answer: &mut HeaderMap) {
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            answer.append(name, value);
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
    copy_headers(&more, answer.headers_mut());
    answer
}

pub(super) fn status(status: http::StatusCode) -> StatusCode {
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
