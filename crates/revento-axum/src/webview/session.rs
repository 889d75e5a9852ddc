//! The sessions of participants on webview pages.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum_core::response::{IntoResponse, Response};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header::CACHE_CONTROL};
use revento_api::Client;
use revento_core::{Connection, EventId, Timestamp, UserId, error::ErrorKind};
use revento_store::{Entropy, OsEntropy, Sealed, Sealer};
use serde::{Deserialize, Serialize};

use super::cookie::WebviewCookie;
use crate::browser::{Link, is_document, local_path, no_store, page, redirect};

/// The sealing context.
const CONTEXT: &str = "revento/webview-session";
const LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// Marks the first page after a login in its query. If the session is missing there, the browser keeps no cookies.
const SIGNED_IN: &str = "revento-signed-in";
/// The response header that tells a script where its user can sign in.
const LOGIN: &str = "revento-login";

/// Sessions of participants who signed in with Login with Revento, for pages in the platform's frame.
///
/// A session travels sealed in a [`WebviewCookie`]. Only a login creates a session. Every login creates a new session and
/// ends the previous session of the browser, so that nobody can plant a session. This process remembers the sessions that
/// ended early; several replicas need sticky sessions or short lifetimes.
#[derive(Clone)]
pub struct WebviewSessions {
    client: Client,
    sealer: Arc<dyn Sealer>,
    cookie: WebviewCookie,
    login: String,
    lifetime: Duration,
    ended: Arc<Mutex<HashMap<String, Timestamp>>>,
}

/// The session of a participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WebviewSession {
    id: String,
    /// The event of the connection.
    pub event_id: EventId,
    /// The participant.
    pub user_id: UserId,
    /// The end of the session.
    pub expires_at: Timestamp,
}

impl WebviewSessions {
    /// Creates sessions of twelve hours. `login` is the path that begins Login with Revento.
    pub fn new(client: Client, sealer: impl Sealer + 'static, login: impl Into<String>) -> Self {
        Self {
            client,
            sealer: Arc::new(sealer),
            cookie: WebviewCookie::new("revento-session"),
            login: login.into(),
            lifetime: LIFETIME,
            ended: Arc::default(),
        }
    }

    /// Sets the lifetime of a session.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Returns the session of a request. A forged, truncated, expired or ended session is `None`.
    pub async fn find(&self, headers: &HeaderMap) -> Option<WebviewSession> {
        let value = self.cookie.find(headers)?;
        let sealed = Sealed::from_bytes(BASE64_URL_SAFE_NO_PAD.decode(value).ok()?);
        let opened = self.sealer.open(CONTEXT, &sealed).await.ok()?;
        let session: WebviewSession = serde_json::from_slice(&opened.plaintext).ok()?;
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let is_valid = self.client.now() < session.expires_at && !ended.contains_key(&session.id);
        is_valid.then_some(session)
    }

    /// Returns the session of a request, or the response that leads to a login.
    ///
    /// A script gets 401 with the path of the login in the header `revento-login`. A page is redirected to the login and
    /// returns afterwards. A browser that signed in and still sends no cookie gets a page that says so, not another
    /// redirect.
    ///
    /// # Errors
    /// The response to send if there is no session.
    pub async fn require(&self, headers: &HeaderMap, uri: &Uri) -> Result<WebviewSession, Response> {
        match self.find(headers).await {
            Some(session) => Ok(session),
            None => Err(self.sign_in_response(headers, uri)),
        }
    }

    fn sign_in_response(&self, headers: &HeaderMap, uri: &Uri) -> Response {
        if !is_document(headers) {
            let mut response = (StatusCode::UNAUTHORIZED, [(CACHE_CONTROL, no_store())]).into_response();
            if let Ok(login) = HeaderValue::try_from(self.login.as_str()) {
                response.headers_mut().insert(LOGIN, login);
            }
            return response;
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        if uri.query().is_some_and(|query| query.contains(SIGNED_IN)) {
            let text = "You have signed in, but this browser keeps no cookies for this page, so the page cannot \
                        recognize you. Allow cookies for it, or open it outside of the frame.";
            let link = Link {
                href: path,
                label: "Open this page by itself",
                target: "_blank",
            };
            return page(StatusCode::FORBIDDEN, text, &link);
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("return_to", path);
        match HeaderValue::try_from(format!("{}?{}", self.login, query.finish())) {
            Ok(location) => redirect(location),
            Err(_) => StatusCode::BAD_REQUEST.into_response(),
        }
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
        let user_id = connection
            .key
            .user_id
            .clone()
            .ok_or(SignInError::NotAParticipant)?;
        let mut id = [0; 16];
        OsEntropy.fill(&mut id).map_err(SignInError::not_sealed)?;
        let session = WebviewSession {
            id: BASE64_URL_SAFE_NO_PAD.encode(id),
            event_id: connection.key.event_id.clone(),
            user_id,
            expires_at: self.client.now().saturating_add(self.lifetime),
        };
        let plain = serde_json::to_vec(&session).map_err(SignInError::not_sealed)?;
        let sealed = self
            .sealer
            .seal(CONTEXT, &plain)
            .await
            .map_err(SignInError::not_sealed)?;
        self.end(headers).await;
        let value = BASE64_URL_SAFE_NO_PAD.encode(sealed.as_bytes());
        self.cookie
            .set(&value, self.lifetime)
            .map_err(SignInError::not_sealed)
    }

    /// Ends the session of a request: returns the `Set-Cookie` that removes it from the browser, or `None` if there was no
    /// session.
    pub async fn sign_out(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        self.end(headers).await?;
        self.cookie.clear().ok()
    }

    /// Returns the path to redirect to after a login: `return_to` if it is a path on this host, otherwise `/`.
    pub fn return_path(&self, return_to: Option<&str>) -> String {
        let path = return_to.and_then(local_path).unwrap_or("/");
        let separator = if path.contains('?') { '&' } else { '?' };
        format!("{path}{separator}{SIGNED_IN}=1")
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

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The connection is an organizer's. Request scopes of Login with Revento (contract §2.2).
    #[error("the connection is an organizer's, not a participant's: request user scopes")]
    NotAParticipant,
    /// The system gave no random bytes, or the sealer failed.
    #[error("the session could not be sealed, and nobody was signed in: try again")]
    NotSealed(#[source] Box<dyn Error + Send + Sync>),
}

impl SignInError {
    /// Who is at fault.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotAParticipant => ErrorKind::Usage,
            Self::NotSealed(_) => ErrorKind::Sealing,
        }
    }

    /// Whether the same call can succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::NotSealed(_))
    }

    /// Whether the call may have taken effect: never.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }

    fn not_sealed(error: impl Error + Send + Sync + 'static) -> Self {
        Self::NotSealed(Box::new(error))
    }
}
