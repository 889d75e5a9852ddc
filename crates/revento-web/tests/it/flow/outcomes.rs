//! Which callbacks are accepted.

use std::sync::atomic::Ordering::SeqCst;

use revento_core::TokenKind;
use revento_oauth::CallbackError;
use revento_web::FlowError;

use super::browser::{Browser, Service};

fn refused(outcome: Result<revento_web::FinishedAuthorization, FlowError>) -> CallbackError {
    match outcome {
        Err(FlowError::Callback(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn o15_what_was_not_granted_is_told() {
    let service = Service::over_tls();
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    let connected = browser
        .call_back(&service, &format!("code=abc&state={state}"))
        .await
        .unwrap();
    assert_eq!(connected.missing_scopes.to_string(), "program.read");
    assert_eq!(connected.connection.scopes.to_string(), "event.read");
}

#[tokio::test]
async fn o6_several_tabs_connect_at_once() {
    let service = Service::over_tls();
    let mut browser = Browser::default();
    let mut states = Vec::new();
    for _ in 0..4 {
        states.push(browser.begin(&service).await);
    }
    assert_eq!(browser.cookies.len(), 4);
    states.reverse();
    for state in states {
        browser
            .call_back(&service, &format!("code=abc&state={state}"))
            .await
            .unwrap();
    }
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn o20_another_browser_cannot_finish_a_flow() {
    let service = Service::over_tls();
    let (mut victim, mut attacker) = (Browser::default(), Browser::default());
    let attackers = attacker.begin(&service).await;
    let outcome = victim
        .call_back(&service, &format!("code=evil&state={attackers}"))
        .await;
    assert_eq!(refused(outcome), CallbackError::StateMismatch);
    // The same while the browser has a flow of its own.
    let own = victim.begin(&service).await;
    let outcome = victim
        .call_back(&service, &format!("code=evil&state={attackers}"))
        .await;
    assert_eq!(refused(outcome), CallbackError::StateMismatch);
    assert_eq!(service.platform.codes.load(SeqCst), 0, "no code was sent");
    victim
        .call_back(&service, &format!("code=abc&state={own}"))
        .await
        .unwrap();
}

#[tokio::test]
async fn o3_a_cookie_that_was_changed_cut_emptied_or_moved_is_none() {
    let service = Service::over_tls();
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    let (name, value) = browser.cookies.pop_first().unwrap();
    browser.begin(&service).await;
    let others = browser.cookies.pop_first().unwrap().1;
    let flipped = |position: usize| {
        let mut bytes = value.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let spoiled = [
        flipped(0),
        flipped(value.len() / 2),
        flipped(value.len() - 2),
        value[..value.len() / 2].to_owned(),
        String::new(),
        "not base64!".to_owned(),
        others,
    ];
    for value in spoiled {
        let mut browser = Browser::default();
        browser.cookies.insert(name.clone(), value);
        let outcome = browser
            .call_back(&service, &format!("code=abc&state={state}"))
            .await;
        assert_eq!(refused(outcome), CallbackError::StateMismatch);
    }
    assert_eq!(service.platform.codes.load(SeqCst), 0);
}

#[tokio::test]
async fn o3_a_flow_ends_after_15_minutes() {
    let service = Service::over_tls();
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    service.clock.0.store(900, SeqCst);
    let outcome = browser
        .call_back(&service, &format!("code=abc&state={state}"))
        .await;
    assert_eq!(refused(outcome), CallbackError::Expired);
}

#[tokio::test]
async fn o3_a_callback_that_comes_twice_spends_its_code_once() {
    let service = Service::over_tls();
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    let mut impatient = browser.clone();
    let query = format!("code=abc&state={state}");
    browser.call_back(&service, &query).await.unwrap();
    let refused = impatient.call_back(&service, &query).await.unwrap_err();
    assert!(
        matches!(&refused, FlowError::AlreadyUsed { event_id, token_kind: TokenKind::Installation } if event_id.as_str() == "evt_1"),
        "{refused:?}"
    );
    assert_eq!(service.platform.codes.load(SeqCst), 1);
}

#[tokio::test]
async fn o10_a_no_is_told_as_such() {
    let service = Service::over_tls();
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    let outcome = browser
        .call_back(&service, &format!("error=access_denied&state={state}"))
        .await;
    assert!(matches!(refused(outcome), CallbackError::Declined { .. }));
    assert_eq!(
        refused(browser.call_back(&service, "code=abc").await),
        CallbackError::Malformed("its `state` is missing")
    );
    assert_eq!(service.platform.codes.load(SeqCst), 0);
}
