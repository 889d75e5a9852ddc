//! The headers of pages in a frame.

use std::time::Duration;

use http::{HeaderMap, Response, header::CONTENT_SECURITY_POLICY};
use revento_web::{CookieError, FrameAncestors, WebviewCookie};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// The policies of a page behind the layer. The page has a policy of its own, or none.
async fn policies(own: Option<&'static str>, frame: FrameAncestors) -> Vec<String> {
    let page = service_fn(move |()| async move {
        let page = Response::builder();
        match own {
            Some(own) => page.header(CONTENT_SECURITY_POLICY, own).body("agenda"),
            None => page.body("agenda"),
        }
    });
    let response = frame.layer(page).oneshot(()).await.unwrap();
    let values = response.headers().get_all(CONTENT_SECURITY_POLICY).iter();
    values.map(|value| value.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn s7_only_the_platform_may_show_a_webview_page() {
    let platform = FrameAncestors::only("https://app.revento.example/").unwrap();
    assert_eq!(
        policies(None, platform).await,
        ["frame-ancestors https://app.revento.example"]
    );
    assert_eq!(
        policies(None, FrameAncestors::none()).await,
        ["frame-ancestors 'none'"]
    );
}

#[tokio::test]
async fn s7_a_pages_own_policy_stays() {
    assert_eq!(
        policies(Some("default-src 'self'"), FrameAncestors::none()).await,
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
