//! What the cookie looks like, and when it goes.

use std::sync::atomic::Ordering::SeqCst;

use super::browser::{Browser, Service};

fn attributes(line: &str) -> Vec<&str> {
    let mut attributes: Vec<_> = line.split("; ").skip(1).collect();
    attributes.sort_unstable();
    attributes
}

#[tokio::test]
async fn o5_over_tls_the_cookie_is_bound_to_this_host() {
    let mut browser = Browser::default();
    browser.begin(&Service::over_tls()).await;
    let [line] = browser.last_set.as_slice() else {
        panic!("one cookie: {:?}", browser.last_set)
    };
    assert!(line.starts_with("__Host-revento-flow-"), "{line}");
    assert_eq!(
        attributes(line),
        ["HttpOnly", "Max-Age=900", "Path=/", "SameSite=Lax", "Secure"]
    );
}

#[tokio::test]
async fn o5_on_a_developers_machine_it_works_without_tls() {
    let mut browser = Browser::default();
    browser
        .begin(&Service::at("http://localhost:3000/callback"))
        .await;
    let line = &browser.last_set[0];
    assert!(line.starts_with("revento-flow-"), "{line}");
    assert_eq!(
        attributes(line),
        ["HttpOnly", "Max-Age=900", "Path=/", "SameSite=Lax"]
    );
}

#[tokio::test]
async fn o4_the_cookie_goes_whatever_the_outcome() {
    let service = Service::over_tls();
    for rest in [
        "code=abc",
        "error=access_denied",
        "error=server_error",
        "",
        "code=a&error=b",
    ] {
        let mut browser = Browser::default();
        let state = browser.begin(&service).await;
        assert_eq!(browser.cookies.len(), 1);
        let _ = browser
            .come_home(&service, &format!("{rest}&state={state}"))
            .await;
        assert!(browser.cookies.is_empty(), "{rest}: {:?}", browser.last_set);
        let line = &browser.last_set[0];
        assert!(
            line.starts_with("__Host-") && line.contains("Secure") && line.contains("Path=/"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn o7_beginning_leaves_nothing_behind_and_calls_nobody() {
    let service = Service::over_tls();
    // A crawler, a prefetching browser, and a HEAD that axum answers with the same handler.
    for _ in 0..3 {
        Browser::default().begin(&service).await;
    }
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    assert_eq!(service.platform.0.load(SeqCst), 0);
    browser
        .come_home(&service, &format!("code=abc&state={state}"))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_cookie_shows_neither_state_nor_verifier() {
    let mut browser = Browser::default();
    let state = browser.begin(&Service::over_tls()).await;
    assert!(!browser.last_set[0].contains(&state));
}
