//! What axum asks of a response and of its parts.

use std::convert::Infallible;

use axum_core::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};

use crate::{FlowError, FlowHeaders};

impl IntoResponseParts for FlowHeaders {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.add_to(parts.headers_mut());
        Ok(parts)
    }
}

impl IntoResponse for FlowError {
    fn into_response(self) -> Response {
        self.to_response().into_response()
    }
}
