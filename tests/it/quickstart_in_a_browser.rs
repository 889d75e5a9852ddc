//! What the README promises, clicked: connect, consent with one scope unticked, approve, an hour passes, revoke.

use crate::support::browser::Browser;
use crate::support::engine;
use crate::support::service::World;

#[tokio::test(flavor = "multi_thread")]
async fn every_step_shows_on_the_integrations_page() {
    let (Some(integration), Some(console)) = (Browser::open().await, Browser::open().await) else {
        return engine::skip("Chromium");
    };
    let world = World::start().await;

    connects_without_the_optional_scope(&world, &integration).await;
    shows_an_approval_without_a_reload(&world, &integration, &console).await;
    outlives_its_access_token(&world, &integration, &console).await;
    says_that_the_connection_has_ended(&world, &integration, &console).await;

    integration.close().await;
    console.close().await;
    world.stop().await;
}

async fn connects_without_the_optional_scope(world: &World, integration: &Browser) {
    integration.visit(&world.base_url).await;
    integration.click("Connect").await;
    integration.sees("It will be able to").await;
    integration.untick("program.read").await;
    integration.click("Authorize").await;

    integration.sees(&format!("Connected to {}", world.event())).await;
    assert_eq!(integration.address().await, format!("{}/", world.base_url));
    let page = integration.text().await;
    assert!(page.contains("event.read participants.read"), "{page}");
    assert!(!page.contains("program.read"), "{page}");
    assert_eq!(integration.count("//tbody/tr").await, applications(world).await);
}

async fn shows_an_approval_without_a_reload(world: &World, integration: &Browser, console: &Browser) {
    let url = format!(
        "{}/applications?event_id={}&status=pending",
        world.info().console_url,
        world.event()
    );
    console.visit(&url).await;
    console.click("Approve").await;
    integration.sees("application.approved").await;
    integration.picture("integration").await;
    assert_eq!(world.control.stat("attempts_failed").await, 0);
}

async fn outlives_its_access_token(world: &World, integration: &Browser, console: &Browser) {
    console.visit(&world.info().console_url).await;
    console.click("+61 minutes").await;
    console.sees("ahead").await;
    integration.visit(&world.base_url).await;
    integration.sees("Connected to").await;
    assert_eq!(integration.count("//tbody/tr").await, applications(world).await);
    assert_eq!(world.control.stat("refreshes").await, 1);
    assert_eq!(world.control.stat("reuses").await, 0);
    console.visit(&world.info().console_url).await;
    console.picture("console").await;
}

async fn says_that_the_connection_has_ended(world: &World, integration: &Browser, console: &Browser) {
    console
        .visit(&format!("{}/connections", world.info().console_url))
        .await;
    console.click("Revoke").await;
    integration.sees("The connection has ended").await;
    integration.sees("must be deleted by").await;
    assert_eq!(
        integration.count("//tbody/tr").await,
        0,
        "what has ended is not shown"
    );
}

/// How many people have applied to the event.
async fn applications(world: &World) -> usize {
    world
        .control
        .list(&format!("/applications?event_id={}", world.event()))
        .await
        .len()
}
