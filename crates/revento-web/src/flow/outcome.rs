//! The end of a flow.

use http::{
    HeaderMap, HeaderValue, Response,
    header::{CACHE_CONTROL, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE},
};
use revento_core::{Connection, Scopes};

use super::error::FlowError;
use crate::browser::page::no_store;

/// The end of a flow. From [`AuthorizationFlow::finish`](crate::AuthorizationFlow::finish).
#[derive(Debug)]
#[must_use = "apply `headers` to the response"]
pub struct FlowOutcome {
    /// Headers of the response, whatever the result: `headers.apply(page)`.
    pub headers: FlowHeaders,
    /// The connection, or why there is none. A page that shows the error should offer to begin again.
    pub result: Result<FinishedAuthorization, FlowError>,
}

/// A finished authorization.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FinishedAuthorization {
    /// The stored connection.
    pub connection: Connection,
    /// The requested scopes that were not granted (contract §2.2).
    pub missing_scopes: Scopes,
}

/// The headers of a callback's response. They remove the flow's cookie, unless the browser can repeat the callback; then
/// `Retry-After` says when. They keep the page out of caches, and its address, which has the code, out of `Referer`.
#[derive(Debug, Clone)]
#[must_use = "apply it to the response, or the browser keeps the flow's cookie"]
pub struct FlowHeaders {
    clear_cookie: Option<HeaderValue>,
    retry_after: Option<HeaderValue>,
}

impl FlowOutcome {
    pub(super) fn new(
        result: Result<FinishedAuthorization, FlowError>,
        clear_cookie: Option<HeaderValue>,
    ) -> Self {
        let keeps_flow = result.as_ref().is_err_and(FlowError::keeps_flow);
        let retry_after = result.as_ref().err().and_then(FlowError::retry_after);
        Self {
            headers: FlowHeaders {
                clear_cookie: clear_cookie.filter(|_| !keeps_flow),
                retry_after,
            },
            result,
        }
    }
}

impl FlowHeaders {
    /// Adds them to a response of any kind.
    #[must_use = "it is the response"]
    pub fn apply<B>(self, mut response: Response<B>) -> Response<B> {
        self.add_to(response.headers_mut());
        response
    }

    /// Adds them to the headers of a response.
    pub fn add_to(self, headers: &mut HeaderMap) {
        if let Some(cookie) = self.clear_cookie {
            headers.append(SET_COOKIE, cookie);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds);
        }
        headers.insert(CACHE_CONTROL, no_store());
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
}
