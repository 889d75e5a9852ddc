//! A failure names what was expected and what came, and shows the exchange.

use axum::Router;
use axum::http::StatusCode;
use tokio::net::TcpListener;

use crate::receiver::{examine, failure};

async fn plain(listener: TcpListener, router: Router) -> String {
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/webhooks")
}

#[tokio::test]
async fn l15_a_forgery_that_is_answered_with_404_should_have_been_answered_with_401() {
    for (refusal, got) in [
        (StatusCode::NOT_FOUND, "404"),
        (StatusCode::METHOD_NOT_ALLOWED, "405"),
        (StatusCode::from_u16(419).unwrap(), "419"),
    ] {
        let result = examine(plain, refusal, "signature-refusal-status").await;
        assert_eq!(failure(&result), ("401", got));
        let shown = result.telling_exchange().unwrap();
        assert_eq!(shown.status, Some(refusal.as_u16()));
        let curl = shown.curl();
        assert!(
            curl.contains("x-revento-signature: sha256=") && curl.contains("/webhooks"),
            "{curl}"
        );
    }
    let result = examine(plain, StatusCode::UNAUTHORIZED, "signature-refusal-status").await;
    assert!(!result.failed(), "{result:?}");
}

#[tokio::test]
async fn a_refusal_says_nothing_if_the_receiver_refuses_everything() {
    let refusing = |listener, _| plain(listener, Router::new());
    let result = examine(refusing, StatusCode::UNAUTHORIZED, "signature-wrong-secret").await;
    let outcome = format!("{:?}", result.outcome);
    assert!(
        outcome.starts_with("Untestable") && outcome.contains("signature-good"),
        "{outcome}"
    );
}

#[tokio::test]
async fn a_receiver_that_ignores_the_window_is_found() {
    let result = examine(plain, StatusCode::UNAUTHORIZED, "signature-stale").await;
    let (expected, got) = failure(&result);
    assert_eq!(expected, "a refusal with 401 to a webhook 301 s old");
    assert_eq!(got, "204");
}
