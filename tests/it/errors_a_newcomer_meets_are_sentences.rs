//! What goes wrong at first, each as the newcomer sees it: a sentence, and a way on.

use url::Url;

use crate::support::page::text;
use crate::support::service::World;
use crate::support::visitor::{Page, Visitor};

/// A newcomer at the consent page, and the address of that page.
async fn at_the_consent_page(world: &World) -> (Visitor, Page, Url) {
    let mut visitor = Visitor::new();
    let page = visitor.open(&format!("{}/connect", world.base_url)).await;
    assert_eq!(
        (page.status, page.url.path()),
        (200, "/oauth/authorize"),
        "{}",
        text(&page.body)
    );
    let url = page.url.clone();
    (visitor, page, url)
}

/// The same address with another value for one parameter.
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

/// What a person reads on a page that is no success and no crash.
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
    let world = World::start().await;
    let (mut visitor, consent, _) = at_the_consent_page(&world).await;
    let page = visitor.press(&consent, "Decline", &[]).await;
    let said = problem(&page);
    assert_eq!(page.url.path(), "/callback");
    assert!(
        said.contains("Not connected") && said.contains("declined"),
        "{said}"
    );
    assert!(said.contains("Back to the start"), "{said}");

    // Nothing is spoiled: the next attempt works.
    let consent = visitor.open(&format!("{}/connect", world.base_url)).await;
    let page = visitor.press(&consent, "Authorize", &[]).await;
    assert!(text(&page.body).contains("Connected to"), "{}", text(&page.body));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_did_not_begin_here_connects_nothing() {
    let world = World::start().await;
    let (_, consent, _) = at_the_consent_page(&world).await;
    let forged = format!("{}/callback?code=stolen&state=guessed", world.base_url);
    let said = problem(&Visitor::new().open(&forged).await);
    assert!(
        said.contains("Not connected") && said.contains("Back to the start"),
        "{said}"
    );

    // Somebody else finishes the newcomer's flow in a browser of their own.
    let mut stranger = Visitor::new();
    let page = stranger.press(&consent, "Authorize", &[]).await;
    let said = problem(&page);
    assert!(said.contains("Not connected"), "{said}");
    assert_eq!(
        world.control.stat("exchanges").await,
        0,
        "the code was not even sent"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_uri_that_is_not_registered_is_shown_beside_those_that_are() {
    let world = World::start().await;
    let (mut visitor, _, url) = at_the_consent_page(&world).await;
    let almost = format!("{}/callback/", world.base_url);
    let page = visitor.open(&with(&url, "redirect_uri", &almost)).await;
    let said = problem(&page);
    assert_eq!(page.url.path(), "/oauth/authorize", "never a redirect");
    assert!(said.contains(&format!("Sent {almost}")), "{said}");
    assert!(
        said.contains(&format!("Registered {}/callback", world.base_url)),
        "{said}"
    );
    assert!(said.contains("What to do"), "{said}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_connected_says_why() {
    let world = World::start().await;
    for (event, reason) in [
        ("evt_test_nowhere", "evt_test_nowhere"),
        (informal(&world), "formal"),
    ] {
        // Each callback ends its flow, so each event has one of its own.
        let (mut visitor, _, url) = at_the_consent_page(&world).await;
        let page = visitor.open(&with(&url, "event_id", event)).await;
        let said = problem(&page);
        assert!(said.contains(reason), "{event}: {said}");
    }
    world.stop().await;
}

/// The seeded event whose organization has no tax identifier.
fn informal(world: &World) -> &str {
    let found = world
        .info()
        .events
        .iter()
        .find(|event| event.contains("informal"));
    found.expect("the seed has an informal organization")
}
