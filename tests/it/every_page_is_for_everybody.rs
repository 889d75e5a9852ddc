//! Every page of the sandbox on a large and a small screen, in light and dark: no page is wider than the screen, and axe-core
//! finds no accessibility problem. `cargo xtask screenshots` saves the screenshots.

use revento_sandbox::Sandbox;
use serde_json::json;

use crate::support::browser::Browser;
use crate::support::platform::{EVENT, Platform};
use crate::support::{accessibility, engine, install};

/// Width, height and colour scheme of a screen, and a suffix for the names of its screenshots.
const SCREENS: [(u32, u32, &str, &str); 2] = [(1280, 1000, "light", ""), (390, 844, "dark", "-phone")];

#[tokio::test(flavor = "multi_thread")]
async fn on_a_large_and_a_small_screen() {
    let Some(browser) = Browser::open().await else {
        return engine::skip("Chromium");
    };
    let axe = match engine::path("REVENTO_TEST_NPM") {
        Some(npm) => Some(install::axe(&npm).await),
        None => None,
    };
    if axe.is_none() {
        engine::skip("npm, so nothing is checked for accessibility");
    }
    let sandbox = Sandbox::builder().connect_url("http://localhost:3000/connect");
    let platform = Platform::built(sandbox, "http://localhost:3000/callback").await;
    let pages = create_data(&platform).await;
    let mut faults = Vec::new();
    for (width, height, scheme, suffix) in SCREENS {
        browser.screen(width, height, scheme).await;
        for (name, url) in &pages {
            browser.visit(url).await;
            browser.picture(&format!("sandbox/{name}{suffix}")).await;
            let found = accessibility::check(&browser, width, axe.as_deref()).await;
            faults.extend(found.iter().map(|fault| format!("{name}{suffix}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    browser.close().await;
}

/// Creates data, so that no page is empty. Returns the names and URLs of the pages.
async fn create_data(platform: &Platform) -> Vec<(&'static str, String)> {
    let control = &platform.control;
    let tokens = platform.connect().await;
    let user = platform.sign_in("usr_0004").await;
    platform.receiver.answer_with(500);
    let first = format!("/applications/{}/approve", platform.pending().await);
    control.post(&first, json!({})).await;
    let dead = platform
        .receiver
        .receives("application.approved")
        .await
        .delivery_id;
    bury(platform, &dead).await;
    platform.receiver.answer_with(204);
    let tokens = platform.refresh(&tokens).await;
    let second = format!("/applications/{}/reject", platform.pending().await);
    control.post(&second, json!({})).await;
    platform.receiver.receives("application.rejected").await;
    for calls in [3, 8, 14, 6, 11] {
        control.advance(240).await;
        for _ in 0..calls {
            platform
                .read(&tokens, &format!("/events/{EVENT}/participants"))
                .await;
        }
    }
    platform.read(&tokens, "/events/evt_test_summit").await;
    platform.read(&user, "/me/profile").await;
    control
        .post(
            "/faults",
            json!({ "fault": "server_error", "endpoint": "participants", "times": 3 }),
        )
        .await;
    let page = json!({ "title": "Seating plan", "url": platform.receiver.page() });
    let page = control.post(&format!("/events/{EVENT}/pages"), page).await;

    let ask = |scope: &str| platform.authorization_url(scope);
    let mut pages = vec![
        ("consent", ask("event.read participants.read program.read")),
        ("sign-in", ask("profile.read event.attendance")),
        ("refusal", ask("event.read").replace("callback", "elsewhere")),
        ("webview", page["page_url"].as_str().unwrap().to_owned()),
        ("delivery", platform.console(&format!("/deliveries/{dead}"))),
        ("overview", platform.console("")),
        (
            "integrations",
            platform.console("/integrations?event_id=evt_test_summit"),
        ),
    ];
    let names = [
        "connections",
        "applications",
        "deliveries",
        "dead-letters",
        "requests",
        "audit",
        "faults",
        "organizer",
        "participants",
    ];
    pages.extend(names.map(|name| (name, platform.console(&format!("/{name}")))));
    pages
}

/// Makes every attempt of a delivery fail.
async fn bury(platform: &Platform, id: &str) {
    for attempts in 1..7 {
        platform.attempted(id, attempts).await;
        platform.control.post("/clock", json!({ "to": "retry" })).await;
    }
    platform.attempted(id, 7).await;
}
