//! [`AuthorizationRoutes`]: the pages of the flows at their paths.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use futures_util::future::{BoxFuture, FutureExt};
use http::{
    HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{ALLOW, SET_COOKIE},
    request::Parts,
};
use revento_core::{Connection, EventId, Scopes, TokenKind};
use revento_oauth::AuthorizationRequest;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    AuthorizationFlow, FlowError, FlowOutcome, LocalPath, WebviewSessions,
    browser::page::{redirect, text},
    flow::panel,
};

/// The pages that begin and finish authorizations, at their paths: connect, Login with Revento, and the callback of both.
///
/// It answers requests for its own paths and leaves all others to the service. As a tower layer it goes around a whole router, as
/// a tower service it answers other paths with 404, and `revento-actix` has a function that mounts it. Elsewhere ask it first:
///
/// ```
/// use http::{Request, Response};
/// use revento_core::{Scope, Scopes};
/// use revento_web::{AuthorizationFlow, AuthorizationRoutes, LocalPath, LocalPathError, WebviewSessions};
///
/// fn routes(flow: AuthorizationFlow, sessions: WebviewSessions) -> Result<AuthorizationRoutes, LocalPathError> {
///     Ok(AuthorizationRoutes::new(flow)
///         .connect(LocalPath::parse("/connect")?, Scopes::from([Scope::EventRead]))
///         .login(sessions, Scopes::from([Scope::ProfileRead]), None))
/// }
///
/// async fn serve<B>(routes: AuthorizationRoutes, request: Request<B>) -> Response<String> {
///     let (head, _) = request.into_parts();
///     match routes.respond(&head).await {
///         Some(response) => response,
///         None => Response::new("another page of this service".into()),
///     }
/// }
/// ```
///
/// A login inside the platform's frame uses [partitioned cookies](AuthorizationFlow::partitioned_cookies); a connect page there
/// leads [out of the frame](AuthorizationFlow::leave_frame). A service that wants error pages of its own writes these few
/// handlers itself, with [`AuthorizationFlow::begin`] and [`AuthorizationFlow::finish`].
#[derive(Debug, Clone)]
pub struct AuthorizationRoutes {
    flow: AuthorizationFlow,
    /// For a login inside the platform's frame.
    framed_flow: AuthorizationFlow,
    callback: LocalPath,
    connect: Option<Connect>,
    login: Option<Login>,
    connected: LocalPath,
    signed_in: LocalPath,
}

#[derive(Debug, Clone)]
struct Connect {
    path: LocalPath,
    scopes: Scopes,
}

#[derive(Debug, Clone)]
struct Login {
    sessions: WebviewSessions,
    scopes: Scopes,
    event_id: Option<EventId>,
}

impl AuthorizationRoutes {
    /// The callback at the path of the redirect URI. Add [`connect`](Self::connect), [`login`](Self::login) or both.
    pub fn new(flow: AuthorizationFlow) -> Self {
        let redirect_uri = flow.client().integration().redirect_uri().parse::<Uri>();
        Self {
            callback: redirect_uri.map_or_else(|_| LocalPath::root(), |uri| LocalPath::of(&uri)),
            framed_flow: flow.clone().partitioned_cookies(),
            flow,
            connect: None,
            login: None,
            connected: LocalPath::root(),
            signed_in: LocalPath::root(),
        }
    }

    /// Adds the connect page of organizers, which the platform's integrations panel opens (contract §2): its query names the
    /// event.
    #[must_use]
    pub fn connect(mut self, path: LocalPath, scopes: Scopes) -> Self {
        self.connect = Some(Connect { path, scopes });
        self
    }

    /// Adds Login with Revento at the [login path](WebviewSessions::new) of the sessions. The parameter `event_id` of its
    /// query names the event. `event_id` is the event of an address that names none.
    #[must_use]
    pub fn login(mut self, sessions: WebviewSessions, scopes: Scopes, event_id: Option<EventId>) -> Self {
        self.login = Some(Login {
            sessions,
            scopes,
            event_id,
        });
        self
    }

    /// Sets the path of the callback, for a proxy in front that changes paths. The default is the path of the redirect URI.
    #[must_use]
    pub fn callback(mut self, path: LocalPath) -> Self {
        self.callback = path;
        self
    }

    /// Sets the page that an organizer's flow leads to, with the parameter `event_id`. The default is `/`.
    #[must_use]
    pub fn connected_page(mut self, page: LocalPath) -> Self {
        self.connected = page;
        self
    }

    /// Sets the page that a login leads to. The default is `/`.
    #[must_use]
    pub fn signed_in_page(mut self, page: LocalPath) -> Self {
        self.signed_in = page;
        self
    }

    /// The paths of these pages.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let connect = self.connect.as_ref().map(|connect| connect.path.path());
        let login = self
            .login
            .as_ref()
            .map(|login| login.sessions.login_path().path());
        [Some(self.callback.path()), connect, login].into_iter().flatten()
    }

    /// Whether a path is one of these pages.
    pub fn contains(&self, path: &str) -> bool {
        self.page(path).is_some()
    }

    /// The response to a request for one of these pages; `None` for all others.
    ///
    /// A failed flow is a [line of text](FlowError::to_response) with its status. Another method than `GET` or `HEAD` is answered
    /// with 405.
    pub async fn respond(&self, request: &Parts) -> Option<Response<String>> {
        let page = self.page(request.uri.path())?;
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return Some(method_not_allowed());
        }
        Some(match page {
            Page::Connect(connect) => match self.flow.leave_frame(request) {
                Some(page) => page,
                None => or_text(self.flow.begin_from_panel(request, connect.scopes.clone()).await),
            },
            Page::Login(login) => self.begin_login(request, login).await,
            Page::Callback => self.finish(request).await,
        })
    }

    fn page(&self, path: &str) -> Option<Page<'_>> {
        if path == self.callback.path() {
            return Some(Page::Callback);
        }
        let connect = self
            .connect
            .as_ref()
            .filter(|connect| connect.path.path() == path);
        let login = self.login.as_ref();
        let login = login.filter(|login| login.sessions.login_path().path() == path);
        connect.map(Page::Connect).or(login.map(Page::Login))
    }

    async fn begin_login(&self, request: &Parts, login: &Login) -> Response<String> {
        let (flow, scopes) = (self.flow_for(request), login.scopes.clone());
        or_text(match &login.event_id {
            Some(event_id) if !panel::names_event(request) => {
                let event_id = event_id.clone();
                flow.begin(request, &AuthorizationRequest { event_id, scopes })
                    .await
            }
            _ => flow.begin_from_panel(request, scopes).await,
        })
    }

    async fn finish(&self, request: &Parts) -> Response<String> {
        let FlowOutcome { headers, result } = self.flow_for(request).finish(request).await;
        headers.apply(match result {
            Ok(finished) => self.finished(request, &finished.connection).await,
            // Another request has finished the flow, or tried to. These pages show what came of it.
            Err(FlowError::AlreadyUsed {
                token_kind: TokenKind::User,
                ..
            }) => redirect(&self.signed_in),
            Err(FlowError::AlreadyUsed { event_id, .. }) => self.connected(&event_id),
            Err(error) => error.to_response(),
        })
    }

    async fn finished(&self, request: &Parts, connection: &Connection) -> Response<String> {
        let Some(login) = self.login.as_ref().filter(|_| connection.key.user_id.is_some()) else {
            return self.connected(&connection.key.event_id);
        };
        match login.sessions.sign_in(&request.headers, connection).await {
            Ok(cookie) => {
                let page = login.sessions.return_path(Some(self.signed_in.as_str()));
                let mut response = redirect(&page);
                response.headers_mut().append(SET_COOKIE, cookie);
                response
            }
            Err(error) => text(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("Not signed in: {error}.\n"),
            ),
        }
    }

    fn connected(&self, event_id: &EventId) -> Response<String> {
        redirect(&self.connected.with_parameter("event_id", event_id.as_str()))
    }

    /// Inside of a frame a flow needs cookies of another kind.
    fn flow_for(&self, request: &Parts) -> &AuthorizationFlow {
        match self.flow.leave_frame(request) {
            Some(_) => &self.framed_flow,
            None => &self.flow,
        }
    }
}

fn or_text(begun: Result<Response<String>, FlowError>) -> Response<String> {
    begun.unwrap_or_else(|error| error.to_response())
}

enum Page<'a> {
    Connect(&'a Connect),
    Login(&'a Login),
    Callback,
}

fn method_not_allowed() -> Response<String> {
    let mut response = text(
        StatusCode::METHOD_NOT_ALLOWED,
        "Open this page with GET.\n".to_owned(),
    );
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// Answers requests for other paths with 404.
impl<B: Send + 'static> Service<Request<B>> for AuthorizationRoutes {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let routes = self.clone();
        let (request, _) = request.into_parts();
        async move {
            let response = routes.respond(&request).await;
            Ok(
                response
                    .unwrap_or_else(|| text(StatusCode::NOT_FOUND, "There is no such page.\n".to_owned())),
            )
        }
        .boxed()
    }
}

impl<S> Layer<S> for AuthorizationRoutes {
    type Service = AuthorizationRoutesService<S>;

    fn layer(&self, inner: S) -> AuthorizationRoutesService<S> {
        AuthorizationRoutesService {
            routes: self.clone(),
            inner,
        }
    }
}

/// The service that [`AuthorizationRoutes`] makes as a layer.
#[derive(Debug, Clone)]
pub struct AuthorizationRoutesService<S> {
    routes: AuthorizationRoutes,
    inner: S,
}

impl<S, B, Body> Service<Request<B>> for AuthorizationRoutesService<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    B: Send + 'static,
    Body: From<String> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if !self.routes.contains(request.uri().path()) {
            return self.inner.call(request).boxed();
        }
        let response = self.routes.call(request);
        response
            .map(|response| match response {
                Ok(response) => Ok(response.map(Body::from)),
                Err(never) => match never {},
            })
            .boxed()
    }
}
