//! `revento quickstart`: ports, pages, Ctrl-C and a second start.

use std::{net::TcpListener, path::Path};

use crate::support::{
    Running,
    browser::{Browser, Page},
    form,
};

/// Presses Connect on the integration's page and Authorize on the consent page.
pub(crate) async fn connect(browser: &Browser, service: &str) -> Page {
    let begun = browser.get(&format!("{service}/connect")).await.unwrap();
    let page = browser.get(begun.redirect().unwrap().as_str()).await.unwrap();
    let submission = form::press(&page.url, &page.body, "Authorize").unwrap();
    let answer = browser
        .post_form(&submission.action, &submission.fields)
        .await
        .unwrap();
    let callback = answer.redirect().unwrap().clone();
    assert!(callback.as_str().starts_with(service), "redirected to {callback}");
    browser.get(callback.as_str()).await.unwrap()
}

async fn status(browser: &Browser, service: &str) -> String {
    let status = browser.get_json(&format!("{service}/api/status")).await.unwrap();
    status["status"].as_str().unwrap().to_owned()
}

fn start(data: &Path, more: &[&str]) -> (Running, String) {
    let mut running = Running::quickstart(data, more);
    let service = running.value_of("Example integration");
    (running, service)
}

#[tokio::test]
async fn other_ports_are_chosen_if_these_are_taken_and_the_redirect_uri_follows() {
    let home = tempfile::tempdir().unwrap();
    let taken = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = taken
        .each_ref()
        .map(|listener| listener.local_addr().unwrap().port().to_string());
    let (mut running, service) = start(home.path(), &["--port", &ports[0], "--sandbox-port", &ports[1]]);
    assert!(!service.ends_with(&format!(":{}", ports[0])), "{service}");
    let console = running.value_of("Sandbox console");
    assert!(!console.contains(&format!(":{}/", ports[1])), "{console}");

    let browser = Browser::new().unwrap();
    connect(&browser, &service).await;
    assert_eq!(status(&browser, &service).await, "connected");
    assert_eq!(running.interrupt().code, Some(0));
}

#[tokio::test]
async fn ctrl_c_stops_both_and_a_second_start_is_still_connected() {
    let home = tempfile::tempdir().unwrap();
    let (mut running, service) = start(home.path(), &[]);
    let console = running.value_of("Sandbox console");
    let browser = Browser::new().unwrap();
    assert_eq!(status(&browser, &service).await, "not_connected");
    connect(&browser, &service).await;
    let ended = running.interrupt();
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{}",
        ended.stdout
    );
    assert!(
        ended
            .stdout
            .ends_with("Stopped. The data is kept: start again to continue.\n"),
        "{}",
        ended.stdout
    );
    for url in [&service, &console] {
        assert!(browser.get(url).await.is_err(), "{url} is still served");
    }

    // Both have kept the token: a read works without a new consent.
    let (running, service) = start(home.path(), &[]);
    assert_eq!(status(&browser, &service).await, "connected");
    let people = browser
        .get_json(&format!("{service}/api/participants"))
        .await
        .unwrap();
    assert!(
        people["count"].as_u64().is_some_and(|count| count >= 30),
        "{people}"
    );
    assert_eq!(running.interrupt().code, Some(0));
}

#[test]
fn a_second_quickstart_with_the_same_data_says_which_option_helps() {
    let home = tempfile::tempdir().unwrap();
    let (running, _) = start(home.path(), &[]);
    let second = Running::quickstart(home.path(), &[]).end();
    assert_eq!(second.code, Some(1), "{}", second.stdout);
    assert!(second.stderr.contains("--data"), "{}", second.stderr);
    drop(running.interrupt());
}
