//! Sessions of participants on webview pages.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode, Uri,
    header::{COOKIE, LOCATION},
};
use revento_api::Client;
use revento_axum::{SignInError, WebviewSessions};
use revento_core::{Connection, ConnectionKey, ConnectionStatus, Scopes, Timestamp};
use revento_oauth::{Endpoints, Integration};
use revento_seal::{KeyRing, SealingKey};
use revento_store::memory::MemoryTokens;
use revento_transport::{Transport, TransportError};

#[derive(Debug)]
struct Nobody;

#[async_trait]
impl Transport for Nobody {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        Err(TransportError::never_sent("there is no platform here"))
    }
}

fn sessions() -> WebviewSessions {
    let integration = Integration::new(
        Endpoints::sandbox("http://auth.test").unwrap(),
        "client",
        "https://app.test/callback",
    )
    .unwrap();
    let sealer = Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
    let store = Arc::new(MemoryTokens::new());
    let client = Client::builder(integration)
        .transport(Nobody)
        .store(store)
        .sealer(Arc::<KeyRing>::clone(&sealer));
    WebviewSessions::new(client.build().unwrap(), sealer, "/login")
}

fn connection(user: Option<&str>) -> Connection {
    let key = match user {
        Some(user) => ConnectionKey::user("client".into(), "evt_1".into(), user.into()),
        None => ConnectionKey::installation("client".into(), "evt_1".into()),
    };
    Connection {
        key,
        organization_id: None,
        status: ConnectionStatus::Connected,
        reason: None,
        status_since: Timestamp::UNIX_EPOCH,
        delete_by: None,
        scopes: Scopes::default(),
        generation: 1,
        consented_at: Timestamp::UNIX_EPOCH,
        access_expires_at: Timestamp::MAX,
        refresh_expires_at: Timestamp::MAX,
        consent_expires_at: Timestamp::MAX,
    }
}

/// The headers that a browser sends after this `Set-Cookie`.
fn with(set: &HeaderValue) -> HeaderMap {
    let pair = set.to_str().unwrap().split(';').next().unwrap();
    HeaderMap::from_iter([(COOKIE, pair.parse().unwrap())])
}

async fn signed_in(sessions: &WebviewSessions, headers: &HeaderMap) -> HeaderMap {
    with(
        &sessions
            .sign_in(headers, &connection(Some("usr_1")))
            .await
            .unwrap(),
    )
}

#[tokio::test]
async fn s1_only_a_login_makes_a_session_and_what_is_bogus_is_none() {
    let sessions = sessions();
    let good = signed_in(&sessions, &HeaderMap::new()).await;
    let value = good[COOKIE].to_str().unwrap().to_owned();
    let found = sessions.find(&good).await.unwrap();
    assert_eq!(
        (found.event_id.as_str(), found.user_id.as_str()),
        ("evt_1", "usr_1")
    );
    assert!(sessions.find(&HeaderMap::new()).await.is_none());
    let name = value.split('=').next().unwrap();
    for bogus in [
        "",
        "abc",
        "4f1c4f1c",
        "%",
        &"A".repeat(5000),
        &value[name.len() + 1..value.len() - 2],
    ] {
        let headers = HeaderMap::from_iter([(COOKIE, format!("{name}={bogus}").parse().unwrap())]);
        assert!(sessions.find(&headers).await.is_none(), "{bogus}");
        // A login does not adopt it, but creates another session.
        let after = signed_in(&sessions, &headers).await;
        assert!(!after[COOKIE].to_str().unwrap().ends_with(bogus) || bogus.is_empty());
        assert!(sessions.find(&after).await.is_some());
    }
}

#[tokio::test]
async fn s2_a_login_makes_a_new_session_and_ends_the_old_one() {
    let sessions = sessions();
    let planted = signed_in(&sessions, &HeaderMap::new()).await;
    let own = signed_in(&sessions, &planted).await;
    assert_ne!(planted[COOKIE], own[COOKIE]);
    assert!(
        sessions.find(&planted).await.is_none(),
        "whoever planted it is out"
    );
    assert!(sessions.find(&own).await.is_some());
    let gone = sessions.sign_out(&own).await.unwrap();
    assert!(gone.to_str().unwrap().contains("Max-Age=0"));
    assert!(sessions.find(&own).await.is_none());
}

#[tokio::test]
async fn k15_a_session_that_is_over_is_none_though_its_cookie_comes() {
    let sessions = sessions().lifetime(Duration::ZERO);
    let over = signed_in(&sessions, &HeaderMap::new()).await;
    assert!(sessions.find(&over).await.is_none());
}

#[tokio::test]
async fn s8_scripts_get_a_header_and_pages_a_redirect() {
    let sessions = sessions();
    let uri: Uri = "/agenda".parse().unwrap();
    let scripts: [&[(&str, &str)]; 3] = [
        &[("sec-fetch-dest", "empty"), ("accept", "text/html")],
        &[("x-requested-with", "XMLHttpRequest"), ("accept", "text/html")],
        &[("accept", "application/json")],
    ];
    let headers = |pairs: &[(&str, &str)]| -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()))
            .collect()
    };
    for script in scripts {
        let refused = sessions.require(&headers(script), &uri).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{script:?}");
        assert_eq!(refused.headers()["revento-login"], "/login");
    }
    let pages: [&[(&str, &str)]; 2] = [&[("sec-fetch-dest", "iframe")], &[("accept", "text/html,*/*")]];
    for page in pages {
        let refused = sessions.require(&headers(page), &uri).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::SEE_OTHER, "{page:?}");
        assert_eq!(refused.headers()[LOCATION], "/login?return_to=%2Fagenda");
        assert_eq!(refused.headers()["cache-control"], "no-store");
    }
    let good = signed_in(&sessions, &HeaderMap::new()).await;
    assert!(sessions.require(&good, &uri).await.is_ok());
}

#[tokio::test]
async fn s9_a_page_comes_back_to_where_it_was_with_its_query_or_without() {
    let sessions = sessions();
    let framed = HeaderMap::from_iter([(
        "sec-fetch-dest".parse().unwrap(),
        HeaderValue::from_static("iframe"),
    )]);
    for path in ["/agenda?day=2&thread=a%20b", "/agenda", "/"] {
        let refused = sessions
            .require(&framed, &path.parse().unwrap())
            .await
            .unwrap_err();
        let location = refused.headers()[LOCATION].to_str().unwrap().to_owned();
        let query = location.strip_prefix("/login?").unwrap();
        let (_, back) = url::form_urlencoded::parse(query.as_bytes()).next().unwrap();
        assert_eq!(back, path);
        assert!(sessions.return_path(Some(&back)).starts_with(path));
    }
    for elsewhere in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "evil",
        "/a\r\nb",
    ] {
        assert_eq!(
            sessions.return_path(Some(elsewhere)),
            "/?revento-signed-in=1",
            "{elsewhere}"
        );
    }
}

#[tokio::test]
async fn s10_a_browser_that_keeps_no_cookies_is_told_so_and_not_sent_round() {
    let sessions = sessions();
    let framed = HeaderMap::from_iter([(
        "sec-fetch-dest".parse().unwrap(),
        HeaderValue::from_static("iframe"),
    )]);
    let after_login: Uri = sessions.return_path(Some("/agenda?day=2")).parse().unwrap();
    assert_eq!(after_login, "/agenda?day=2&revento-signed-in=1");
    let told = sessions.require(&framed, &after_login).await.unwrap_err();
    assert_eq!(told.status(), StatusCode::FORBIDDEN);
    let body = axum::body::to_bytes(told.into_body(), 65_536).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains("cookies") && body.contains("_blank"), "{body}");
}

#[tokio::test]
async fn t18_an_organizers_connection_signs_nobody_in() {
    let refused = sessions().sign_in(&HeaderMap::new(), &connection(None)).await;
    assert!(matches!(refused, Err(SignInError::NotAParticipant)));
}
