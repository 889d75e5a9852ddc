//! Neighbours' cookies, many flows, prefetches, junk callbacks, other integrations and leaked keys.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use http::{
    HeaderValue, Method, StatusCode,
    header::{CONTENT_TYPE, COOKIE, LOCATION, RETRY_AFTER, SET_COOKIE},
};
use revento_core::Scopes;
use revento_oauth::CallbackError;
use revento_seal::{KeyRing, SealingKey};
use revento_store::memory::MemoryOnce;
use revento_web::{AuthorizationFlow, ExchangeLimits, FlowError};

use super::browser::{Browser, Service, get, organizer};

fn callback_error(outcome: Result<revento_web::FinishedAuthorization, FlowError>) -> CallbackError {
    match outcome {
        Err(FlowError::Callback(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn h12_a_neighbours_cookie_and_junk_of_the_same_name_do_not_hide_a_flow() {
    let service = Service::over_tls();
    for latin in ["city=Zürich".as_bytes(), b"city=Z\xfcrich"] {
        let mut browser = Browser::default();
        let state = browser.begin(&service).await;
        let (name, value) = browser.cookies.first_key_value().unwrap();
        let mut request = get(&format!("/callback?code=abc&state={state}"));
        let line = [latin, format!("; {name}=junk; {name}=").as_bytes()].concat();
        request
            .headers
            .append(COOKIE, HeaderValue::from_bytes(&line).unwrap());
        let line = format!("a=b; {name}={value}");
        request.headers.append(COOKIE, line.parse().unwrap());
        let outcome = service.flow.finish(&request).await;
        assert!(outcome.result.is_ok(), "{:?}", outcome.result);
    }
}

#[tokio::test]
async fn h13_a_browser_keeps_four_flows_and_the_oldest_ends() {
    let service = Service::over_tls();
    let mut browser = Browser::default();
    let mut states = Vec::new();
    for second in 0..16 {
        service.clock.0.store(second, SeqCst);
        states.push(browser.begin(&service).await);
        assert!(browser.cookies.len() <= 4);
    }
    let sent: usize = browser
        .cookies
        .iter()
        .map(|(name, value)| name.len() + value.len() + 3)
        .sum();
    assert!(sent < 2048, "nginx takes 8 KiB of headers: {sent}");
    let (ended, kept) = states.split_at(12);
    for state in ended {
        let outcome = browser
            .call_back(&service, &format!("code=abc&state={state}"))
            .await;
        assert_eq!(callback_error(outcome), CallbackError::StateMismatch);
    }
    for state in kept {
        browser
            .call_back(&service, &format!("code=abc&state={state}"))
            .await
            .unwrap();
    }
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn h13_expired_flows_and_junk_go_first_and_the_flows_of_others_stay() {
    let service = Service::over_tls();
    let other = Service::of("other", "https://auth.test", "https://app.test/callback");
    let mut browser = Browser::default();
    let others = browser.begin(&other).await;
    let foreign = browser.cookies.keys().next().unwrap().clone();
    let old = browser.begin(&service).await;
    service.clock.0.store(900, SeqCst);
    let mine = [browser.begin(&service).await, browser.begin(&service).await];
    let name = browser
        .cookies
        .keys()
        .find(|name| **name != foreign)
        .unwrap()
        .clone();
    let prefix = name.rsplit_once('-').unwrap().0;
    browser.cookies.insert(format!("{prefix}-junk"), "junk".into());
    let last = browser.begin(&service).await;
    assert!(!browser.cookies.values().any(|value| value == "junk") || !prefix.contains("flow"));
    for state in mine.iter().chain([&last]) {
        browser
            .call_back(&service, &format!("code=abc&state={state}"))
            .await
            .unwrap();
    }
    assert!(
        browser
            .call_back(&service, &format!("code=abc&state={old}"))
            .await
            .is_err()
    );
    browser
        .call_back(&other, &format!("code=abc&state={others}"))
        .await
        .unwrap();
}

#[tokio::test]
async fn h13_a_flow_whose_cookie_would_be_too_long_does_not_begin() {
    let service = Service::over_tls();
    let mut request = organizer();
    request.event_id = "e".repeat(4000).into();
    let refused = service.flow.begin(&get("/connect"), &request).await.unwrap_err();
    assert!(
        matches!(&refused, FlowError::Begin { .. }) && !refused.is_transient(),
        "{refused:?}"
    );
}

#[tokio::test]
async fn h13_a_prefetch_a_prerender_and_a_head_neither_begin_nor_finish() {
    let service = Service::over_tls();
    let purposes = [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("sec-purpose", "prefetch;anonymous-client-ip"),
        ("purpose", "Prefetch"),
        ("x-moz", "prefetch"),
        ("x-purpose", "preview"),
        ("", ""),
    ];
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    for (name, value) in purposes {
        let speculative = |address: &str| {
            let mut request = browser.visits(address);
            if name.is_empty() {
                request.method = Method::HEAD;
            } else {
                request.headers.insert(name, value.parse().unwrap());
            }
            request
        };
        let response = service
            .flow
            .begin(&speculative("/connect"), &organizer())
            .await
            .unwrap();
        // A browser would keep a prefetched 204, and a click on the link would do nothing.
        let expected = if name.is_empty() {
            StatusCode::NO_CONTENT
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        assert_eq!(response.status(), expected, "{name}");
        assert!(!response.headers().contains_key(SET_COOKIE) && !response.headers().contains_key(LOCATION));
        let request = speculative(&format!("/callback?code=abc&state={state}"));
        let outcome = service.flow.finish(&request).await;
        let error = outcome.result.unwrap_err();
        assert_eq!(error.status(), expected, "{name}: {error}");
        let response = outcome.headers.apply(error.to_response());
        assert_eq!(response.status(), expected, "{name}");
        assert!(!response.headers().contains_key(SET_COOKIE), "the flow goes on");
    }
    assert_eq!(service.platform.codes.load(SeqCst), 0);
    browser
        .call_back(&service, &format!("code=abc&state={state}"))
        .await
        .unwrap();
}

#[tokio::test]
async fn h14_junk_callbacks_cause_no_request() {
    let service = Service::over_tls();
    let mut browser = Browser::default();
    browser.begin(&service).await;
    for junk in 0..400 {
        for query in [
            format!("code={junk}&state={junk}"),
            format!("code={junk}"),
            format!("state={junk}"),
            String::new(),
        ] {
            assert!(browser.call_back(&service, &query).await.is_err());
        }
    }
    assert_eq!(service.platform.codes.load(SeqCst), 0);
}

#[tokio::test]
async fn h14_exchanges_above_the_limit_are_503_and_the_callback_stays_good() {
    let mut service = Service::over_tls();
    service.flow = service
        .flow
        .exchange_limits(ExchangeLimits::default().per_minute(2));
    let mut browser = Browser::default();
    for code in 0..2 {
        let state = browser.begin(&service).await;
        browser
            .call_back(&service, &format!("code={code}&state={state}"))
            .await
            .unwrap();
    }
    let state = browser.begin(&service).await;
    let query = format!("code=abc&state={state}");
    let outcome = service
        .flow
        .finish(&browser.visits(&format!("/callback?{query}")))
        .await;
    let error = outcome.result.unwrap_err();
    assert!(matches!(error, FlowError::Busy { retry_after } if retry_after == Duration::from_secs(60)));
    let response = outcome.headers.apply(error.to_response());
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
    assert_eq!(response.headers()[RETRY_AFTER], "60");
    assert!(!response.headers().contains_key(SET_COOKIE));
    assert_eq!(service.platform.codes.load(SeqCst), 2);
    service.clock.0.store(60, SeqCst);
    browser.call_back(&service, &query).await.unwrap();
}

#[tokio::test]
async fn h15_a_flow_is_bound_to_client_authorization_server_and_redirect_uri() {
    let uri = "https://app.test/callback";
    let service = Service::of("client", "https://auth.test", uri);
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    let query = format!("code=abc&state={state}");
    let (name, value) = browser.cookies.first_key_value().unwrap();
    let (name, value) = (name.clone(), value.clone());
    for (client_id, auth, redirect_uri) in [
        ("client2", "https://auth.test", uri),
        ("client", "https://auth2.test", uri),
        ("client", "https://auth.test", "https://app.test/callback2"),
    ] {
        let other = Service::of(client_id, auth, redirect_uri);
        let outcome = browser.clone().call_back(&other, &query).await;
        assert_eq!(callback_error(outcome), CallbackError::StateMismatch);
        // Even under the other's name.
        let mut moved = Browser::default();
        moved.begin(&other).await;
        let others = moved.cookies.pop_first().unwrap().0;
        let id = name.rsplit_once("flow-").unwrap().1.split_at(9).1;
        let (start, rest) = others.rsplit_once("flow-").unwrap();
        let tag = rest.split_at(9).0;
        moved
            .cookies
            .insert(format!("{start}flow-{tag}{id}"), value.clone());
        let outcome = moved.call_back(&other, &query).await;
        assert_eq!(callback_error(outcome), CallbackError::StateMismatch);
        assert_eq!(other.platform.codes.load(SeqCst), 0);
    }
    let replica = Service::of("client", "https://auth.test", uri);
    browser.call_back(&replica, &query).await.unwrap();
}

#[tokio::test]
async fn h15_a_leaked_key_opens_no_flow() {
    let mut service = Service::over_tls();
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    let query = format!("code=abc&state={state}");
    let new = || KeyRing::new(SealingKey::from_bytes([8; 32]));
    let old = || SealingKey::from_bytes([7; 32]);
    let client = service.client().clone();
    service.flow = AuthorizationFlow::new(
        client.clone(),
        &new().with_leaked(old()).unwrap(),
        MemoryOnce::new(),
    );
    let outcome = browser.clone().call_back(&service, &query).await;
    assert_eq!(callback_error(outcome), CallbackError::StateMismatch);
    service.flow = AuthorizationFlow::new(client, &new().with_previous(old()).unwrap(), MemoryOnce::new());
    browser.call_back(&service, &query).await.unwrap();
}

#[tokio::test]
async fn h16_a_trackers_parameters_do_not_spoil_a_callback() {
    let service = Service::over_tls();
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    let twice = browser
        .call_back(&service, &format!("code=a&code=b&state={state}"))
        .await;
    assert_eq!(
        callback_error(twice),
        CallbackError::Malformed("`code` comes twice")
    );
    let state = browser.begin(&service).await;
    let query = format!("utm=1&code=abc&utm=2&state={state}&utm=3");
    browser.call_back(&service, &query).await.unwrap();
}

#[tokio::test]
async fn h19_capitals_in_the_scheme_lose_neither_secure_nor_the_prefix() {
    let mut browser = Browser::default();
    browser.begin(&Service::at("HTTPS://app.test/callback")).await;
    let line = &browser.last_set[0];
    assert!(line.starts_with("__Host-") && line.contains("Secure"), "{line}");
}

#[tokio::test]
async fn h31_the_platforms_panel_begins_a_flow_by_a_plain_get() {
    let service = Service::over_tls();
    let scopes = || Scopes::parse("event.read");
    let request = get("/connect?lang=de&event_id=evt_abc%2F1");
    let response = service.flow.begin_from_panel(&request, scopes()).await.unwrap();
    let location = response.headers()[LOCATION].to_str().unwrap();
    assert!(location.contains("&event_id=evt_abc%2F1&"), "{location}");
    for (query, found) in [
        ("", "the address has no `event_id`"),
        ("?event_id=", "the address has no `event_id`"),
        ("?event=evt_1", "the address has no `event_id`"),
        ("?event_id=a&event_id=a", "the address has two `event_id`s"),
        ("?event_id=&event_id=a", "the address has two `event_id`s"),
        ("?event_id=a%0Ab", "the `event_id` in the address cannot be one"),
        ("?event_id=%ff", "the `event_id` in the address cannot be one"),
        (
            &format!("?event_id={}", "e".repeat(513)),
            "the `event_id` in the address cannot be one",
        ),
    ] {
        let request = get(&format!("/connect{query}"));
        let refused = service
            .flow
            .begin_from_panel(&request, scopes())
            .await
            .unwrap_err();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert!(
            matches!(refused, FlowError::NoEvent(what) if what == found),
            "{query}: {refused}"
        );
    }
}
