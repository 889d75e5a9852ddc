//! The headers of pages in a frame.

use std::time::Duration;

use axum::{Router, body::Body, response::IntoResponse, routing::get};
use http::{HeaderMap, Request, header::CONTENT_SECURITY_POLICY};
use revento_axum::{CookieError, FrameAncestors, WebviewCookie};
use tower::ServiceExt;

async fn policies(router: Router) -> Vec<String> {
    let response = router
        .oneshot(Request::get("/").body(Body::empty()).unwrap())
        .await
        .unwrap();
    let values = response.headers().get_all(CONTENT_SECURITY_POLICY).iter();
    values.map(|value| value.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn s7_only_the_platform_may_show_a_webview_page() {
    let page = Router::new().route("/", get(|| async { "agenda" }));
    let webview = page
        .clone()
        .layer(FrameAncestors::only("https://app.revento.example/").unwrap());
    assert_eq!(
        policies(webview).await,
        ["frame-ancestors https://app.revento.example"]
    );
    let other = page.layer(FrameAncestors::none());
    assert_eq!(policies(other).await, ["frame-ancestors 'none'"]);
}

#[tokio::test]
async fn s7_a_pages_own_policy_stays() {
    let handler = || async { ([(CONTENT_SECURITY_POLICY, "default-src 'self'")], "x").into_response() };
    let page = Router::new()
        .route("/", get(handler))
        .layer(FrameAncestors::none());
    assert_eq!(
        policies(page).await,
        ["default-src 'self'", "frame-ancestors 'none'"]
    );
}

#[test]
fn s7_what_is_no_origin_is_refused() {
    let odd = [
        "",
        "*",
        "app.revento.example",
        "https://a.example/path",
        "https://a.example?x",
        "https://a.example;script-src",
        "https://a.example https://evil.example",
        "https://user@a.example",
        "https://*.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://a.example#x",
        "https:a.example/x",
    ];
    for origin in odd {
        assert!(FrameAncestors::only(origin).is_err(), "{origin}");
    }
    for origin in ["https://a.example", "http://localhost:4010", "https://[::1]:8443"] {
        assert!(FrameAncestors::only(origin).is_ok(), "{origin}");
    }
}

#[test]
fn s6_the_session_cookie_survives_in_a_frame() {
    let cookie = WebviewCookie::new("session");
    let line = cookie.set("abc", Duration::from_secs(60)).unwrap();
    let line = line.to_str().unwrap();
    for attribute in [
        "SameSite=None",
        "Secure",
        "Partitioned",
        "HttpOnly",
        "Path=/",
        "Max-Age=60",
    ] {
        assert!(line.contains(attribute), "{line}");
    }
    let mut headers = HeaderMap::new();
    headers.insert("cookie", "other=1; __Host-session=abc".parse().unwrap());
    assert_eq!(cookie.values(&headers).collect::<Vec<_>>(), ["abc"]);
    // Another host may have set a cookie of this name without the prefix.
    headers.insert("cookie", "session=evil; __Host-session=".parse().unwrap());
    assert_eq!(cookie.values(&headers).next(), None);
    assert!(cookie.clear().unwrap().to_str().unwrap().contains("Max-Age=0"));
}

#[test]
fn s4_the_age_follows_what_is_asked_for() {
    let cookie = WebviewCookie::new("session");
    for seconds in [1, 60, 86_400] {
        let line = cookie.set("abc", Duration::from_secs(seconds)).unwrap();
        assert!(line.to_str().unwrap().ends_with(&format!("Max-Age={seconds}")));
    }
}

#[test]
fn a_value_that_would_add_attributes_is_refused() {
    for value in ["a; Domain=evil", "a\r\nSet-Cookie: b=c", "ü", "a,b", "\""] {
        let set = WebviewCookie::new("session").set(value, Duration::ZERO);
        assert_eq!(set, Err(CookieError), "{value}");
    }
}
