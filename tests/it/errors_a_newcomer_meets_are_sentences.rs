//! The errors that a newcomer sees first: each page has a sentence and a next step.

use url::Url;

use crate::support::page::text;
use crate::support::service::Environment;
use crate::support::visitor::{Page, Visitor};

/// Opens the consent page. Returns the visitor, the page and its URL.
async fn at_the_consent_page(environment: &Environment) -> (Visitor, Page, Url) {
    let mut visitor = Visitor::new();
    let page = visitor.open(&format!("{}/connect", environment.base_url)).await;
    assert_eq!(
        (page.status, page.url.path()),
        (200, "/oauth/authorize"),
        "{}",
        text(&page.body)
    );
    let url = page.url.clone();
    (visitor, page, url)
}

/// The same URL with another value for one parameter.
fn with(url: &Url, name: &str, value: &str) -> String {
    let mut changed = url.clone();
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    changed.query_pairs_mut().clear().extend_pairs(
        pairs
            .iter()
            .map(|(known, old)| (known.as_str(), if known == name { value } else { old.as_str() })),
    );
    changed.into()
}

/// The text of a page with a 4xx status.
fn problem(page: &Page) -> String {
    let text = text(&page.body);
    assert!(
        (400..500).contains(&page.status),
        "{} {}: {text}",
        page.status,
        page.url
    );
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_consent_leads_back_to_the_integration() {
    let environment = Environment::start().await;
    let (mut visitor, consent, _) = at_the_consent_page(&environment).await;
    let page = visitor.press(&consent, "Decline", &[]).await;
    let message = problem(&page);
    assert_eq!(page.url.path(), "/callback");
    assert!(
        message.contains("Not connected") && message.contains("declined"),
        "{message}"
    );
    assert!(message.contains("Back to the start"), "{message}");

    // The next attempt works.
    let consent = visitor.open(&format!("{}/connect", environment.base_url)).await;
    let page = visitor.press(&consent, "Authorize", &[]).await;
    assert!(text(&page.body).contains("Connected to"), "{}", text(&page.body));
    environment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_did_not_begin_here_connects_nothing() {
    let environment = Environment::start().await;
    let (_, consent, _) = at_the_consent_page(&environment).await;
    let forged = format!("{}/callback?code=stolen&state=guessed", environment.base_url);
    let message = problem(&Visitor::new().open(&forged).await);
    assert!(
        message.contains("Not connected") && message.contains("Back to the start"),
        "{message}"
    );

    // Another person finishes the newcomer's flow in another browser.
    let mut stranger = Visitor::new();
    let page = stranger.press(&consent, "Authorize", &[]).await;
    let message = problem(&page);
    assert!(message.contains("Not connected"), "{message}");
    assert_eq!(
        environment.control.stat("exchanges").await,
        0,
        "the integration sent the code"
    );
    environment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_uri_that_is_not_registered_is_shown_beside_those_that_are() {
    let environment = Environment::start().await;
    let (mut visitor, _, url) = at_the_consent_page(&environment).await;
    let almost = format!("{}/callback/", environment.base_url);
    let page = visitor.open(&with(&url, "redirect_uri", &almost)).await;
    let message = problem(&page);
    assert_eq!(
        page.url.path(),
        "/oauth/authorize",
        "the platform redirected to an unregistered URI"
    );
    assert!(message.contains(&format!("Sent {almost}")), "{message}");
    assert!(
        message.contains(&format!("Registered {}/callback", environment.base_url)),
        "{message}"
    );
    assert!(message.contains("What to do"), "{message}");
    environment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_connected_says_why() {
    let environment = Environment::start().await;
    for (event, reason) in [
        ("evt_test_nowhere", "evt_test_nowhere"),
        (informal(&environment), "formal"),
    ] {
        // Each callback ends its flow, so each event needs a new flow.
        let (mut visitor, _, url) = at_the_consent_page(&environment).await;
        let page = visitor.open(&with(&url, "event_id", event)).await;
        let message = problem(&page);
        assert!(message.contains(reason), "{event}: {message}");
    }
    environment.stop().await;
}

/// The event of the seed data whose organization is not formal.
fn informal(environment: &Environment) -> &str {
    let found = environment
        .info()
        .events
        .iter()
        .find(|event| event.contains("informal"));
    found.expect("the seed data has no informal organization")
}
