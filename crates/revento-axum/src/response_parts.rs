//! What axum asks of a response and of its parts.

use std::convert::Infallible;

use axum_core::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use http::{StatusCode, header::RETRY_AFTER};

use crate::{
    FlowError, FlowHeaders,
    browser::page::{empty, text},
};

impl IntoResponseParts for FlowHeaders {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.add_to(parts.headers_mut());
        Ok(parts)
    }
}

impl IntoResponse for FlowError {
    fn into_response(self) -> Response {
        let mut response = match self.status() {
            StatusCode::NO_CONTENT => empty(StatusCode::NO_CONTENT),
            status => text(status, format!("Not connected: {self}.\n")),
        };
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response.into_response()
    }
}
