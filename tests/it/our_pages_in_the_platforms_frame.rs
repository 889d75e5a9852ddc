//! Pages of an integration that uses the SDK's flow and sessions, in frames of a real browser that blocks all other third-party
//! cookies.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::{COOKIE, RETRY_AFTER, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use revento::oauth::{AuthorizationRequest, Endpoints, Integration};
use revento::store::{Record, Sealed, TokenStore as _};
use revento::types::{Connection, ConnectionKey};
use revento::with_axum::{AuthorizationFlow, FrameAncestors, LocalPath, SameOrigin, WebviewSessions};
use revento::{Client, KeyRing, ReqwestTransport, Scopes, SealingKey, SqliteStore};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::support::browser::Browser;
use crate::support::engine;
use crate::support::platform::{EVENT, Platform};

const NO_THIRD_PARTY_COOKIES: &[&str] = &["--test-third-party-cookie-phaseout"];

/// An integration with a page for participants.
#[derive(Clone)]
struct App {
    client: Client,
    flow: AuthorizationFlow,
    sessions: WebviewSessions,
    store: SqliteStore,
    /// How many seats were reserved.
    reserved: Arc<AtomicU32>,
}

#[tokio::test(flavor = "multi_thread")]
async fn h17_a_form_in_another_frame_of_the_platform_is_refused() {
    let Some(browser) = Browser::open_with(NO_THIRD_PARTY_COOKIES).await else {
        return engine::skip("Chromium");
    };
    let (base, app, platform, _data) = start().await;
    platform.connect().await;
    sign_in(&browser, &base, &platform).await;
    browser.click("Reserve").await;
    browser.sees("Seats reserved by usr_").await;
    assert_eq!(app.reserved.load(SeqCst), 1);

    // The event's pages show another integration, too. All frames there share our cookie.
    let other = other_integration(&base).await;
    browser.visit(&other).await;
    browser.enter_frame().await;
    browser.click("Win a prize").await;
    browser.sees("Door opened by usr_").await;
    browser.visit(&other).await;
    browser.enter_frame().await;
    browser.click("Win a seat").await;
    browser.sees("sent by another site").await;
    assert_eq!(app.reserved.load(SeqCst), 1);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h15_a_visitor_whose_connection_has_ended_is_asked_again() {
    let Some(browser) = Browser::open_with(NO_THIRD_PARTY_COOKIES).await else {
        return engine::skip("Chromium");
    };
    let (base, app, platform, _data) = start().await;
    platform.connect().await;
    let page = sign_in(&browser, &base, &platform).await;
    // As a lifecycle webhook or a revoked token would.
    for connection in connections(&app.client).await {
        app.client.delete_connection(&connection).await.unwrap();
    }
    browser.visit(&page).await;
    browser.enter_frame().await;
    browser.sees("with Revento?").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h15_a_store_that_fails_signs_nobody_in_or_out() {
    let (_, app, _platform, _data) = start().await;
    let mut connection = Connection::example();
    connection.key.client_id = app.client.integration().client_id().clone();
    connection.key.user_id = Some("usr_1".into());
    let record = Record {
        connection: connection.clone(),
        tokens: Some(Sealed::from_bytes([1])),
    };
    app.store.create(&record).await.unwrap();
    let cookie = app
        .sessions
        .sign_in(&HeaderMap::new(), &connection)
        .await
        .unwrap();
    let pair = cookie.to_str().unwrap().split(';').next().unwrap();
    let request = Request::get("/page").header(COOKIE, pair).body(()).unwrap();
    let request = request.into_parts().0;
    assert!(app.sessions.require(&request).await.is_ok());

    app.store.close().await.unwrap();
    assert!(app.sessions.find(&request.headers).await.is_err());
    let refused = app.sessions.require(&request).await.unwrap_err();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key(RETRY_AFTER));
}

async fn connections(client: &Client) -> Vec<ConnectionKey> {
    use futures_util::TryStreamExt as _;
    let connections: Vec<_> = client.connections().try_collect().await.unwrap();
    connections.into_iter().map(|connection| connection.key).collect()
}

/// Signs a participant in, in the frame of the platform's page. Returns that page.
async fn sign_in(browser: &Browser, base: &str, platform: &Platform) -> String {
    let page = json!({ "title": "Seats", "url": format!("{base}/page"), "requires_auth": true });
    let added = platform
        .control
        .post(&format!("/events/{EVENT}/pages"), page)
        .await;
    let page = added["page_url"].as_str().unwrap().to_owned();
    browser.visit(&page).await;
    browser.enter_frame().await;
    browser.sees("with Revento?").await;
    browser.click("Authorize").await;
    browser.sees("Signed in as usr_").await;
    page
}

/// Starts the integration on another site than the platform.
async fn start() -> (String, App, Platform, TempDir) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let platform = Platform::with(&format!("{base}/callback")).await;
    let info = platform.info();
    let data = tempfile::tempdir().unwrap();
    let endpoints = Endpoints::new(&info.auth_base, &info.api_base).unwrap();
    let integration = Integration::new(endpoints, info.client_id.clone(), &format!("{base}/callback"))
        .unwrap()
        .with_secret(info.client_secret.clone());
    let keys = Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
    let store = SqliteStore::open(data.path().join("app.db")).await.unwrap();
    let client = Client::builder(integration)
        .transport(ReqwestTransport::new().unwrap())
        .store(store.clone())
        .sealer(Arc::<KeyRing>::clone(&keys))
        .build()
        .unwrap();
    let app = App {
        flow: AuthorizationFlow::new(client.clone(), &keys, store.clone()).partitioned_cookies(),
        sessions: WebviewSessions::new(client.clone(), &keys, LocalPath::parse("/login").unwrap())
            .check_interval(Duration::ZERO),
        client,
        store,
        reserved: Arc::default(),
    };
    let webview = Router::new()
        .route("/page", get(page))
        .layer(FrameAncestors::only(&info.auth_base).unwrap());
    let forms = Router::new()
        .route("/seats", post(reserve))
        .layer(SameOrigin::new(&base).unwrap());
    let router = Router::new()
        .route("/login", get(login))
        .route("/callback", get(callback))
        .route("/door", post(unprotected))
        .merge(webview)
        .merge(forms)
        .with_state(app.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (base, app, platform, data)
}

async fn page(State(app): State<App>, request: Parts) -> Response {
    match app.sessions.require(&request).await {
        Ok(session) => Html(format!(
            "<!doctype html><title>Seats</title><p>Signed in as {}</p>\
             <form method=post action=/seats><button>Reserve</button></form>",
            session.user_id
        ))
        .into_response(),
        Err(response) => response.into_response(),
    }
}

async fn login(State(app): State<App>, request: Parts) -> Response {
    let asked = AuthorizationRequest {
        event_id: EVENT.into(),
        scopes: Scopes::parse("profile.read"),
    };
    let redirect = app.flow.begin(&request, &asked).await.unwrap();
    redirect.into_response()
}

async fn callback(State(app): State<App>, request: Parts) -> Response {
    let outcome = app.flow.finish(&request).await;
    let connection = outcome.result.unwrap().connection;
    let cookie = app.sessions.sign_in(&request.headers, &connection).await.unwrap();
    let page = app.sessions.return_path(Some("/page"));
    let page = (AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(page.as_str()));
    outcome.headers.apply(page.into_response())
}

async fn reserve(State(app): State<App>, request: Parts) -> String {
    let session = app.sessions.find(&request.headers).await.unwrap().unwrap();
    app.reserved.fetch_add(1, SeqCst);
    format!("Seats reserved by {}", session.user_id)
}

async fn unprotected(State(app): State<App>, request: Parts) -> String {
    let session = app.sessions.find(&request.headers).await.unwrap();
    session.map_or("Nobody".into(), |session| {
        format!("Door opened by {}", session.user_id)
    })
}

/// Serves a page on the platform's site with a frame of another integration. Returns its URL.
async fn other_integration(base: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let event = format!("<!doctype html><iframe src=http://other.localhost:{port}/quiz></iframe>");
    let quiz = format!(
        "<!doctype html><form method=post action={base}/door><button>Win a prize</button></form>\
         <form method=post action={base}/seats><button>Win a seat</button></form>"
    );
    let router = Router::new()
        .route("/event", get(|| async { Html(event) }))
        .route("/quiz", get(|| async { Html(quiz) }));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://127.0.0.1:{port}/event")
}
