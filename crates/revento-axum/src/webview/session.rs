//! Who looks at a webview page.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum_core::response::{IntoResponse, Response};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{
    HeaderMap, HeaderValue, StatusCode, Uri,
    header::{CACHE_CONTROL, LOCATION},
};
use revento_api::Client;
use revento_core::{Connection, EventId, Timestamp, UserId};
use revento_store::{Entropy, OsEntropy, Sealed, Sealer};
use serde::{Deserialize, Serialize};

use super::{
    WebviewCookie,
    visit::{is_document, own_path, page},
};

const CONTEXT: &str = "revento/webview-session";
const LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// In the query of the first page after a login: a session that is not there now will never be.
const SIGNED_IN: &str = "revento-signed-in";
/// Tells a script where its user can sign in.
const LOGIN: &str = "revento-login";

/// Sessions of participants who came through Login with Revento, for pages in the platform's frame.
///
/// A session travels sealed in a [`WebviewCookie`]; no request creates one but a login. Every login makes a new one
/// and ends the one that the browser had, so that nobody can plant theirs. What has ended before its time is
/// remembered by this process; replicas want sticky sessions, or short lifetimes.
#[derive(Clone)]
pub struct WebviewSessions {
    client: Client,
    sealer: Arc<dyn Sealer>,
    cookie: WebviewCookie,
    login: String,
    lifetime: Duration,
    ended: Arc<Mutex<HashMap<String, Timestamp>>>,
}

/// A participant who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WebviewSession {
    id: String,
    /// The event.
    pub event_id: EventId,
    /// The participant.
    pub user_id: UserId,
    /// When the session ends.
    pub expires_at: Timestamp,
}

/// Nobody could be signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The connection is an organizer's: ask for scopes of Login with Revento (contract §2.2).
    #[error("this connection is an organizer's, not a participant's: ask for user scopes")]
    NotAParticipant,
    /// No random numbers, or the sealer failed. Nobody was signed in; try again.
    #[error("the session could not be sealed: nobody was signed in, try again")]
    NotSealed,
}

impl WebviewSessions {
    /// Sessions of twelve hours. `login` is the path that begins Login with Revento.
    pub fn new(client: Client, sealer: Arc<dyn Sealer>, login: impl Into<String>) -> Self {
        Self {
            client,
            sealer,
            cookie: WebviewCookie::new("revento-session"),
            login: login.into(),
            lifetime: LIFETIME,
            ended: Arc::default(),
        }
    }

    /// Another lifetime.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// The session of a request. Anything that is not a good session of ours is none: forged, cut, expired, ended.
    pub async fn find(&self, headers: &HeaderMap) -> Option<WebviewSession> {
        let value = self.cookie.find(headers)?;
        let sealed = Sealed::from_bytes(BASE64_URL_SAFE_NO_PAD.decode(value).ok()?);
        let opened = self.sealer.open(CONTEXT, &sealed).await.ok()?;
        let session: WebviewSession = serde_json::from_slice(&opened.plaintext).ok()?;
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let alive = self.client.now() < session.expires_at && !ended.contains_key(&session.id);
        alive.then_some(session)
    }

    /// The session of a request, or the answer that leads to one: scripts get 401 with the address of the login in
    /// the header `revento-login`, pages are sent there and will come back to where they were. A browser that has
    /// signed in and brings no cookie all the same gets a page that says so, not another round.
    ///
    /// # Errors
    /// The answer to give, when there is no session.
    pub async fn require(&self, headers: &HeaderMap, uri: &Uri) -> Result<WebviewSession, Response> {
        if let Some(session) = self.find(headers).await {
            return Ok(session);
        }
        let no_store = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if !is_document(headers) {
            let login = HeaderValue::try_from(self.login.as_str());
            let mut answer = (StatusCode::UNAUTHORIZED, [no_store]).into_response();
            if let Ok(login) = login {
                answer.headers_mut().insert(LOGIN, login);
            }
            return Err(answer);
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        if uri.query().is_some_and(|query| query.contains(SIGNED_IN)) {
            let words = "You have signed in, but this browser keeps no cookies for this page, so it cannot know you. \
                         Allow cookies for it, or open it outside of the frame.";
            let status = StatusCode::FORBIDDEN;
            return Err(page(status, words, path, "Open this page by itself", "_blank"));
        }
        let mut to = form_urlencoded::Serializer::new(String::new());
        to.append_pair("return_to", path);
        Err(
            match HeaderValue::try_from(format!("{}?{}", self.login, to.finish())) {
                Ok(to) => (StatusCode::SEE_OTHER, [(LOCATION, to), no_store]).into_response(),
                Err(_) => StatusCode::BAD_REQUEST.into_response(),
            },
        )
    }

    /// Signs a participant in: the `Set-Cookie` of a session that nobody has had before. The one that the browser
    /// brought is over.
    ///
    /// # Errors
    /// When nobody was signed in.
    pub async fn sign_in(
        &self,
        headers: &HeaderMap,
        connection: &Connection,
    ) -> Result<HeaderValue, SignInError> {
        let user_id = connection
            .key
            .user_id
            .clone()
            .ok_or(SignInError::NotAParticipant)?;
        let mut id = [0; 16];
        OsEntropy.fill(&mut id).map_err(|_| SignInError::NotSealed)?;
        let session = WebviewSession {
            id: BASE64_URL_SAFE_NO_PAD.encode(id),
            event_id: connection.key.event_id.clone(),
            user_id,
            expires_at: self.client.now().saturating_add(self.lifetime),
        };
        let plain = serde_json::to_vec(&session).map_err(|_| SignInError::NotSealed)?;
        let sealed = self
            .sealer
            .seal(CONTEXT, &plain)
            .await
            .map_err(|_| SignInError::NotSealed)?;
        self.end(headers).await;
        let value = BASE64_URL_SAFE_NO_PAD.encode(sealed.as_bytes());
        self.cookie
            .set(&value, self.lifetime)
            .map_err(|_| SignInError::NotSealed)
    }

    /// Ends the session of a request: the `Set-Cookie` that takes it from the browser. `None` when there was none.
    pub async fn sign_out(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        self.end(headers).await?;
        self.cookie.end().ok()
    }

    /// Where to go after a login: back to the page that wanted it, if that is a path of ours, else to `/`.
    pub fn home(&self, return_to: Option<&str>) -> String {
        let path = return_to.and_then(own_path).unwrap_or("/");
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("{path}{joint}{SIGNED_IN}=1")
    }

    async fn end(&self, headers: &HeaderMap) -> Option<()> {
        let session = self.find(headers).await?;
        let now = self.client.now();
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, until| now < *until);
        ended.insert(session.id, session.expires_at);
        Some(())
    }
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
