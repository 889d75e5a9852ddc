//! `revento deliveries`, against a sandbox with a connected event and a receiver.

use std::net::TcpListener as StdListener;

use axum::{Router, http::StatusCode, routing::post};
use revento_sandbox::Sandbox;
use serde_json::Value;

use crate::{
    json::json_lines,
    support::{Ended, revento},
};

const CALLBACK: &str = "http://localhost:3000/callback";
pub(crate) const EVENT: &str = "evt_test_published";

/// A sandbox whose webhooks get this answer, with a connection to the event.
pub(crate) async fn connected(answer: StatusCode) -> Sandbox {
    let sandbox = unconnected(answer).await;
    connect(&sandbox).await;
    sandbox
}

pub(crate) async fn unconnected(answer: StatusCode) -> Sandbox {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhooks", listener.local_addr().unwrap());
    let receiver = Router::new().route("/webhooks", post(move || async move { answer }));
    tokio::spawn(async move { axum::serve(listener, receiver).await });
    Sandbox::builder()
        .redirect_uri(CALLBACK)
        .webhook_url(url)
        .start()
        .await
        .unwrap()
}

pub(crate) async fn connect(sandbox: &Sandbox) {
    let url = format!("{}/connect", sandbox.info().control_base);
    let body = serde_json::json!({ "event_id": EVENT });
    let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// Runs the program against the sandbox, beside the sandbox's own tasks.
pub(crate) async fn run(sandbox: &Sandbox, arguments: &[&str]) -> Ended {
    let mut command = revento(arguments);
    command.env("REVENTO_SANDBOX", &sandbox.info().console_url);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) async fn deliveries(sandbox: &Sandbox, more: &[&str]) -> Vec<Value> {
    sandbox.deliveries_settled().await.unwrap();
    let ended = run(sandbox, &[&["deliveries", "list", "--json"], more].concat()).await;
    json_lines("deliveries-list", &ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_shown_and_replayed() {
    let sandbox = connected(StatusCode::SERVICE_UNAVAILABLE).await;
    run(&sandbox, &["trigger", "application.approved"]).await;
    let sent = deliveries(&sandbox, &["--type", "application.approved"]).await;
    let id = sent[0]["id"].as_str().unwrap();
    let as_json = run(&sandbox, &["deliveries", "show", id, "--json"]).await;
    assert_eq!(json_lines("deliveries-show", &as_json)[0]["id"], *id);
    let shown = run(&sandbox, &["deliveries", "show", id]).await;
    for part in [
        id,
        "application.approved",
        "x-revento-signature: sha256=",
        "503",
        "\"participant_id\"",
    ] {
        assert!(shown.stdout.contains(part), "{part} is not in {}", shown.stdout);
    }
    let before = sent[0]["attempts"].as_array().unwrap().len();
    let replayed = run(&sandbox, &["deliveries", "replay", id]).await;
    assert_eq!(
        (replayed.code, replayed.stdout.as_str()),
        (Some(0), "replayed 1 delivery\n"),
        "{}",
        replayed.stderr
    );
    let after = deliveries(&sandbox, &["--type", "application.approved"]).await;
    assert_eq!(after[0]["attempts"].as_array().unwrap().len(), before + 1);
    let selected = run(
        &sandbox,
        &["deliveries", "replay", "--type", "application.approved", "--json"],
    )
    .await;
    let selected = json_lines("deliveries-replay", &selected).remove(0);
    assert_eq!(selected["replayed"], 1, "{selected}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_selected_by_event_and_time() {
    let sandbox = connected(StatusCode::OK).await;
    run(&sandbox, &["trigger", "application.approved"]).await;
    sandbox
        .advance(std::time::Duration::from_secs(7_200))
        .await
        .unwrap();
    run(&sandbox, &["trigger", "event.unpublished"]).await;
    for (options, expected) in [
        (&["--since", "1h"][..], &["event.unpublished"][..]),
        (&["--until", "1h"], &["application.approved"]),
        (&["--since", "1d"], &["application.approved", "event.unpublished"]),
        (
            &["--since", "2020-01-01T00:00:00Z", "--type", "event.unpublished"],
            &["event.unpublished"],
        ),
        (
            &["--event", EVENT],
            &["application.approved", "event.unpublished"],
        ),
        (&["--event", "evt_none"], &[]),
    ] {
        let listed = deliveries(&sandbox, options).await;
        let types: Vec<&str> = listed.iter().map(|row| row["type"].as_str().unwrap()).collect();
        assert_eq!(types, expected, "{options:?}");
    }
    let replayed = run(&sandbox, &["deliveries", "replay", "--since", "1h"]).await;
    assert_eq!(replayed.stdout, "replayed 1 delivery\n", "{}", replayed.stderr);
    let wrong = run(&sandbox, &["deliveries", "list", "--since", "yesterday"]).await;
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("10m"), "{}", wrong.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_replayed_is_said() {
    let sandbox = connected(StatusCode::OK).await;
    for (arguments, says) in [
        (&["deliveries", "replay"][..], "--status"),
        (&["deliveries", "replay", "no-such-id"], "0 of 1"),
        (&["deliveries", "show", "no/such?id"], "no delivery"),
        (
            &["deliveries", "list", "--status", "lost"],
            "pending, delivered, dead",
        ),
    ] {
        let ended = run(&sandbox, arguments).await;
        assert_eq!(ended.code, Some(1), "{arguments:?}");
        assert!(ended.stderr.contains(says), "{arguments:?}: {}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_that_is_not_there_is_named() {
    let port = StdListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
        .to_string();
    for (named, says) in [(port.as_str(), "is it running?"), ("not a host", "host:port")] {
        let output = revento(&["deliveries", "list", "--sandbox", named])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(says), "{named}: {text}");
    }
}
