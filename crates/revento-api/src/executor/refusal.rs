//! An answer that is no success.

use bytes::Bytes;
use http::{Response, StatusCode};
use revento_core::{ApiErrorBody, ApiErrorCode, Extra, RequestId, text::printable};

use crate::error::{Attempts, Error};

/// What the platform refused, and why.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: ApiErrorCode,
    message: Option<String>,
    request_id: RequestId,
    details: Extra,
}

impl Refusal {
    /// Read from the error envelope, or from the status where the body is something else (contract §9).
    pub(super) fn of(response: &Response<Bytes>, sent_id: RequestId) -> Self {
        let status = response.status();
        match ApiErrorBody::parse(response.body()) {
            Some(body) => {
                let details = body.extra().clone();
                Self {
                    status,
                    code: body.error,
                    message: body.message,
                    request_id: body.request_id.filter(is_presentable).unwrap_or(sent_id),
                    details,
                }
            }
            None => Self {
                status,
                code: by_status(status),
                message: None,
                request_id: sent_id,
                details: Extra::default(),
            },
        }
    }

    /// Whether the same request can succeed later without anybody's help (contract §3.5).
    pub(super) fn is_worth_repeating(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS || self.status.is_server_error()
    }

    /// For the list of attempts.
    pub(super) fn in_short(&self) -> String {
        format!("{} {}", self.status.as_u16(), printable(self.code.as_str()))
    }

    pub(super) fn into_error(self, endpoint: &'static str, attempts: Attempts) -> Error {
        Error::Refused {
            status: self.status.as_u16(),
            code: self.code,
            message: self.message.map(Into::into),
            request_id: self.request_id,
            endpoint,
            details: self.details,
            attempts,
        }
    }
}

/// Messages and logs show the id, so an unprintable or long one is replaced by the id that was sent.
fn is_presentable(id: &RequestId) -> bool {
    let text = id.as_str();
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn by_status(status: StatusCode) -> ApiErrorCode {
    match status {
        StatusCode::UNAUTHORIZED => ApiErrorCode::InvalidToken,
        StatusCode::NOT_FOUND => ApiErrorCode::NotFound,
        StatusCode::BAD_REQUEST => ApiErrorCode::InvalidRequest,
        StatusCode::TOO_MANY_REQUESTS => ApiErrorCode::RateLimitExceeded,
        other => ApiErrorCode::Other(format!("http_{}", other.as_u16()).into()),
    }
}
