//! [`FlowRejection`]: an error of a flow as axum's response.

use std::{error::Error, fmt};

use axum_core::response::{IntoResponse, Response};
use revento_core::error::ErrorKind;
use revento_web::FlowError;

/// A [`FlowError`] as axum's response: a line of text with its status, for services without a page of their own.
///
/// The response of a callback has the [`FlowHeaders`](crate::FlowHeaders), too: `headers.apply(error.to_response())`.
pub struct FlowRejection(pub FlowError);

revento_core::readable_debug!(FlowRejection);

impl FlowRejection {
    /// Who is at fault.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind()
    }

    /// Whether the same call can succeed later.
    pub fn is_transient(&self) -> bool {
        self.0.is_transient()
    }

    /// Whether the platform may have issued tokens.
    pub fn may_have_taken_effect(&self) -> bool {
        self.0.may_have_taken_effect()
    }
}

impl From<FlowError> for FlowRejection {
    fn from(error: FlowError) -> Self {
        Self(error)
    }
}

impl fmt::Display for FlowRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for FlowRejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl IntoResponse for FlowRejection {
    fn into_response(self) -> Response {
        self.0.to_response().into_response()
    }
}
