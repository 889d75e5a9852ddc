//! The OAuth flow in a browser: to the platform's consent page and back.

use std::{convert::Infallible, error::Error, fmt, sync::Arc};

use axum_core::response::{IntoResponseParts, Response, ResponseParts};
use http::{
    HeaderMap, HeaderValue, StatusCode, Uri,
    header::{CACHE_CONTROL, SET_COOKIE},
};
use revento_api::{Client, ConnectError};
use revento_core::{Connection, RequestId, Scopes, error::ErrorKind};
use revento_oauth::{AuthorizationRequest, CallbackError, callback};
use revento_store::Sealer;

use crate::{
    browser::{Link, is_framed, local_path, no_store, page, redirect},
    finished_flows::FinishedFlows,
    flow_cookie::FlowCookies,
};

/// Begins and finishes authorizations of organizers and participants. The requested scopes decide which of the two.
#[derive(Clone)]
pub struct AuthorizationFlow {
    client: Client,
    sealer: Arc<dyn Sealer>,
    cookies: FlowCookies,
    finished: Arc<FinishedFlows>,
}

impl AuthorizationFlow {
    /// A flow for a client. The sealer seals the cookies; it may be the one that seals the tokens.
    pub fn new(client: Client, sealer: impl Sealer + 'static) -> Self {
        let cookies = FlowCookies::new(client.integration());
        Self {
            client,
            sealer: Arc::new(sealer),
            cookies,
            finished: Arc::default(),
        }
    }

    /// Sets the flow's cookies with `SameSite=None; Partitioned`, for Login with Revento inside the platform's frame
    /// (contract §5). A browser does not send other cookies there.
    #[must_use]
    pub fn partitioned_cookies(mut self) -> Self {
        self.cookies.partitioned = true;
        self
    }

    /// Returns a page whose link opens the same address outside of the frame, if the request comes from a frame, where
    /// the flow's cookie would be lost. Returns `None` for other requests: [`begin`](Self::begin) the flow.
    pub fn leave_frame(&self, headers: &HeaderMap, uri: &Uri) -> Option<Response> {
        if self.cookies.partitioned || !is_framed(headers) {
            return None;
        }
        let link = Link {
            href: uri.path_and_query().map_or("/", |path| path.as_str()),
            label: "Continue",
            target: "_top",
        };
        let text = "The connection to Revento cannot be made inside of this frame.";
        Some(page(StatusCode::OK, text, &link))
    }

    /// Redirects the browser to the consent page. The server keeps no state, so crawlers and browsers that prefetch the
    /// link do no harm.
    ///
    /// # Errors
    /// When the system gives no random bytes or the sealer failed. Nothing was sent.
    pub async fn begin(&self, request: &AuthorizationRequest) -> Result<Response, FlowError> {
        let started = self
            .client
            .begin_authorization(request)
            .map_err(|error| FlowError::begin(ErrorKind::Internal, error))?;
        let cookie = self
            .cookies
            .set_pending(&*self.sealer, &started.pending)
            .await
            .map_err(|error| FlowError::begin(ErrorKind::Sealing, error))?;
        let location = HeaderValue::try_from(started.url)
            .map_err(|error| FlowError::begin(ErrorKind::Configuration, error))?;
        Ok(with_cookie(redirect(location), cookie))
    }

    /// Reads the callback, exchanges the code and stores the connection.
    ///
    /// A repeated callback, such as a reload of the page, is refused, since a code that is sent twice revokes what it
    /// issued (contract §2.1). This process remembers its callbacks; several replicas need sticky callbacks.
    pub async fn finish(&self, headers: &HeaderMap, query: &str) -> FlowOutcome {
        let Some(state) = callback::state(query) else {
            return FlowOutcome {
                clear_cookie: ClearFlowCookie(None),
                result: Err(CallbackError::StateMismatch.into()),
            };
        };
        FlowOutcome {
            clear_cookie: ClearFlowCookie(self.cookies.clear(&state).ok()),
            result: self.exchange(headers, query, &state).await,
        }
    }

    /// Redirects the browser to `begin_path` once more, if a callback failed because its flow is unknown or expired, mostly
    /// because the browser lost the cookie. Does so only once, so that a browser without cookies does not loop.
    pub fn restart(&self, headers: &HeaderMap, error: &FlowError, begin_path: &str) -> Option<Response> {
        let is_lost = matches!(
            error,
            FlowError::Callback(CallbackError::StateMismatch | CallbackError::Expired)
        );
        if !is_lost || self.cookies.was_restarted(headers) {
            return None;
        }
        let location = HeaderValue::try_from(local_path(begin_path)?).ok()?;
        Some(with_cookie(
            redirect(location),
            self.cookies.set_restarted().ok()?,
        ))
    }

    async fn exchange(
        &self,
        headers: &HeaderMap,
        query: &str,
        state: &str,
    ) -> Result<FinishedAuthorization, FlowError> {
        let pending = self.cookies.find_pending(&*self.sealer, headers, state).await;
        let pending = pending.ok_or(CallbackError::StateMismatch)?;
        let now = self.client.now();
        let flow_id = pending.flow_id();
        let grant = pending.callback(query, now)?;
        if !self.finished.insert(flow_id, now) {
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

fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

impl fmt::Debug for AuthorizationFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationFlow")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// The end of a flow. From [`AuthorizationFlow::finish`].
#[derive(Debug)]
#[must_use = "put `clear_cookie` into the response"]
pub struct FlowOutcome {
    /// Removes the flow's cookie. Put it into the response, whatever the result: `(clear_cookie, page)`.
    pub clear_cookie: ClearFlowCookie,
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

/// The part of a response that removes the flow's cookie from the browser.
#[derive(Debug, Clone)]
#[must_use = "put it into the response, or the browser keeps the flow's cookie"]
pub struct ClearFlowCookie(Option<HeaderValue>);

impl IntoResponseParts for ClearFlowCookie {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        if let Some(cookie) = self.0 {
            parts.headers_mut().append(SET_COOKIE, cookie);
        }
        parts.headers_mut().insert(CACHE_CONTROL, no_store());
        Ok(parts)
    }
}

/// Why a flow led to no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// The platform or the human refused, or the callback belongs to no flow of this browser.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// The code gave no stored connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The flow could not begin. Nothing was sent.
    #[error("the authorization cannot begin, and nothing was sent: try again")]
    Begin {
        /// `Internal` for missing random bytes, `Sealing` for the cookie, `Configuration` for the address.
        kind: ErrorKind,
        /// The error of the random source or of the sealer.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl FlowError {
    /// A status for the page that shows the error.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Callback(_) => StatusCode::BAD_REQUEST,
            Self::Connect(_) => StatusCode::BAD_GATEWAY,
            Self::Begin { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Who is at fault.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Callback(error) => error.kind(),
            Self::Connect(error) => error.kind(),
            Self::Begin { kind, .. } => *kind,
        }
    }

    /// Whether the same call can succeed later. A callback is never repeated: begin a new flow.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Callback(error) => error.is_transient(),
            Self::Connect(error) => error.is_transient(),
            Self::Begin { kind, .. } => *kind != ErrorKind::Configuration,
        }
    }

    /// Whether the platform may have issued tokens.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Callback(error) => error.may_have_taken_effect(),
            Self::Connect(error) => error.may_have_taken_effect(),
            Self::Begin { .. } => false,
        }
    }

    /// The id of the request to the token endpoint, if one was sent.
    pub fn request_id(&self) -> Option<&RequestId> {
        match self {
            Self::Connect(error) => error.request_id(),
            Self::Callback(_) | Self::Begin { .. } => None,
        }
    }

    fn begin(kind: ErrorKind, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Begin {
            kind,
            source: Box::new(source),
        }
    }
}
