//! A page of the integration in a frame of the platform (contract §5).
//!
//! The page signs its visitor in and keeps the session in a partitioned cookie. The browser blocks all other third-party
//! cookies.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;

use crate::support::browser::Browser;
use crate::support::engine;
use crate::support::platform::{EVENT, Platform};

const NO_THIRD_PARTY_COOKIES: &[&str] = &["--test-third-party-cookie-phaseout"];

type Shared = Arc<OnceCell<Platform>>;

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_signs_in_once_and_only_a_partitioned_cookie_remembers_them() {
    let Some(browser) = Browser::open_with(NO_THIRD_PARTY_COOKIES).await else {
        return engine::skip("Chromium");
    };
    let (base, platform) = start().await;
    let platform = platform.get().unwrap();
    platform.connect().await;
    let page = add_page(platform, &format!("{base}/page")).await;

    browser.visit(&page).await;
    browser.enter_frame().await;
    browser.sees("with Revento?").await;
    browser.click("Authorize").await;
    browser.sees("Signed in as usr_").await;

    browser.visit(&page).await;
    browser.enter_frame().await;
    browser.sees("Signed in as usr_").await;
    assert!(browser.text().await.contains("plain cookie: lost"));

    // Outside the frame the partitioned cookie is not sent.
    browser.visit(&format!("{base}/page")).await;
    browser.sees("with Revento?").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_does_not_allow_the_platform_is_not_shown() {
    let Some(browser) = Browser::open().await else {
        return engine::skip("Chromium");
    };
    let (base, platform) = start().await;
    let page = add_page(platform.get().unwrap(), &format!("{base}/closed")).await;
    browser.visit(&format!("{base}/closed")).await;
    browser.sees("Not to be framed").await;
    browser.visit(&page).await;
    browser.enter_frame().await;
    browser.find("//html").await;
    assert!(!browser.text().await.contains("Not to be framed"));
    browser.close().await;
}

async fn add_page(platform: &Platform, url: &str) -> String {
    let page = json!({ "title": "Seating plan", "url": url, "requires_auth": true });
    let added = platform
        .control
        .post(&format!("/events/{EVENT}/pages"), page)
        .await;
    added["page_url"].as_str().unwrap().to_owned()
}

/// Starts an integration on another site than the platform. Returns its base URL and the platform.
async fn start() -> (String, Shared) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let shared = Shared::default();
    let platform = Platform::with(&format!("{base}/callback")).await;
    shared.set(platform).unwrap();
    let app = Router::new()
        .route("/page", get(page))
        .route("/callback", get(callback))
        .route("/closed", get(closed))
        .with_state(Arc::clone(&shared));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (base, shared)
}

async fn page(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let platform = shared.get().unwrap();
    let cookies = headers
        .get(header::COOKIE)
        .map_or("", |value| value.to_str().unwrap());
    let cookie = |name: &str| cookies.split("; ").find_map(|pair| pair.strip_prefix(name));
    let Some(user) = cookie("session=") else {
        let url = platform.authorization_url("profile.read");
        return (StatusCode::SEE_OTHER, [(header::LOCATION, url)]).into_response();
    };
    let plain = if cookie("plain=").is_some() {
        "kept"
    } else {
        "lost"
    };
    let policy = format!("frame-ancestors {}", platform.info().auth_base);
    let body = format!("<!doctype html><title>Seats</title><p>Signed in as {user}; plain cookie: {plain}");
    (
        [(header::CONTENT_SECURITY_POLICY, policy)],
        axum::response::Html(body),
    )
        .into_response()
}

#[derive(serde::Deserialize)]
struct CallbackQuery {
    code: String,
}

async fn callback(State(shared): State<Shared>, Query(query): Query<CallbackQuery>) -> Response {
    let tokens = shared.get().unwrap().exchange(&query.code).await;
    let user = tokens["user_id"].as_str().unwrap();
    let cookies = [
        format!("session={user}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"),
        "plain=1; Path=/; Secure; HttpOnly; SameSite=None".to_owned(),
    ];
    let cookies = AppendHeaders(cookies.map(|cookie| (header::SET_COOKIE, cookie)));
    (StatusCode::SEE_OTHER, cookies, [(header::LOCATION, "/page")]).into_response()
}

async fn closed() -> Response {
    let policy = [(header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'")];
    (policy, "Not to be framed").into_response()
}
