//! Frames, lost cookies, and callbacks that a service rejects itself.

use std::sync::atomic::Ordering::SeqCst;

use http::{
    StatusCode,
    header::{COOKIE, LOCATION, SET_COOKIE},
    request::Parts,
};
use revento_oauth::CallbackError;
use revento_web::{FlowError, LocalPath};

use super::browser::{Browser, Service, get};

/// The request of a browser that shows the response in a frame, or not.
fn shown_in(destination: &str, address: &str) -> Parts {
    let mut request = get(address);
    request
        .headers
        .insert("sec-fetch-dest", destination.parse().unwrap());
    request
}

#[tokio::test]
async fn o8_a_lost_cookie_begins_anew_once_and_not_for_ever() {
    let service = Service::over_tls();
    let lost = FlowError::Callback(CallbackError::StateMismatch);
    let begin = LocalPath::parse("/connect?event=1").unwrap();
    let first = service.flow.restart(&get("/callback"), &lost, &begin).unwrap();
    assert_eq!(first.status(), StatusCode::SEE_OTHER);
    assert_eq!(first.headers()[LOCATION], "/connect?event=1");
    let cookie = first.headers()[SET_COOKIE]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let mut second = get("/callback");
    second.headers.insert(COOKIE, cookie.parse().unwrap());
    assert!(service.flow.restart(&second, &lost, &begin).is_none());
    let declined = FlowError::Callback(CallbackError::Declined { description: None });
    assert!(
        service
            .flow
            .restart(&get("/callback"), &declined, &begin)
            .is_none()
    );
}

#[tokio::test]
async fn o9_a_flow_that_would_begin_in_a_frame_goes_on_top() {
    let service = Service::over_tls();
    let address = "/connect?event=1&x=%22%3E%3Cscript%3E";
    let page = service.flow.leave_frame(&shown_in("iframe", address)).unwrap();
    assert!(
        page.body().contains("target=\"_top\"") && page.body().contains("/connect?event=1&amp;x=%22"),
        "{}",
        page.body()
    );
    assert!(service.flow.leave_frame(&shown_in("document", address)).is_none());
    assert!(service.flow.leave_frame(&get(address)).is_none());
}

#[tokio::test]
async fn s6_a_login_inside_the_frame_keeps_its_cookie_there() {
    let mut service = Service::over_tls();
    service.flow = service.flow.partitioned_cookies();
    assert!(service.flow.leave_frame(&shown_in("iframe", "/login")).is_none());
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
    assert_eq!(service.platform.codes.load(SeqCst), 0);
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
