//! The steps of the quickstart in a browser: connect, consent with one scope unticked, approve, wait an hour, revoke.

use crate::support::browser::Browser;
use crate::support::engine;
use crate::support::service::Environment;

#[tokio::test(flavor = "multi_thread")]
async fn every_step_shows_on_the_integrations_page() {
    let (Some(integration), Some(console)) = (Browser::open().await, Browser::open().await) else {
        return engine::skip("Chromium");
    };
    let environment = Environment::start().await;

    connects_without_the_optional_scope(&environment, &integration).await;
    shows_an_approval_without_a_reload(&environment, &integration, &console).await;
    outlives_its_access_token(&environment, &integration, &console).await;
    says_that_the_connection_has_ended(&environment, &integration, &console).await;

    integration.close().await;
    console.close().await;
    environment.stop().await;
}

async fn connects_without_the_optional_scope(environment: &Environment, integration: &Browser) {
    integration.visit(&environment.base_url).await;
    integration.click("Connect").await;
    integration.sees("It will be able to").await;
    integration.untick("program.read").await;
    integration.click("Authorize").await;

    integration
        .sees(&format!("Connected to {}", environment.event()))
        .await;
    assert_eq!(integration.address().await, format!("{}/", environment.base_url));
    let page = integration.text().await;
    assert!(page.contains("event.read participants.read"), "{page}");
    assert!(!page.contains("program.read"), "{page}");
    assert_eq!(
        integration.count("//tbody/tr").await,
        applications(environment).await
    );
}

async fn shows_an_approval_without_a_reload(
    environment: &Environment,
    integration: &Browser,
    console: &Browser,
) {
    let url = format!(
        "{}/applications?event_id={}&status=pending",
        environment.info().console_url,
        environment.event()
    );
    console.visit(&url).await;
    console.click("Approve").await;
    integration.sees("application.approved").await;
    integration.picture("integration").await;
    assert_eq!(environment.control.stat("attempts_failed").await, 0);
}

async fn outlives_its_access_token(environment: &Environment, integration: &Browser, console: &Browser) {
    console.visit(&environment.info().console_url).await;
    console.click("+61 minutes").await;
    console.sees("ahead").await;
    integration.visit(&environment.base_url).await;
    integration.sees("Connected to").await;
    assert_eq!(
        integration.count("//tbody/tr").await,
        applications(environment).await
    );
    assert_eq!(environment.control.stat("refreshes").await, 1);
    assert_eq!(environment.control.stat("reuses").await, 0);
    console.visit(&environment.info().console_url).await;
    console.picture("console").await;
}

async fn says_that_the_connection_has_ended(
    environment: &Environment,
    integration: &Browser,
    console: &Browser,
) {
    console
        .visit(&format!("{}/connections", environment.info().console_url))
        .await;
    console.click("Revoke").await;
    integration.sees("The connection has ended").await;
    integration.sees("must be deleted by").await;
    assert_eq!(
        integration.count("//tbody/tr").await,
        0,
        "the data of an ended connection is still shown"
    );
}

/// The number of applications to the event.
async fn applications(environment: &Environment) -> usize {
    environment
        .control
        .list(&format!("/applications?event_id={}", environment.event()))
        .await
        .len()
}
