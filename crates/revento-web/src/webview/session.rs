//! The sessions of participants on webview pages.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Response, StatusCode, header::RETRY_AFTER, request::Parts};
use revento_api::Client;
use revento_core::{Connection, EventId, Timestamp, UserId};
use revento_seal::KeyRing;
use revento_store::{Entropy, OsEntropy, StoreError};
use serde::{Deserialize, Serialize};

use super::{
    connection_checks::ConnectionChecks, cookie::WebviewCookie, sign_in::SignInError, signed_in_mark,
};
use crate::{
    browser::{
        LocalPath,
        page::{Link, empty, page, redirect},
        request::is_document,
    },
    recent::Recent,
    sealed_cookies::SealedCookies,
};

/// Separates the cookies of sessions from those of flows.
const PURPOSE: &str = "session";
const LIFETIME: Duration = Duration::from_secs(12 * 3600);
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// How far the clocks of two replicas may differ.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);
/// How many sessions that ended early are remembered at most, in each of two generations.
const MOST_ENDED: usize = 100_000;
/// The response header that tells a script where its user can sign in.
const LOGIN: &str = "revento-login";

/// Sessions of participants who signed in with Login with Revento, for pages in the platform's frame.
///
/// A session travels sealed in a [`WebviewCookie`]. Only a login creates a session. Every login creates a new session and
/// ends the previous session of the browser, so that nobody can plant a session. A session ends with its connection: the store
/// is asked for it, and a positive answer counts for some seconds. A session belongs to one client id, authorization server
/// and redirect URI. It lives no longer than the configured lifetime, even if that was longer when the session began.
///
/// This process remembers the sessions that ended early; several replicas need sticky sessions or short lifetimes. A replica
/// that has not seen the end of a connection accepts its sessions again when the same participant has signed in anew.
///
/// All frames under the platform's site share the cookie. Put [`SameOrigin`](crate::SameOrigin) in front of every form.
#[derive(Clone)]
pub struct WebviewSessions {
    client: Client,
    sealed: SealedCookies,
    cookie: WebviewCookie,
    login: LocalPath,
    lifetime: Duration,
    checks: Arc<ConnectionChecks>,
    ended: Arc<Recent<Vec<u8>, ()>>,
}

/// The session of a participant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebviewSession {
    id: Vec<u8>,
    /// The event of the connection.
    pub event_id: EventId,
    /// The participant.
    pub user_id: UserId,
    /// The end of the session.
    pub expires_at: Timestamp,
}

/// What a cookie holds.
#[derive(Serialize, Deserialize)]
struct Payload<'a> {
    id: &'a [u8],
    event_id: &'a str,
    user_id: &'a str,
    signed_in_at: i64,
}

impl WebviewSessions {
    /// Creates sessions of twelve hours. `login` is the path that begins Login with Revento. The cookies are sealed under keys
    /// that are [derived](KeyRing::derive) from the ring's, so the ring may be the one that seals the tokens.
    pub fn new(client: Client, keys: &KeyRing, login: LocalPath) -> Self {
        let sealed = SealedCookies::new(keys, client.integration());
        Self {
            client,
            cookie: WebviewCookie::new(&format!("revento-session-{}", sealed.tag())),
            sealed,
            login,
            lifetime: LIFETIME,
            checks: Arc::new(ConnectionChecks::new(CHECK_INTERVAL)),
            ended: Arc::new(Recent::new(LIFETIME, MOST_ENDED)),
        }
    }

    /// Sets the lifetime of a session. It counts for sessions that exist, too.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self.ended = Arc::new(Recent::new(lifetime, MOST_ENDED));
        self
    }

    /// Sets for how long an answer of the store counts: how long a session can outlive its connection. The default is 5 seconds.
    #[must_use]
    pub fn check_interval(mut self, interval: Duration) -> Self {
        self.checks = Arc::new(ConnectionChecks::new(interval));
        self
    }

    /// Returns the session of a request. A forged, truncated, expired or ended session is `None`, and so is a session whose
    /// connection has ended.
    ///
    /// # Errors
    /// When the store failed, so that it is unknown whether the connection still exists.
    pub async fn find(&self, headers: &HeaderMap) -> Result<Option<WebviewSession>, StoreError> {
        for value in self.cookie.values(headers) {
            let Some(session) = self.open(value).await else {
                continue;
            };
            let WebviewSession {
                event_id, user_id, ..
            } = &session;
            if self.checks.is_live(&self.client, event_id, user_id).await? {
                return Ok(Some(session));
            }
            // A later login on another device must not revive it.
            self.forget(session);
        }
        Ok(None)
    }

    /// Returns the session of a request, or the response that leads to a login.
    ///
    /// A script gets 401 with the path of the login in the header `revento-login`. A page is redirected to the login and
    /// returns afterwards. A browser that signed in just now and sends no cookie gets a page that says so and links to the
    /// login, not another redirect. If the store fails, the response is 503.
    ///
    /// # Errors
    /// The response to send if there is no session.
    pub async fn require(&self, request: &Parts) -> Result<WebviewSession, Response<String>> {
        match self.find(&request.headers).await {
            Ok(Some(session)) => Ok(session),
            Ok(None) => Err(self.sign_in_response(request)),
            Err(_) => Err(not_now()),
        }
    }

    fn sign_in_response(&self, request: &Parts) -> Response<String> {
        if !is_document(&request.headers) {
            let mut response = empty(StatusCode::UNAUTHORIZED);
            response.headers_mut().insert(LOGIN, self.login.to_header());
            return response;
        }
        let marked = LocalPath::of(&request.uri);
        let path = signed_in_mark::remove(&marked);
        let login = self.login.with_parameter("return_to", path.as_str());
        // A browser that sends a cookie keeps cookies: its session has ended since.
        let has_cookie = self.cookie.values(&request.headers).next().is_some();
        if has_cookie || !signed_in_mark::is_fresh(&marked, self.client.now()) {
            return redirect(&login);
        }
        let text = "You have signed in, but this browser keeps no cookies for this page, so the page cannot \
                    recognize you. Allow cookies for it, or open it outside of the frame.";
        let links = [
            Link {
                href: &path,
                label: "Open this page by itself",
                target: "_blank",
            },
            Link {
                href: &login,
                label: "Sign in again",
                target: "_self",
            },
        ];
        page(StatusCode::FORBIDDEN, text, &links)
    }

    /// Signs a participant in: returns the `Set-Cookie` of a new session, and ends the previous session of the browser.
    ///
    /// # Errors
    /// When the connection is an organizer's, or the session could not be sealed. Nobody was signed in.
    pub async fn sign_in(
        &self,
        headers: &HeaderMap,
        connection: &Connection,
    ) -> Result<HeaderValue, SignInError> {
        let user_id = connection.key.user_id.as_ref();
        let user_id = user_id.ok_or(SignInError::NotAParticipant)?;
        let mut id = [0; 16];
        OsEntropy.fill(&mut id).map_err(SignInError::not_sealed)?;
        let payload = Payload {
            id: &id,
            event_id: connection.key.event_id.as_str(),
            user_id: user_id.as_str(),
            signed_in_at: self.client.now().unix_micros(),
        };
        let plain = postcard::to_allocvec(&payload).map_err(SignInError::not_sealed)?;
        let value = self.sealed.seal(PURPOSE, &plain).await;
        let value = value.map_err(SignInError::not_sealed)?;
        let cookie = self.cookie.set(&value, self.lifetime);
        let cookie = cookie.map_err(SignInError::not_sealed)?;
        self.end(headers).await;
        Ok(cookie)
    }

    /// Ends the session of a request: returns the `Set-Cookie` that removes it from the browser, or `None` if there was no
    /// session.
    pub async fn sign_out(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        self.end(headers)
            .await
            .then(|| self.cookie.clear().ok())
            .flatten()
    }

    /// The path that begins Login with Revento.
    pub fn login_path(&self) -> &LocalPath {
        &self.login
    }

    /// Returns the path to redirect to after a login: `return_to` if it is a path on this host, otherwise `/`.
    pub fn return_path(&self, return_to: Option<&str>) -> LocalPath {
        let path = return_to.and_then(|text| LocalPath::parse(text).ok());
        signed_in_mark::add(&path.unwrap_or_else(LocalPath::root), self.client.now())
    }

    /// The session in a cookie, if it is ours and not over.
    async fn open(&self, value: &str) -> Option<WebviewSession> {
        let plain = self.sealed.open(PURPOSE, value).await?;
        let payload: Payload<'_> = postcard::from_bytes(&plain).ok()?;
        let signed_in_at = Timestamp::from_unix_micros(payload.signed_in_at);
        let expires_at = signed_in_at.saturating_add(self.lifetime);
        let now = self.client.now();
        let is_now = signed_in_at <= now.saturating_add(CLOCK_DIFFERENCE) && now < expires_at;
        let session = WebviewSession {
            id: payload.id.into(),
            event_id: payload.event_id.into(),
            user_id: payload.user_id.into(),
            expires_at,
        };
        (is_now && self.ended.get(&session.id).is_none()).then_some(session)
    }

    /// Ends all sessions of a request. Returns whether there was one.
    async fn end(&self, headers: &HeaderMap) -> bool {
        let mut has_ended = false;
        for value in self.cookie.values(headers) {
            if let Some(session) = self.open(value).await {
                self.forget(session);
                has_ended = true;
            }
        }
        has_ended
    }

    fn forget(&self, session: WebviewSession) {
        self.ended.insert(session.id, (), self.client.now());
    }
}

fn not_now() -> Response<String> {
    let text = "The page cannot find out whether you are signed in. Load it again in a moment.";
    let mut response = page(StatusCode::SERVICE_UNAVAILABLE, text, &[]);
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

impl fmt::Debug for WebviewSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebviewSessions")
            .field("cookie", &self.cookie)
            .field("login", &self.login)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}
