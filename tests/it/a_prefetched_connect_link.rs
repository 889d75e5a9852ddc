//! A browser that loads links before a person follows them.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use revento::oauth::{AuthorizationRequest, Endpoints, Integration};
use revento::store::memory::{MemoryOnce, MemoryTokens};
use revento::with_axum::AuthorizationFlow;
use revento::{Client, KeyRing, ReqwestTransport, Scopes, SealingKey};
use tokio::net::TcpListener;

use crate::support::browser::Browser;
use crate::support::platform::{EVENT, Platform};
use crate::support::{engine, wait};

/// What the browser asked for: the path and the purpose of each request.
type Seen = Arc<Mutex<Vec<(String, String)>>>;

#[tokio::test(flavor = "multi_thread")]
async fn h13_a_link_that_was_prefetched_or_prerendered_still_leads_to_the_consent_page() {
    let Some(browser) = Browser::open().await else {
        return engine::skip("Chromium");
    };
    let (base, platform, seen) = start().await;
    for kind in ["prefetch", "prerender"] {
        seen.lock().unwrap().clear();
        browser.visit(&format!("{base}/{kind}")).await;
        wait::until("the browser to load the link", async || {
            let seen = seen.lock().unwrap();
            let ahead = seen
                .iter()
                .any(|(path, purpose)| path == "/connect" && !purpose.is_empty());
            if ahead { Ok(()) } else { Err(format!("{seen:?}")) }
        })
        .await;
        browser.click("Connect").await;
        browser.sees("It will be able to").await;
    }
    browser.close().await;
    platform.sandbox.shutdown().await;
}

async fn start() -> (String, Platform, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let platform = Platform::with(&format!("{base}/callback")).await;
    let info = platform.info();
    let endpoints = Endpoints::new(&info.auth_base, &info.api_base).unwrap();
    let integration =
        Integration::new(endpoints, info.client_id.clone(), &format!("{base}/callback")).unwrap();
    let keys = Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
    let client = Client::builder(integration)
        .transport(ReqwestTransport::new().unwrap())
        .store(Arc::new(MemoryTokens::new()))
        .sealer(Arc::<KeyRing>::clone(&keys))
        .build()
        .unwrap();
    let flow = AuthorizationFlow::new(client, &keys, MemoryOnce::new());
    let seen = Seen::default();
    let router = Router::new()
        .route("/connect", get(connect))
        .with_state(flow)
        .route("/prefetch", get(|| async { page("prefetch") }))
        .route("/prerender", get(|| async { page("prerender") }))
        .layer(middleware::from_fn_with_state(Arc::clone(&seen), record));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (base, platform, seen)
}

fn page(speculation: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><title>Start</title><script type=speculationrules>\
         {{\"{speculation}\": [{{\"source\": \"list\", \"urls\": [\"/connect\"], \"eagerness\": \"immediate\"}}]}}</script>\
         <a href=/connect>Connect</a>"
    ))
}

async fn connect(State(flow): State<AuthorizationFlow>, request: axum::http::request::Parts) -> Response {
    let asked = AuthorizationRequest {
        event_id: EVENT.into(),
        scopes: Scopes::parse("event.read"),
    };
    flow.begin(&request, &asked).await.unwrap().into_response()
}

async fn record(State(seen): State<Seen>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let purpose = request.headers().get("sec-purpose");
    let purpose = purpose.map_or("", |value| value.to_str().unwrap()).to_owned();
    seen.lock().unwrap().push((path, purpose));
    next.run(request).await
}
