//! Rejections as actix's errors.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use revento_tower::Rejection;

/// A [`Rejection`] as actix's error; it is logged when it becomes an answer.
#[derive(Debug)]
pub struct WebhookRejection(pub Rejection);

impl fmt::Display for WebhookRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for WebhookRejection {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.0.log();
        let mut answer = HttpResponse::build(self.status_code());
        if let Rejection::Method = self.0 {
            answer.insert_header((header::ALLOW, "POST"));
        }
        answer
            .content_type("text/plain; charset=utf-8")
            .body(format!("{self}\n"))
    }
}
