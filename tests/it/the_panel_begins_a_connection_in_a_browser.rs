//! The organizer presses *Connect* in the platform's panel of integrations, for an event that the integration did not offer.

use crate::support::browser::Browser;
use crate::support::engine;
use crate::support::service::Environment;

const EVENT: &str = "evt_test_summit";

#[tokio::test(flavor = "multi_thread")]
async fn h31_and_the_integration_connects_that_event() {
    let Some(browser) = Browser::open().await else {
        return engine::skip("Chromium");
    };
    let environment = Environment::start().await;
    assert_ne!(environment.event(), EVENT);
    let panel = format!("{}/integrations?event_id={EVENT}", environment.info().console_url);
    browser.visit(&panel).await;
    browser.sees("not connected").await;
    browser.click("Connect").await;
    browser.sees("Northern Data Summit").await;
    // h18: people click twice, and the second click must not lead to a dead end.
    browser.find("//button[.='Authorize']").await;
    browser
        .run(
            "const button = [...document.querySelectorAll('button')].find(one => one.value === 'authorize'); \
              button.click(); button.click();",
        )
        .await;
    browser.sees(&format!("Connected to {EVENT}")).await;
    browser.visit(&panel).await;
    browser.sees("Connect again").await;
    browser.click("Disconnect").await;
    browser.sees("revoked").await;
    assert_eq!(environment.control.stat("code_reuses").await, 0);
    browser.close().await;
    environment.stop().await;
}
