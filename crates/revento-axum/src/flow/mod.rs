//! The OAuth flow in a browser: to the platform's consent page and back.
//!
//! | file | what it does |
//! |---|---|
//! | `cookies` | writes and finds the cookies of the flows |
//! | `exchange_limits` | limits how many codes are exchanged |
//! | `panel` | reads which event the platform's panel asks to connect |
//! | `outcome`, `error` | how a flow ends |

mod cookies;
mod error;
mod exchange_limits;
mod outcome;
mod panel;

use std::{fmt, sync::Arc};

use http::{HeaderValue, Response, StatusCode, header::SET_COOKIE, request::Parts};
use revento_api::Client;
use revento_core::{Scopes, error::ErrorKind};
use revento_oauth::{AuthorizationRequest, CallbackError, authorize::PENDING_LIFETIME, callback};
use revento_seal::KeyRing;

use self::{
    cookies::{FlowCookies, SetCookieError},
    exchange_limits::ExchangeGate,
};
pub use self::{
    error::FlowError,
    exchange_limits::ExchangeLimits,
    outcome::{FinishedAuthorization, FlowHeaders, FlowOutcome},
};
use crate::{
    browser::{
        LocalPath,
        page::{Link, empty, page, redirect},
        request::{is_framed, unopened_status},
    },
    recent::Recent,
};

/// Begins and finishes authorizations of organizers and participants. The requested scopes decide which of the two.
///
/// Its methods take the head of a request ([`Parts`]), which axum extracts. Behind a nested router pass the parts with the
/// original URI.
#[derive(Clone)]
pub struct AuthorizationFlow {
    client: Client,
    cookies: FlowCookies,
    gate: Arc<ExchangeGate>,
    /// The ids of the flows whose code was exchanged. The gate limits how many there are.
    finished: Arc<Recent<String, ()>>,
}

impl AuthorizationFlow {
    /// A flow for a client. Its cookies are sealed under keys that are [derived](KeyRing::derive) from the ring's, so the ring
    /// may be the one that seals the tokens.
    pub fn new(client: Client, keys: &KeyRing) -> Self {
        let cookies = FlowCookies::new(keys, client.integration());
        Self {
            client,
            cookies,
            gate: Arc::new(ExchangeGate::new(ExchangeLimits::default())),
            finished: Arc::new(Recent::new(PENDING_LIFETIME, usize::MAX)),
        }
    }

    /// Sets the flow's cookies with `SameSite=None; Partitioned`, for Login with Revento inside the platform's frame
    /// (contract §5). A browser does not send other cookies there.
    #[must_use]
    pub fn partitioned_cookies(mut self) -> Self {
        self.cookies.partitioned = true;
        self
    }

    /// Sets how many codes are exchanged at a time and per minute.
    #[must_use]
    pub fn exchange_limits(mut self, limits: ExchangeLimits) -> Self {
        self.gate = Arc::new(ExchangeGate::new(limits));
        self
    }

    /// Returns a page whose link opens the same address outside of the frame, if the request comes from a frame, where
    /// the flow's cookie would be lost. Returns `None` for other requests: [`begin`](Self::begin) the flow.
    pub fn leave_frame(&self, request: &Parts) -> Option<Response<String>> {
        if self.cookies.partitioned || !is_framed(&request.headers) {
            return None;
        }
        let link = Link {
            href: &LocalPath::of(&request.uri),
            label: "Continue",
            target: "_top",
        };
        let text = "The connection to Revento cannot be made inside of this frame.";
        Some(page(StatusCode::OK, text, &[link]))
    }

    /// Redirects the browser to the consent page. The server keeps no state. A browser keeps four flows; one more ends the
    /// oldest. A request that prefetches or prerenders the page begins nothing and is answered with 503: a browser would keep
    /// another answer and show it instead of following the link. A `HEAD` is answered with 204.
    ///
    /// # Errors
    /// When the system gives no random bytes, or the cookie could not be sealed or is too long. Nothing was sent.
    pub async fn begin(
        &self,
        browser: &Parts,
        request: &AuthorizationRequest,
    ) -> Result<Response<String>, FlowError> {
        if let Some(status) = unopened_status(browser) {
            return Ok(empty(status));
        }
        let started = self
            .client
            .begin_authorization(request)
            .map_err(|error| FlowError::begin(ErrorKind::Internal, error))?;
        let cookie = self.cookies.set_pending(&started.pending).await;
        let cookie = cookie.map_err(|error| match error {
            SetCookieError::Seal(_) => FlowError::begin(ErrorKind::Sealing, error),
            SetCookieError::TooLong => FlowError::begin(ErrorKind::Usage, error),
        })?;
        let location = HeaderValue::try_from(started.url)
            .map_err(|error| FlowError::begin(ErrorKind::Configuration, error))?;
        let mut response = redirect(location);
        for removal in self.cookies.make_room(&browser.headers, self.client.now()).await {
            response.headers_mut().append(SET_COOKIE, removal);
        }
        response.headers_mut().append(SET_COOKIE, cookie);
        Ok(response)
    }

    /// As [`begin`](Self::begin), for the connect page that the platform's integrations panel opens: a plain `GET` from the
    /// platform's site, whose query names the event (contract §2). The scopes are those of an organizer's connection.
    ///
    /// ```
    /// use axum::{extract::State, http::request::Parts, response::{IntoResponse, Response}};
    /// use revento_axum::AuthorizationFlow;
    /// use revento_core::{Scope, Scopes};
    ///
    /// async fn connect(State(flow): State<AuthorizationFlow>, request: Parts) -> Response {
    ///     match flow.begin_from_panel(&request, Scopes::from([Scope::EventRead])).await {
    ///         Ok(redirect) => redirect.into_response(),
    ///         Err(error) => (error.status(), error.to_string()).into_response(),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`FlowError::NoEvent`] when the query has no `event_id`, or two. Otherwise as `begin`.
    pub async fn begin_from_panel(
        &self,
        browser: &Parts,
        scopes: Scopes,
    ) -> Result<Response<String>, FlowError> {
        let event_id = panel::event_id(browser)?;
        self.begin(browser, &AuthorizationRequest { event_id, scopes })
            .await
    }

    /// Reads the callback, exchanges the code and stores the connection.
    ///
    /// A callback without a flow of this browser causes no request to the platform (invariant T10). A repeated callback, such
    /// as a reload of the page, is refused, since a code that is sent twice revokes what it issued (contract §2.1). This
    /// process remembers its callbacks; several replicas need sticky callbacks. A prefetch or a `HEAD` finishes nothing.
    pub async fn finish(&self, browser: &Parts) -> FlowOutcome {
        if let Some(status) = unopened_status(browser) {
            return FlowOutcome::new(Err(FlowError::NotOpened { status }), None);
        }
        match callback::state(browser.uri.query().unwrap_or_default()) {
            Ok(state) => FlowOutcome::new(self.exchange(browser, &state).await, self.cookies.clear(&state)),
            Err(error) => FlowOutcome::new(Err(error.into()), None),
        }
    }

    /// Redirects the browser to `begin` once more, if a callback failed because its flow is unknown or expired, mostly
    /// because the browser lost the cookie. Does so only once, so that a browser without cookies does not loop.
    pub fn restart(&self, browser: &Parts, error: &FlowError, begin: &LocalPath) -> Option<Response<String>> {
        let is_lost = matches!(
            error,
            FlowError::Callback(CallbackError::StateMismatch | CallbackError::Expired)
        );
        if !is_lost || self.cookies.was_restarted(&browser.headers) {
            return None;
        }
        let mut response = redirect(begin.to_header());
        response
            .headers_mut()
            .append(SET_COOKIE, self.cookies.set_restarted()?);
        Some(response)
    }

    async fn exchange(&self, browser: &Parts, state: &str) -> Result<FinishedAuthorization, FlowError> {
        let pending = self.cookies.find_pending(&browser.headers, state).await;
        let pending = pending.ok_or(CallbackError::StateMismatch)?;
        let now = self.client.now();
        let flow_id = pending.flow_id();
        let grant = pending.callback(browser.uri.query().unwrap_or_default(), now)?;
        if self.finished.get(&flow_id).is_some() {
            return Err(CallbackError::AlreadyUsed.into());
        }
        let permit = self.gate.begin(now);
        let permit = permit.map_err(|retry_after| FlowError::Busy { retry_after })?;
        if self.finished.insert(flow_id, (), now).is_some() {
            self.gate.end(&permit);
            return Err(CallbackError::AlreadyUsed.into());
        }
        let requested = grant.requested_scopes().clone();
        let finished = self.client.finish_authorization(grant).await;
        self.gate.end(&permit);
        let connection = finished?;
        let missing_scopes = requested.missing_from(&connection.scopes);
        Ok(FinishedAuthorization {
            connection,
            missing_scopes,
        })
    }
}

impl fmt::Debug for AuthorizationFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationFlow")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
