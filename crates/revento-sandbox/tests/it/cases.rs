//! Cases that broke other platforms, as far as no other file has them.

use std::time::Duration;

use revento_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use crate::world::{CALLBACK, EVENT, Receiver, World, client};

#[tokio::test]
async fn p8_nothing_that_a_client_names_is_fetched() {
    let world = World::start().await;
    let trap = Receiver::start().await;
    let url = trap.url();
    world
        .act(
            &format!("/events/{EVENT}/pages"),
            json!({ "title": "Trap", "url": url }),
        )
        .await;
    let ask = format!(
        "{}/oauth/authorize?client_id={url}&redirect_uri={url}",
        world.info().auth_base
    );
    world.http.get(ask).send().await.unwrap();
    let page = format!("{}/events/{EVENT}/pages/web_published_01", world.info().auth_base);
    assert_eq!(world.http.get(page).send().await.unwrap().status(), 200);
    trap.stays_quiet().await;
}

#[tokio::test]
async fn p10_the_public_url_is_what_clients_are_told() {
    let sandbox = Sandbox::builder()
        .public_url("http://sandbox.internal:4010/")
        .redirect_uri(CALLBACK)
        .start()
        .await;
    let sandbox = sandbox.unwrap();
    assert_eq!(sandbox.info().api_base, "http://sandbox.internal:4010/api/v1");
    for bad in [
        "sandbox:4010",
        "ftp://sandbox",
        "http://sandbox/below",
        "http://sandbox/?x",
    ] {
        assert!(Sandbox::builder().public_url(bad).start().await.is_err(), "{bad}");
    }
}

#[tokio::test]
async fn p10_ipv6_addresses_are_written_as_urls() {
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else {
        return;
    };
    let sandbox = Sandbox::builder().listener(listener).start().await.unwrap();
    let stats = format!("{}/stats", sandbox.info().control_base);
    assert!(stats.starts_with("http://[::1]:"), "{stats}");
    assert_eq!(client().get(stats).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn p12_of_a_long_answer_only_the_beginning_is_kept() {
    let world = World::start().await;
    world.connect().await;
    world.receiver.say("x".repeat(200_000));
    world
        .act("/applications/app_published_0002/approve", json!({}))
        .await;
    let id = world.receiver.next().await.headers["x-revento-delivery-id"].clone();
    let row = world.delivery(&id, |row| row["status"] == "delivered").await;
    assert_eq!(
        row["attempts"][0]["response"]["body"].as_str().unwrap().len(),
        16 * 1024
    );
}

#[tokio::test]
async fn p15_a_success_clears_the_failures_before_it() {
    let world = World::start().await;
    world.connect().await;
    world.receiver.answer_with(500);
    world
        .act("/applications/app_published_0002/approve", json!({}))
        .await;
    let id = world.receiver.next().await.headers["x-revento-delivery-id"].clone();
    let attempts = |row: &Value| row["attempts"].as_array().unwrap().len();
    world.delivery(&id, |row| attempts(row) == 1).await;
    world.receiver.answer_with(200);
    world.advance(31).await;
    world.delivery(&id, |row| row["status"] == "delivered").await;
    world.receiver.answer_with(500);
    world.act(&format!("/deliveries/{id}/replay"), json!({})).await;
    let row = world.delivery(&id, |row| attempts(row) == 3).await;
    // The schedule begins anew: thirty seconds, not two minutes.
    let time = |text: &Value| text.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let wait = time(&row["next_attempt_at"]).duration_since(time(&row["attempts"][2]["at"]));
    assert!((30..=32).contains(&wait.as_secs()), "{wait}");
}

#[tokio::test]
async fn p9_no_input_is_read_without_end() {
    let world = World::start().await;
    let url = format!("{}/faults", world.info().control_base);
    let huge = format!("{{\"fault\": \"{}\"}}", "x".repeat(70_000));
    let answer = world
        .http
        .post(url)
        .header("content-type", "application/json")
        .body(huge)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 413);
}

#[tokio::test]
async fn pages_of_other_sites_steer_nothing() {
    let world = World::start().await;
    world.connect().await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let url = format!("{}/reset", world.info().control_base);
        assert_eq!(
            world
                .http
                .post(url)
                .header(name, value)
                .send()
                .await
                .unwrap()
                .status(),
            403
        );
    }
    assert_eq!(world.stat("connections").await, 1);
}

#[tokio::test]
async fn the_sixth_call_at_once_waits_for_one_of_the_others() {
    let world = World::start().await;
    let token = world.connect().await.access;
    let slow = Fault::named("slow_answer")
        .at("event")
        .times(5)
        .delayed(Duration::from_millis(800));
    world.sandbox.arm(slow).unwrap();
    let path = format!("/events/{EVENT}");
    let calls = futures_util::future::join_all((0..6).map(|_| world.read(&token, &path))).await;
    let refused: Vec<_> = calls.iter().filter(|answer| answer.status() == 429).collect();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].headers().get("retry-after").is_none());
    assert_eq!(world.read(&token, &path).await.status(), 200);
}

#[tokio::test]
async fn a_seed_file_is_the_beginning_and_the_end_of_a_reset() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("seed.json");
    let world = World::start().await;
    let mut seed = world.control("/seed").await;
    seed["events"][2]["name"] = json!("Our own event");
    let id = seed["events"][2]["id"].as_str().unwrap().to_owned();
    std::fs::write(&path, seed.to_string()).unwrap();
    let sandbox = Sandbox::builder().seed_file(&path).start().await.unwrap();
    let world = World { sandbox, ..world };
    let name = async || {
        let directory = world.control("/directory").await;
        let events = directory["events"].as_array().unwrap().clone();
        events
            .into_iter()
            .find(|event| event["id"] == id.as_str())
            .unwrap()["name"]
            .clone()
    };
    assert_eq!(name().await, "Our own event");
    world.act("/reset", json!({})).await;
    assert_eq!(name().await, "Our own event");
    std::fs::write(&path, "{\"events\": 3}").unwrap();
    let error = Sandbox::builder().seed_file(&path).start().await.unwrap_err();
    assert!(
        error.to_string().contains("expected a sequence at line 1"),
        "{error}"
    );
}
