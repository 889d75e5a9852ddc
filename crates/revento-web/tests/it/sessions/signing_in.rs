//! What a browser without a session gets.

use std::sync::atomic::Ordering::SeqCst;

use http::{
    HeaderMap, StatusCode,
    header::{COOKIE, LOCATION},
    request::Parts,
};

use super::Service;
use crate::flow::browser::get;

pub(super) fn with_cookies(address: &str, cookies: &HeaderMap) -> Parts {
    let mut request = get(address);
    request.headers.extend(cookies.clone());
    request
}

fn framed(address: &str) -> Parts {
    let mut request = get(address);
    request
        .headers
        .insert("sec-fetch-dest", "iframe".parse().unwrap());
    request
}

#[tokio::test]
async fn s8_scripts_get_a_header_and_pages_a_redirect() {
    let service = Service::start().await;
    let scripts: [&[(&str, &str)]; 3] = [
        &[("sec-fetch-dest", "empty"), ("accept", "text/html")],
        &[("x-requested-with", "XMLHttpRequest"), ("accept", "text/html")],
        &[("accept", "application/json")],
    ];
    let request = |pairs: &[(&str, &str)]| {
        let mut request = get("/agenda");
        for (name, value) in pairs {
            let name: http::HeaderName = name.parse().unwrap();
            request.headers.insert(name, value.parse().unwrap());
        }
        request
    };
    for script in scripts {
        let refused = service.sessions.require(&request(script)).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{script:?}");
        assert_eq!(refused.headers()["revento-login"], "/login");
    }
    let pages: [&[(&str, &str)]; 2] = [&[("sec-fetch-dest", "iframe")], &[("accept", "text/html,*/*")]];
    for page in pages {
        let refused = service.sessions.require(&request(page)).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::SEE_OTHER, "{page:?}");
        assert_eq!(refused.headers()[LOCATION], "/login?return_to=%2Fagenda");
        assert_eq!(refused.headers()["cache-control"], "no-store");
    }
    let good = with_cookies("/agenda", &service.sign_in(&HeaderMap::new()).await);
    assert!(service.sessions.require(&good).await.is_ok());
}

#[tokio::test]
async fn s9_a_page_comes_back_to_where_it_was_with_its_query_or_without() {
    let sessions = Service::start().await.sessions;
    for path in ["/agenda?day=2&thread=a%20b", "/agenda", "/"] {
        let refused = sessions.require(&framed(path)).await.unwrap_err();
        let location = refused.headers()[LOCATION].to_str().unwrap().to_owned();
        let query = location.strip_prefix("/login?").unwrap();
        let (_, back) = url::form_urlencoded::parse(query.as_bytes()).next().unwrap();
        assert_eq!(back, path);
        assert!(sessions.return_path(Some(&back)).as_str().starts_with(path));
    }
}

#[tokio::test]
async fn h16_nobody_is_sent_to_another_site_by_redirect_or_link() {
    let sessions = Service::start().await.sessions;
    for elsewhere in [
        "https://evil.test",
        "//evil.test",
        "/\\evil.test",
        "evil",
        "/a\r\nb",
        "/a#b",
        "/..//evil.test",
    ] {
        let path = sessions.return_path(Some(elsewhere));
        assert!(
            path.as_str().starts_with("/?revento-signed-in="),
            "{elsewhere}: {path}"
        );
    }
    // The request's own path, in the redirect and in the page that has links.
    let mut request = framed("/");
    let mark = sessions.return_path(None).as_str().replace("/?", "");
    for query in ["", "?", &format!("?{mark}")] {
        let uri = format!("//evil.test/page{query}");
        request.uri = http::Uri::builder().path_and_query(&*uri).build().unwrap();
        let refused = sessions.require(&request).await.unwrap_err();
        assert_eq!(refused.headers()[LOCATION], "/login?return_to=%2F", "{uri}");
    }
    request.uri = format!("/page?x=//evil.test&{mark}").parse().unwrap();
    let told = sessions.require(&request).await.unwrap_err();
    for link in told.body().split("href=\"").skip(1) {
        assert!(
            link.starts_with("/page?x=") || link.starts_with("/login?"),
            "{link}"
        );
    }
}

#[tokio::test]
async fn s10_a_browser_that_keeps_no_cookies_is_told_so_and_not_sent_round() {
    let sessions = Service::start().await.sessions;
    let after_login = sessions.return_path(Some("/agenda?day=2"));
    let told = sessions.require(&framed(after_login.as_str())).await.unwrap_err();
    assert_eq!(told.status(), StatusCode::FORBIDDEN);
    let body = told.body();
    assert!(body.contains("cookies") && body.contains("_blank"), "{body}");
    assert!(
        body.contains("href=\"/login?return_to=%2Fagenda%3Fday%3D2\""),
        "{body}"
    );
}

#[tokio::test]
async fn h16_the_mark_of_a_login_is_no_dead_end_when_the_session_ends_later() {
    let service = Service::start().await;
    let address = service.sessions.return_path(Some("/agenda?day=2"));
    let login = "/login?return_to=%2Fagenda%3Fday%3D2";
    // The session has ended since: its cookie still comes.
    let own = service.sign_in(&HeaderMap::new()).await;
    service.sessions.sign_out(&own).await.unwrap();
    let mut request = framed(address.as_str());
    request.headers.insert(COOKIE, own[COOKIE].clone());
    let refused = service.sessions.require(&request).await.unwrap_err();
    assert_eq!(refused.headers()[LOCATION], login);
    // Or the browser has removed the cookie.
    service.clock.0.store(60, SeqCst);
    let refused = service
        .sessions
        .require(&framed(address.as_str()))
        .await
        .unwrap_err();
    assert_eq!(refused.headers()[LOCATION], login);
    // A mark in another place is none.
    for odd in [
        "/agenda?day=2&revento-signed-in",
        "/agenda?day=2&revento-signed-in=x",
    ] {
        let refused = service.sessions.require(&framed(odd)).await.unwrap_err();
        assert_eq!(refused.headers()[LOCATION], login);
    }
}
