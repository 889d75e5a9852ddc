//! The integration without mistakes connects, reads, handles webhooks once, refreshes, and deletes, across a kill.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use revento_sandbox::{Action, ConsentDecision, Sandbox};
use serde_json::Value;

use crate::examination::free_port;
use crate::integration::Integration;

async fn json(browser: &Client, url: String) -> (StatusCode, Value) {
    let answer = browser.get(url).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn handled(browser: &Client, url: &str, kind: &str) -> usize {
    let (_, list) = json(browser, format!("{url}/handled")).await;
    list.as_array()
        .unwrap()
        .iter()
        .filter(|webhook| webhook["type"] == kind)
        .count()
}

/// Goes through a flow as a browser does: the page that begins it, the consent, the callback.
async fn consent(sandbox: &Sandbox, browser: &Client, page: String, decision: ConsentDecision) {
    let begun = browser.get(page).send().await.unwrap();
    assert_eq!(begun.status(), 302);
    let cookie = begun.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let consent_page = begun.headers()["location"].to_str().unwrap();
    let callback = sandbox.authorize(consent_page, decision).await.unwrap();
    let answer = browser
        .get(&callback)
        .header("cookie", &cookie)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 303);
    let again = browser
        .get(&callback)
        .header("cookie", cookie)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 400);
}

async fn platform(port: u16) -> Sandbox {
    let sandbox = Sandbox::builder()
        .redirect_uri(format!("http://localhost:{port}/callback"))
        .webhook_url(format!("http://localhost:{port}/webhooks"));
    sandbox.start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_refresh_once_for_many_reads() {
    let (port, other) = (free_port(), free_port());
    let sandbox = platform(port).await;
    let info = sandbox.info();
    let data = tempfile::tempdir().unwrap();
    let browser = Client::builder().redirect(Policy::none()).build().unwrap();
    let first = Integration::start(info, port, data.path(), "").await;
    let second = Integration::start(info, other, data.path(), "").await;
    consent(
        &sandbox,
        &browser,
        format!("{}/connect", first.url),
        ConsentDecision::Authorize,
    )
    .await;
    sandbox.advance(Duration::from_secs(3700)).await.unwrap();
    // Each read takes two pages, and a token has thirty calls a minute.
    let reads = (0..10).map(|number| {
        let url = if number % 2 == 0 { &first.url } else { &second.url };
        json(&browser, format!("{url}/participants"))
    });
    for (status, body) in futures_util::future::join_all(reads).await {
        assert_eq!(status, StatusCode::OK, "{body}");
    }
    let stats = sandbox.stats().await.unwrap();
    assert_eq!((stats.refreshes, stats.reuses, stats.families_revoked), (1, 0, 0));
    sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connects_reads_receives_refreshes_and_deletes() {
    let port = free_port();
    let sandbox = platform(port).await;
    let info = sandbox.info();
    let event = &info.events[0];
    let data = tempfile::tempdir().unwrap();
    let browser = Client::builder().redirect(Policy::none()).build().unwrap();

    let integration = Integration::start(info, port, data.path(), "").await;
    let url = integration.url.clone();
    assert_eq!(
        json(&browser, format!("{url}/participants")).await.0,
        StatusCode::CONFLICT
    );
    consent(
        &sandbox,
        &browser,
        format!("{url}/connect?event_id={event}"),
        ConsentDecision::Authorize,
    )
    .await;
    let (status, read) = json(&browser, format!("{url}/participants")).await;
    assert_eq!(status, StatusCode::OK, "{read}");
    assert!(read["ids"].as_array().unwrap().len() >= 30);

    sandbox
        .perform(Action::UnpublishEvent(event.clone()))
        .await
        .unwrap();
    sandbox.deliveries_settled().await.unwrap();
    while handled(&browser, &url, "event.unpublished").await == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    // After an hour the access token has expired. A kill loses nothing.
    sandbox.advance(Duration::from_secs(3700)).await.unwrap();
    assert_eq!(
        json(&browser, format!("{url}/participants")).await.0,
        StatusCode::OK
    );
    integration.kill().await;
    let _integration = Integration::start(info, port, data.path(), "").await;
    assert_eq!(
        json(&browser, format!("{url}/participants")).await.0,
        StatusCode::OK
    );
    assert_eq!(handled(&browser, &url, "event.unpublished").await, 1);

    sandbox
        .perform(Action::ArchiveEvent(event.clone()))
        .await
        .unwrap();
    sandbox.deliveries_settled().await.unwrap();
    while handled(&browser, &url, "data.deletion_required").await == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (status, ended) = json(&browser, format!("{url}/participants")).await;
    assert_eq!(
        (status, &ended["error"]),
        (StatusCode::CONFLICT, &"reconnect".into())
    );
    for file in std::fs::read_dir(data.path()).unwrap() {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&content);
        assert!(
            !text.contains("favorite_track"),
            "an answer of a participant is left"
        );
    }
    sandbox.shutdown().await;
}
