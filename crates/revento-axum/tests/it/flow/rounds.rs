//! Frames, lost cookies, and callbacks that a service rejects itself.

use std::sync::atomic::Ordering::SeqCst;

use axum::response::IntoResponse;
use http::{
    HeaderMap, StatusCode, Uri,
    header::{COOKIE, LOCATION, SET_COOKIE},
};
use revento_axum::FlowError;
use revento_oauth::CallbackError;

use super::browser::{Browser, Service};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect()
}

async fn body(response: axum::response::Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 65_536).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn o8_a_lost_cookie_begins_anew_once_and_not_for_ever() {
    let service = Service::over_tls();
    let lost = FlowError::Callback(CallbackError::StateMismatch);
    let first = service
        .flow
        .restart(&HeaderMap::new(), &lost, "/connect?event=1")
        .unwrap();
    assert_eq!(first.status(), StatusCode::SEE_OTHER);
    assert_eq!(first.headers()[LOCATION], "/connect?event=1");
    let cookie = first.headers()[SET_COOKIE]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let mut second = HeaderMap::new();
    second.insert(COOKIE, cookie.parse().unwrap());
    assert!(service.flow.restart(&second, &lost, "/connect").is_none());
    let declined = FlowError::Callback(CallbackError::Declined { description: None });
    assert!(
        service
            .flow
            .restart(&HeaderMap::new(), &declined, "/connect")
            .is_none()
    );
    for elsewhere in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "connect",
    ] {
        assert!(
            service
                .flow
                .restart(&HeaderMap::new(), &lost, elsewhere)
                .is_none(),
            "{elsewhere}"
        );
    }
}

#[tokio::test]
async fn o9_a_flow_that_would_begin_in_a_frame_goes_on_top() {
    let service = Service::over_tls();
    let uri: Uri = "/connect?event=1&x=\"><script>"
        .replace(['"', '<', '>'], "%22")
        .parse()
        .unwrap();
    let framed = headers(&[("sec-fetch-dest", "iframe")]);
    let page = body(service.flow.leave_frame(&framed, &uri).unwrap()).await;
    assert!(
        page.contains("target=\"_top\"") && page.contains("/connect?event=1&amp;x="),
        "{page}"
    );
    let on_top = headers(&[("sec-fetch-dest", "document")]);
    assert!(service.flow.leave_frame(&on_top, &uri).is_none());
    assert!(service.flow.leave_frame(&HeaderMap::new(), &uri).is_none());
}

#[tokio::test]
async fn s6_a_login_inside_the_frame_keeps_its_cookie_there() {
    let mut service = Service::over_tls();
    service.flow = service.flow.partitioned_cookies();
    let framed = headers(&[("sec-fetch-dest", "iframe")]);
    assert!(
        service
            .flow
            .leave_frame(&framed, &"/login".parse().unwrap())
            .is_none()
    );
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    let [cookie] = browser.last_set.as_slice() else {
        panic!("one cookie")
    };
    for attribute in ["SameSite=None", "Partitioned", "Secure", "HttpOnly"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    browser
        .call_back(&service, &format!("code=abc&state={state}"))
        .await
        .unwrap();
    assert!(
        browser.cookies.is_empty(),
        "the end of the flow finds its partitioned cookie"
    );
}

#[tokio::test]
async fn o13_a_service_may_stop_before_and_after() {
    let service = Service::over_tls();
    // Before the exchange: the service answers itself, and nothing has happened.
    let before = (StatusCode::FORBIDDEN, "not today").into_response();
    assert!(before.headers().get(SET_COOKIE).is_none());
    assert_eq!(service.platform.0.load(SeqCst), 0);
    // After the exchange: the service answers itself, the flow has ended, and the service can delete the connection.
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    let connected = browser
        .call_back(&service, &format!("code=abc&state={state}"))
        .await
        .unwrap();
    assert!(browser.cookies.is_empty());
    let client = service.client();
    client.delete_connection(&connected.connection.key).await.unwrap();
    assert!(client.connection("evt_1").await.unwrap().is_none());
}
