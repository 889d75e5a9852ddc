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
pub(crate) mod panel;

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderValue, Response, StatusCode, header::SET_COOKIE, request::Parts};
use revento_api::Client;
use revento_core::{EventId, Scopes, Timestamp, TokenKind, error::ErrorKind};
use revento_oauth::{
    AuthorizationRequest, CallbackError, PendingAuthorization, authorize::PENDING_LIFETIME, callback,
};
use revento_seal::KeyRing;
use revento_store::Once;

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
        page::{Link, empty, page, redirect, redirect_to},
        request::{is_framed, unopened_status},
    },
    recent::Recent,
};

/// How far the clocks of two replicas may differ. Only after this time nobody needs the mark of a flow that has ended.
const CLOCK_DIFFERENCE: Duration = PENDING_LIFETIME;

/// Begins and finishes authorizations of organizers and participants. The requested scopes decide which of the two.
///
/// Its methods take the head of a request ([`Parts`]) and return a [`Response`]. Behind a nested router pass the parts with the
/// original URI. [`AuthorizationRoutes`](crate::AuthorizationRoutes) mounts a flow at its paths.
#[derive(Clone)]
pub struct AuthorizationFlow {
    client: Client,
    cookies: FlowCookies,
    gate: Arc<ExchangeGate>,
    /// The marks of the flows whose code may have been sent. All replicas share them.
    once: Arc<dyn Once>,
    /// Those that this process knows of, so that a repeated callback costs no call of the store. The gate limits how many there are.
    known: Arc<Recent<String, ()>>,
}

impl AuthorizationFlow {
    /// A flow for a client. Its cookies are sealed under keys that are [derived](KeyRing::derive) from the ring's, so the ring
    /// may be the one that seals the tokens. `once` remembers which callbacks were used: give all replicas the same store, such as
    /// the one that has the tokens.
    pub fn new(client: Client, keys: &KeyRing, once: impl Once + 'static) -> Self {
        let cookies = FlowCookies::new(keys, client.integration());
        Self {
            client,
            cookies,
            gate: Arc::new(ExchangeGate::new(ExchangeLimits::default())),
            once: Arc::new(once),
            known: Arc::new(Recent::new(PENDING_LIFETIME, usize::MAX)),
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

    pub(crate) fn client(&self) -> &Client {
        &self.client
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
        let mut response = redirect_to(location);
        for removal in self.cookies.make_room(&browser.headers, self.client.now()).await {
            response.headers_mut().append(SET_COOKIE, removal);
        }
        response.headers_mut().append(SET_COOKIE, cookie);
        Ok(response)
    }

    /// As [`begin`](Self::begin), for a page whose address names the event, such as the connect page that the platform's integrations panel opens: a plain `GET` from the
    /// platform's site, whose query names the event (contract §2). The scopes are those of an organizer's connection.
    ///
    /// ```
    /// use http::{Response, request::Parts};
    /// use revento_core::{Scope, Scopes};
    /// use revento_web::AuthorizationFlow;
    ///
    /// async fn connect(flow: &AuthorizationFlow, request: &Parts) -> Response<String> {
    ///     let begun = flow.begin_from_panel(request, Scopes::from([Scope::EventRead])).await;
    ///     begun.unwrap_or_else(|error| error.to_response())
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
    /// A callback without a flow of this browser causes no request to the platform (invariant T10). A prefetch or a `HEAD`
    /// finishes nothing.
    ///
    /// A code that is sent twice revokes what it issued (contract §2.1). So the flow takes a use-once mark before it sends the code
    /// (invariant T9), and refuses a repeated callback with [`FlowError::AlreadyUsed`], whichever replica it reaches: after a
    /// double click, or if the browser did not get the first response. If the first process died between the mark and the
    /// request, nothing was sent, and the human has to begin again. Redirect the browser to the page of the event, which shows
    /// whether there is a connection:
    ///
    /// ```
    /// use http::{Response, request::Parts};
    /// use revento_core::EventId;
    /// use revento_web::{AuthorizationFlow, FlowError, FlowOutcome, LocalPath, redirect};
    ///
    /// async fn callback(flow: &AuthorizationFlow, request: &Parts) -> Response<String> {
    ///     let FlowOutcome { headers, result } = flow.finish(request).await;
    ///     headers.apply(match result {
    ///         Ok(finished) => event_page(&finished.connection.key.event_id),
    ///         Err(FlowError::AlreadyUsed { event_id, .. }) => event_page(&event_id),
    ///         Err(error) => error.to_response(),
    ///     })
    /// }
    ///
    /// fn event_page(event_id: &EventId) -> Response<String> {
    ///     redirect(&LocalPath::root().with_parameter("event_id", event_id.as_str()))
    /// }
    /// ```
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
        let mut response = redirect(begin);
        response
            .headers_mut()
            .append(SET_COOKIE, self.cookies.set_restarted()?);
        Some(response)
    }

    async fn exchange(&self, browser: &Parts, state: &str) -> Result<FinishedAuthorization, FlowError> {
        let pending = self.cookies.find_pending(&browser.headers, state).await;
        let pending = pending.ok_or(CallbackError::StateMismatch)?;
        let now = self.client.now();
        let flow = FlowInUse::of(&pending);
        let grant = pending.callback(browser.uri.query().unwrap_or_default(), now)?;
        if self.known.get(&flow.id).is_some() {
            return Err(flow.already_used());
        }
        let permit = self.gate.begin(now);
        let permit = permit.map_err(|retry_after| FlowError::Busy { retry_after })?;
        if let Err(error) = self.take_mark(&flow, now).await {
            self.gate.take_back(&permit);
            return Err(error);
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

    /// Takes the mark of a flow. Of all calls in all replicas one gets it, and may send the code.
    async fn take_mark(&self, flow: &FlowInUse, now: Timestamp) -> Result<(), FlowError> {
        let until = flow.expires_at.saturating_add(CLOCK_DIFFERENCE);
        let mark = format!("callback/{}", flow.id);
        let is_ours = self.once.take(&mark, now, until).await;
        let is_ours = is_ours.map_err(FlowError::Store)?;
        self.known.insert(flow.id.clone(), (), now);
        if is_ours { Ok(()) } else { Err(flow.already_used()) }
    }
}

/// What the mark and the errors of a flow need, once its callback has consumed the pending authorization.
struct FlowInUse {
    id: String,
    event_id: EventId,
    token_kind: TokenKind,
    expires_at: Timestamp,
}

impl FlowInUse {
    fn of(pending: &PendingAuthorization) -> Self {
        Self {
            id: pending.flow_id(),
            event_id: pending.event_id().clone(),
            token_kind: pending.token_kind(),
            expires_at: pending.expires_at(),
        }
    }

    fn already_used(&self) -> FlowError {
        FlowError::AlreadyUsed {
            event_id: self.event_id.clone(),
            token_kind: self.token_kind,
        }
    }
}

impl fmt::Debug for AuthorizationFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationFlow")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
