//! The OAuth flow in a browser: away to the platform, and home again.

use std::{convert::Infallible, fmt, sync::Arc};

use axum_core::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use http::{
    HeaderMap, HeaderValue, StatusCode, Uri,
    header::{CACHE_CONTROL, LOCATION, SET_COOKIE},
};
use revento_api::{Client, ConnectError};
use revento_core::{Connection, Scopes};
use revento_oauth::{AuthorizationRequest, CallbackError, callback};
use revento_store::{SealError, Sealer};

use crate::{
    flow_cookie::FlowCookies,
    flow_once::Once,
    webview::visit::{is_framed, own_path, page},
};

/// Begins and finishes authorizations, for organizers and participants alike: the scopes decide.
#[derive(Clone)]
pub struct AuthorizationFlow {
    client: Client,
    sealer: Arc<dyn Sealer>,
    cookies: FlowCookies,
    once: Arc<Once>,
}

/// A finished authorization.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FinishedAuthorization {
    /// The connection, stored.
    pub connection: Connection,
    /// What was asked for and not granted (contract §2.2).
    pub missing_scopes: Scopes,
}

/// Ends the flow in the browser. Put it into the answer to the callback, whatever the outcome:
/// `(over, page)`.
#[derive(Debug, Clone)]
#[must_use = "put it into the response, or the browser keeps the flow's cookie"]
pub struct ClearFlowCookie(Option<HeaderValue>);

/// The flow led to no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// The platform or the human said no, or the callback belongs to no flow of this browser.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// The code could not be turned into a stored connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The flow could not be begun.
    #[error("the connection cannot be begun: {0}")]
    Begin(String),
}

impl FlowError {
    /// A status for the page that tells it.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Callback(_) => StatusCode::BAD_REQUEST,
            Self::Connect(_) => StatusCode::BAD_GATEWAY,
            Self::Begin(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl AuthorizationFlow {
    /// A flow for a client. The sealer seals the cookies; it may be the one that seals the tokens.
    pub fn new(client: Client, sealer: Arc<dyn Sealer>) -> Self {
        let cookies = FlowCookies::new(client.integration());
        Self {
            client,
            sealer,
            cookies,
            once: Arc::default(),
        }
    }

    /// For Login with Revento inside the platform's frame (contract §5): the flow's cookies are `SameSite=None;
    /// Partitioned`, since a browser keeps others back there.
    pub fn in_frames(mut self) -> Self {
        self.cookies.framed = true;
        self
    }

    /// The answer to a request that would begin the flow inside a frame, where its cookie would be lost: a page whose
    /// link opens the same address on top. `None` when the request is not from a frame: [`begin`](Self::begin) it.
    pub fn on_top(&self, headers: &HeaderMap, uri: &Uri) -> Option<Response> {
        if self.cookies.framed || !is_framed(headers) {
            return None;
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let words = "Connecting leads to Revento and back, which does not work inside of this frame.";
        Some(page(StatusCode::OK, words, path, "Continue", "_top"))
    }

    /// After a callback whose flow is not known here, mostly since its cookie was gone: sends the browser to `begin`
    /// once more, and only once, so that a browser without cookies does not go round in circles.
    pub fn again(&self, headers: &HeaderMap, error: &FlowError, begin: &str) -> Option<Response> {
        let lost = matches!(
            error,
            FlowError::Callback(CallbackError::StateMismatch | CallbackError::Expired)
        );
        if !lost || self.cookies.is_again(headers) {
            return None;
        }
        let location = HeaderValue::try_from(own_path(begin)?).ok()?;
        let no_store = HeaderValue::from_static("no-store");
        let cookie = self.cookies.again().ok()?;
        let headers = [
            (LOCATION, location),
            (SET_COOKIE, cookie),
            (CACHE_CONTROL, no_store),
        ];
        Some((StatusCode::SEE_OTHER, headers).into_response())
    }

    /// Sends the browser to the consent page. Keeps nothing on the server, so crawlers and prefetching
    /// browsers do no harm.
    ///
    /// # Errors
    /// When there are no random numbers or the sealer failed.
    pub async fn begin(&self, request: &AuthorizationRequest) -> Result<Response, FlowError> {
        let begun = self
            .client
            .begin_authorization(request)
            .map_err(|error| FlowError::Begin(error.to_string()))?;
        let cookie = self
            .cookies
            .keep(&*self.sealer, &begun.pending)
            .await
            .map_err(begin_error)?;
        let location =
            HeaderValue::try_from(begun.url).map_err(|error| FlowError::Begin(error.to_string()))?;
        let no_store = HeaderValue::from_static("no-store");
        let headers = [
            (LOCATION, location),
            (SET_COOKIE, cookie),
            (CACHE_CONTROL, no_store),
        ];
        Ok((StatusCode::SEE_OTHER, headers).into_response())
    }

    /// Reads the callback, exchanges the code and stores the connection.
    ///
    /// A callback that comes again, as from an impatient reload, is refused and spends nothing; that is
    /// remembered by this process, so replicas want sticky callbacks or a cookie that has gone by then.
    ///
    /// The second half is the outcome; a page that tells a [`FlowError`] should offer to begin again.
    pub async fn finish(
        &self,
        headers: &HeaderMap,
        query: &str,
    ) -> (ClearFlowCookie, Result<FinishedAuthorization, FlowError>) {
        let Some(state) = callback::state(query) else {
            return (ClearFlowCookie(None), Err(CallbackError::StateMismatch.into()));
        };
        let over = ClearFlowCookie(self.cookies.end(&state).ok());
        (over, self.conclude(headers, query, &state).await)
    }

    async fn conclude(
        &self,
        headers: &HeaderMap,
        query: &str,
        state: &str,
    ) -> Result<FinishedAuthorization, FlowError> {
        let pending = self.cookies.find(&*self.sealer, headers, state).await;
        let pending = pending.ok_or(CallbackError::StateMismatch)?;
        let now = self.client.now();
        let flow_id = pending.flow_id();
        let grant = pending.callback(query, now)?;
        // A code that is sent twice revokes what it has issued (contract §2.1).
        if !self.once.is_first(flow_id, now) {
            return Err(CallbackError::AlreadyUsed.into());
        }
        let requested = grant.requested_scopes().clone();
        let connection = self.client.finish_authorization(grant).await?;
        let missing_scopes = requested.missing_from(&connection.scopes);
        Ok(FinishedAuthorization {
            connection,
            missing_scopes,
        })
    }
}

fn begin_error(error: SealError) -> FlowError {
    FlowError::Begin(error.to_string())
}

impl fmt::Debug for AuthorizationFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationFlow")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl IntoResponseParts for ClearFlowCookie {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        if let Some(cookie) = self.0 {
            parts.headers_mut().append(SET_COOKIE, cookie);
        }
        parts
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(parts)
    }
}
