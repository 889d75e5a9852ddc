//! What axum asks of a part of a response.

use std::convert::Infallible;

use axum_core::response::{IntoResponseParts, ResponseParts};

use crate::FlowHeaders;

impl IntoResponseParts for FlowHeaders {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.add_to(parts.headers_mut());
        Ok(parts)
    }
}
