//! The developer console in a browser: each action takes effect, and the pages show it without a reload.

use serde_json::json;
use thirtyfour::Key;

use crate::support::browser::Browser;
use crate::support::platform::{EVENT, Platform};
use crate::support::{engine, wait};

/// The XPath of a milestone's row on the overview.
fn milestone(name: &str) -> String {
    format!("//tr[td[normalize-space(.)='{name}']]")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_arrives_as_a_webhook_and_shows_while_it_happens() {
    let (Some(reviewer), Some(watcher)) = (Browser::open().await, Browser::open().await) else {
        return engine::skip("Chromium");
    };
    let platform = Platform::start().await;
    platform.connect().await;
    let application = platform.pending().await;
    watcher.visit(&platform.console("/deliveries")).await;
    watcher.sees("There is no webhook yet").await;
    let url = format!("/applications?event_id={EVENT}&status=pending");
    reviewer.visit(&platform.console(&url)).await;
    reviewer
        .click_in(&format!("//tr[.//code='{application}']"), "Approve")
        .await;

    let webhook = platform.receiver.receives("application.approved").await;
    assert_eq!(webhook.envelope["data"]["id"], application.as_str());
    assert!(webhook.envelope["data"]["approved_at"].is_string());
    // The test does not reload the page.
    watcher.click("application.approved").await;
    watcher.sees("Attempt 1").await;
    let page = watcher.text().await;
    for shown in [
        "x-revento-signature",
        &webhook.delivery_id,
        &application,
        "status 204",
    ] {
        assert!(page.contains(shown), "{shown} is missing:\n{page}");
    }
    reviewer.close().await;
    watcher.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_needs_no_mouse() {
    let Some(browser) = Browser::open().await else {
        return engine::skip("Chromium");
    };
    let platform = Platform::start().await;
    platform.connect().await;
    let url = format!("/applications?event_id={EVENT}&status=pending");
    browser.visit(&platform.console(&url)).await;
    browser.press(Key::Tab).await;
    assert_eq!(browser.focused().await, "Skip to the content");
    browser.press(Key::Enter).await;
    // Between the navigation and the table there are two selects and a button.
    let mut stops = Vec::new();
    while browser.focused().await != "Approve" {
        stops.push(browser.focused().await);
        assert!(stops.len() < 8, "{stops:?}");
        browser.press(Key::Tab).await;
    }
    browser.press(Key::Enter).await;
    platform.receiver.receives("application.approved").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn six_pages_that_were_left_do_not_block_the_seventh() {
    let Some(browser) = Browser::open().await else {
        return engine::skip("Chromium");
    };
    let platform = Platform::start().await;
    for page in [
        "",
        "/connections",
        "/deliveries",
        "/audit",
        "/faults",
        "/requests",
        "",
        "/audit",
        "/connections",
    ] {
        // A page that waits for a free connection fails with the browser's timeout.
        browser.visit(&platform.console(page)).await;
        browser.sees("live").await;
    }
    browser.run("history.back();").await;
    browser.find("//h1[.='Audit log']").await;
    browser.sees("live").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_a_connection_ends_everything_below_it() {
    let Some(browser) = Browser::open().await else {
        return engine::skip("Chromium");
    };
    let platform = Platform::start().await;
    let organizer = platform.connect().await;
    let participant = platform.sign_in("usr_0004").await;
    browser
        .visit(&platform.console("/participants?user_id=usr_0004"))
        .await;
    browser.sees("Revoke access").await;
    browser.visit(&platform.console("/connections")).await;
    assert_eq!(browser.count("//span[contains(@class,'badge active')]").await, 3);
    browser.click("Revoke").await;

    let webhook = platform.receiver.receives("data.deletion_required").await;
    assert_eq!(webhook.envelope["data"]["reason"], "connection_revoked");
    browser.sees("connection revoked").await;
    assert_eq!(browser.count("//span[contains(@class,'badge revoked')]").await, 3);
    for (tokens, path) in [
        (&organizer, "/events/evt_test_published"),
        (&participant, "/me/profile"),
    ] {
        let (status, body) = platform.read(tokens, path).await;
        assert_eq!((status, &body["error"]), (401, &json!("token_revoked")));
    }
    browser
        .visit(&platform.console("/participants?user_id=usr_0004"))
        .await;
    browser.sees("No app has access").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_dead_lettered_after_its_retries_and_delivered_by_a_replay() {
    let Some(browser) = Browser::open().await else {
        return engine::skip("Chromium");
    };
    let platform = Platform::start().await;
    platform.connect().await;
    platform.receiver.answer_with(500);
    let application = platform.pending().await;
    let path = format!("/applications/{application}/approve");
    platform.control.post(&path, json!({})).await;
    let webhook = platform.receiver.receives("application.approved").await;
    for attempts in 1..7 {
        platform.attempted(&webhook.delivery_id, attempts).await;
        browser.visit(&platform.console("")).await;
        browser.click_in(&milestone("retry"), "after").await;
    }
    platform.attempted(&webhook.delivery_id, 7).await;
    browser.visit(&platform.console("/dead-letters")).await;
    browser.sees("application.approved").await;
    platform.receiver.answer_with(200);
    browser.click("Replay").await;
    browser.sees("There are no dead letters").await;
    let row = platform.attempted(&webhook.delivery_id, 8).await;
    assert_eq!(row["status"], "delivered");
    let arrived = platform.receiver.arrived();
    assert!(
        arrived
            .iter()
            .all(|again| again.delivery_id == webhook.delivery_id
                && again.envelope["id"] == webhook.envelope["id"])
    );
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_moves_to_just_before_and_just_after_an_expiry() {
    let Some(browser) = Browser::open().await else {
        return engine::skip("Chromium");
    };
    let platform = Platform::start().await;
    let first = platform.connect().await;
    let path = format!("/events/{EVENT}");
    browser.visit(&platform.console("")).await;
    browser.sees("the real time").await;
    browser.click_in(&milestone("access expiry"), "before").await;
    browser.sees("59 min ahead").await;
    // That was a second ahead, so on a busy machine it may be past.
    let status = platform.read(&first, &path).await.0;
    browser.visit(&platform.console("")).await;
    if browser.count(&milestone("access expiry")).await == 1 {
        assert_eq!(status, 200);
        browser.click_in(&milestone("access expiry"), "after").await;
        milestones_become(&browser, "access expiry", 0).await;
        browser.visit(&platform.console("")).await;
    }
    milestones_become(&browser, "access expiry", 0).await;
    let (status, body) = platform.read(&first, &path).await;
    assert_eq!((status, &body["error"]), (401, &json!("token_expired")));

    let second = platform.refresh(&first).await;
    // Until then the page may still offer the expiry of the first refresh token, an hour earlier.
    milestones_become(&browser, "access expiry", 1).await;
    browser.click_in(&milestone("refresh expiry"), "after").await;
    browser.sees("90 d").await;
    let refused = platform.refresh(&second).await;
    assert_eq!(refused["error"], "invalid_grant", "{refused}");
    browser.click("Reset the sandbox").await;
    browser.sees("the real time").await;
    browser.close().await;
}

/// Waits until the overview lists the milestone `name` exactly `count` times.
async fn milestones_become(browser: &Browser, name: &str, count: usize) {
    wait::until("the milestones are those of now", async || {
        match browser.count(&milestone(name)).await {
            found if found == count => Ok(()),
            _ => Err(browser.text().await),
        }
    })
    .await;
}
