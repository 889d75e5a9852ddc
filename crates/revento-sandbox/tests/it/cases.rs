//! Cases that broke other platforms and are not in another file.

use std::time::Duration;

use revento_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::world::{CALLBACK, EVENT, Receiver, World, client, refusal};

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
        "http://sandbox/below#part",
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
    world.approve("app_published_0002").await;
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
    world.approve("app_published_0002").await;
    let id = world.receiver.next().await.headers["x-revento-delivery-id"].clone();
    let attempts = |row: &Value| row["attempts"].as_array().unwrap().len();
    world.delivery(&id, |row| attempts(row) == 1).await;
    world.receiver.answer_with(200);
    world.advance(31).await;
    world.delivery(&id, |row| row["status"] == "delivered").await;
    world.receiver.answer_with(500);
    world.act(&format!("/deliveries/{id}/replay"), json!({})).await;
    let row = world.delivery(&id, |row| attempts(row) == 3).await;
    // It stays delivered, although a replay failed.
    assert_eq!(
        (&row["status"], &row["next_attempt_at"]),
        (&json!("delivered"), &Value::Null)
    );
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

/// The contract has no revocation endpoint (RFC 7009). People revoke on the platform (contract §2.6).
#[tokio::test]
async fn p7_there_is_no_revocation_endpoint_and_nothing_pretends_that_there_is() {
    let world = World::start().await;
    let pair = world.connect().await;
    let form = [
        ("token", pair.refresh.as_str()),
        ("client_id", &world.info().client_id),
    ];
    let url = format!("{}/oauth/revoke", world.info().auth_base);
    let answer = world.http.post(url).form(&form).send().await.unwrap();
    assert_eq!(refusal(answer).await, (404, "not_found".to_owned()));
    assert_eq!(world.refresh(&pair.refresh).await.status(), 200);
}

/// The retry schedule is exact and has no jitter (contract §4.1).
#[tokio::test]
async fn p14_the_schedule_waits_exactly_and_without_jitter() {
    let world = World::start().await;
    world.connect().await;
    world.receiver.answer_with(500);
    world.approve("app_published_0002").await;
    let id = world.receiver.next().await.headers["x-revento-delivery-id"].clone();
    for (made, wait) in [30, 120, 600, 3_600, 21_600, 86_400].into_iter().enumerate() {
        let row = world
            .delivery(&id, |row| row["attempts"].as_array().unwrap().len() == made + 1)
            .await;
        let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        let waited = time(&row["next_attempt_at"]).duration_since(time(&row["attempts"][made]["at"]));
        // The wait starts at the end of the attempt, which takes a moment.
        assert!(
            (wait..wait + 10).contains(&waited.as_secs()),
            "attempt {made}: {waited:?}"
        );
        world.act("/clock", json!({ "to": "retry" })).await;
        world.receiver.next().await;
    }
    world.delivery(&id, |row| row["status"] == "dead").await;
}

#[tokio::test]
async fn p19_nobody_adds_headers_or_lines_to_an_answer_or_a_delivery() {
    let world = World::start().await;
    let pair = world.connect().await;
    let odd = json!({ "fault": "rate_limited_odd", "text": "1\r\nx-evil: 1" });
    world.act("/faults", odd).await;
    let answer = world.read(&pair.access, &format!("/events/{EVENT}")).await;
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().get("x-evil").is_none() && answer.headers().get("retry-after").is_none());
    // A manifest cannot set headers, and its URL cannot inject any.
    for line in [
        "headers = { x-revento-signature = \"mine\" }",
        "webhook_url = \"http://localhost:3000/\\r\\nx-evil: 1\\u0000\"",
    ] {
        let manifest = format!("[[integration]]\nclient_id = \"int_x\"\nname = \"X\"\n{line}\n");
        let error = Sandbox::builder().manifest(manifest).start().await.unwrap_err();
        assert!(error.to_string().contains("line"), "{error}");
    }
}

#[tokio::test]
async fn p20_header_names_come_in_lower_case_and_on_request_in_title_case() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut world = World::start().await;
    world.sandbox = Sandbox::builder()
        .redirect_uri(CALLBACK)
        .webhook_url(format!("http://{}/webhooks", listener.local_addr().unwrap()))
        .start()
        .await
        .unwrap();
    world.connect().await;
    for (fault, application, name) in [
        (None, "app_published_0002", "x-revento-signature: sha256="),
        (
            Some("delivery_title_case"),
            "app_published_0008",
            "X-Revento-Signature: sha256=",
        ),
    ] {
        if let Some(fault) = fault {
            world.sandbox.arm(Fault::named(fault)).unwrap();
        }
        world
            .act(&format!("/applications/{application}/approve"), json!({}))
            .await;
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = String::new();
        while !head.contains("\r\n\r\n") {
            let mut bytes = [0; 2_048];
            let read = stream.read(&mut bytes).await.unwrap();
            head.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        stream
            .write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        assert!(head.contains(name), "{head}");
    }
}

#[tokio::test]
async fn pages_of_other_sites_cannot_control_the_sandbox() {
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
async fn the_sixth_call_in_flight_is_refused_until_another_ends() {
    let world = World::start().await;
    let token = world.connect().await.access;
    let slow = Fault::named("slow_answer")
        .at("event")
        .times(5)
        .with_delay(Duration::from_millis(800));
    world.sandbox.arm(slow).unwrap();
    let path = format!("/events/{EVENT}");
    let calls = futures_util::future::join_all((0..6).map(|_| world.read(&token, &path))).await;
    let refused: Vec<_> = calls.iter().filter(|answer| answer.status() == 429).collect();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].headers().get("retry-after").is_none());
    assert_eq!(world.read(&token, &path).await.status(), 200);
}

#[tokio::test]
async fn a_seed_file_is_used_at_the_start_and_by_a_reset() {
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
