//! `revento listen`, as a process between a sandbox and a receiver.

mod receiver;

use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use axum::http::StatusCode;
use revento_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use self::receiver::Receiver;
use crate::{
    json::fits,
    support::{Running, revento},
};

const EVENT: &str = "evt_test_published";

async fn sandbox() -> Sandbox {
    let sandbox = Sandbox::start().await.unwrap();
    act(
        &sandbox.info().control_base,
        "/connect",
        json!({ "event_id": EVENT }),
    )
    .await;
    sandbox
}

async fn act(control: &str, path: &str, body: Value) -> Value {
    let sent = reqwest::Client::new()
        .post(format!("{control}{path}"))
        .json(&body)
        .send();
    let answer = sent.await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

async fn look(control: &str, path: &str) -> Value {
    reqwest::get(format!("{control}{path}"))
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

/// Sends a test delivery and returns its id.
async fn send(control: &str) -> String {
    let answer = act(
        control,
        "/deliveries/test",
        json!({ "type": "application.approved" }),
    )
    .await;
    answer["delivery_id"].as_str().unwrap().to_owned()
}

/// Waits until a document of the control API is as expected.
async fn until(control: &str, path: &str, is: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..1_500 {
        if let Ok(answer) = reqwest::get(format!("{control}{path}")).await {
            last = answer.json().await.unwrap();
            if is(&last) {
                return last;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{path} never is as expected: {last}");
}

fn is_connected(listeners: &Value) -> bool {
    listeners["data"][0]["away_since"].is_null() && listeners["data"][0].is_object()
}

async fn listen(control: &str, more: &[&str]) -> Running {
    let running = Running::start(&[&["listen", "--sandbox", control], more].concat());
    until(control, "/listeners", is_connected).await;
    running
}

/// The next line of a program, without blocking the sandbox in this process.
async fn line(running: Running) -> (Running, String) {
    tokio::task::spawn_blocking(move || {
        let mut running = running;
        let line = running.line();
        (running, line)
    })
    .await
    .unwrap()
}

async fn interrupt(running: Running) -> (Option<i32>, String, String) {
    let ended = tokio::task::spawn_blocking(move || running.interrupt())
        .await
        .unwrap();
    (ended.code, ended.stdout, ended.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn l1_a_webhook_is_forwarded_byte_for_byte_to_a_short_address() {
    let sandbox = sandbox().await;
    let control = &sandbox.info().control_base;
    let mut receiver = Receiver::start().await;
    let short = format!("{}/hooks?a=b", receiver.address);
    let running = listen(control, &["--forward-to", &short]).await;
    let id = send(control).await;
    let got = receiver.next().await;
    assert_eq!(got.path, "/hooks?a=b");
    let row = until(control, &format!("/deliveries/{id}"), |row| {
        row["status"] == "delivered"
    })
    .await;
    assert_eq!(got.body, row["body"].as_str().unwrap());
    for header in row["attempts"][0]["request"]["headers"].as_array().unwrap() {
        let name = header["name"].as_str().unwrap();
        assert_eq!(got.headers[name], header["value"].as_str().unwrap());
        assert_eq!(got.headers.get_all(name).iter().count(), 1, "{name}");
    }
    let answer = &row["attempts"][0];
    assert_eq!(
        (&answer["status"], &answer["response"]["body"]),
        (&json!(204), &json!(""))
    );
    assert!(!answer.to_string().contains("set-cookie"), "{answer}");
    let (running, line) = line(running).await;
    for part in [
        " 204 ",
        " ms ",
        "application.approved               ",
        id.as_str(),
    ] {
        assert!(line.contains(part), "{line}");
    }
    let (code, _, stderr) = interrupt(running).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains("Forwarding the webhooks of int_sandbox_example to http://"),
        "{stderr}"
    );
    assert_eq!(
        look(control, "/listeners").await["data"],
        json!([]),
        "it gave the webhooks back"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_a_failed_forward_prints_its_cause_and_the_listener_goes_on() {
    let sandbox = sandbox().await;
    let control = &sandbox.info().control_base;
    let free = Receiver::start().await.address;
    let gone = SocketAddr::from((
        [127, 0, 0, 1],
        std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port(),
    ));
    assert_ne!(free, gone);
    let running = listen(control, &["--forward-to", &gone.to_string()]).await;
    let id = send(control).await;
    let (running, failed) = line(running).await;
    assert!(
        failed.contains("failed")
            && failed.contains("could not connect")
            && failed.contains("is the receiver running?"),
        "{failed}"
    );
    let row = until(control, &format!("/deliveries/{id}"), |row| {
        row["attempts"][0].is_object()
    })
    .await;
    assert!(
        row["attempts"][0]["error"]
            .as_str()
            .unwrap()
            .contains("could not connect"),
        "{row}"
    );
    assert_eq!(row["status"], "pending", "the sandbox retries it");

    let mut receiver = Receiver::at(gone).await;
    receiver.answer_with(StatusCode::FOUND);
    act(control, &format!("/deliveries/{id}/replay"), json!({})).await;
    receiver.next().await;
    let (running, redirected) = line(running).await;
    assert!(
        redirected.contains(" 302 ") && redirected.contains("redirects are not followed"),
        "{redirected}"
    );
    assert!(redirected.contains("attempt 2"), "{redirected}");
    assert!(!redirected.contains('\u{202e}'), "{redirected:?}");

    receiver.answer_with(StatusCode::OK);
    act(control, &format!("/deliveries/{id}/replay"), json!({})).await;
    let (running, delivered) = line(running).await;
    assert!(delivered.contains(" 200 "), "{delivered}");
    assert_eq!(interrupt(running).await.0, Some(0));
}

/// Starts a sandbox as a process of its own, on a port, with its state in a file.
async fn sandbox_process(port: u16, data: &Path) -> (Running, String) {
    let address = format!("127.0.0.1:{port}");
    let running = Running::start(&[
        "sandbox",
        "--listen",
        &address,
        "--data",
        data.to_str().unwrap(),
        "--json",
    ]);
    let (running, info) = line(running).await;
    let info: Value = serde_json::from_str(&info).unwrap();
    (running, info["control_base"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_a_killed_sandbox_is_found_again_and_nothing_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("sandbox.db");
    let (first, control) = sandbox_process(0, &data).await;
    let port = control
        .split(':')
        .nth(2)
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    act(&control, "/connect", json!({ "event_id": EVENT })).await;
    let mut receiver = Receiver::start().await;
    let address = receiver.address.to_string();
    let running = listen(&control, &["--forward-to", &address]).await;
    let first_id = send(&control).await;
    receiver.next().await;
    let is_delivered = |row: &Value| row["status"] == "delivered";
    until(&control, &format!("/deliveries/{first_id}"), is_delivered).await;
    let (running, _) = line(running).await;
    // Dropping kills it.
    drop(first);
    let (second, again) = sandbox_process(port, &data).await;
    assert_eq!(again, control);
    let missed = send(&control).await;
    let got = receiver.next().await;
    assert_eq!(got.headers["x-revento-delivery-id"], missed.as_str());
    until(&control, &format!("/deliveries/{missed}"), |row| {
        row["status"] == "delivered"
    })
    .await;
    let (running, _) = line(running).await;
    let (code, _, stderr) = interrupt(running).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains("connecting again") && stderr.contains("Connected again"),
        "{stderr}"
    );
    drop(second);
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_a_killed_listener_loses_nothing() {
    let sandbox = sandbox().await;
    let control = &sandbox.info().control_base;
    let mut receiver = Receiver::start().await;
    let address = receiver.address.to_string();
    let killed = listen(control, &["--forward-to", &address]).await;
    drop(killed);
    until(control, "/listeners", |listeners| {
        listeners["data"][0]["away_since"].is_string()
    })
    .await;
    let missed = send(control).await;
    until(control, &format!("/deliveries/{missed}"), |row| {
        row["attempts"][0].is_object()
    })
    .await;
    // Another process: it does not know the id of the killed one.
    let running = listen(control, &["--forward-to", &address]).await;
    assert_eq!(
        receiver.next().await.headers["x-revento-delivery-id"],
        missed.as_str()
    );
    assert_eq!(interrupt(running).await.0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn l7_lines_of_json_fit_their_schema_and_a_closed_pipe_ends_the_listener() {
    let sandbox = sandbox().await;
    let control = sandbox.info().control_base.clone();
    let mut child = revento(&["listen", "--sandbox", &control, "--print-json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until(&control, "/listeners", is_connected).await;
    let id = send(&control).await;
    let stdout = child.stdout.take().unwrap();
    let line = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
        line
    })
    .await
    .unwrap();
    let shown: Value = serde_json::from_str(&line).unwrap();
    fits("listen", &shown);
    assert_eq!(
        (&shown["delivery_id"], &shown["status"]),
        (&json!(id), &json!(204))
    );
    let body: Value = serde_json::from_str(shown["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["type"], "application.approved");
    // The reader has gone.
    send(&control).await;
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap())
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert_eq!(look(&control, "/listeners").await["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_on_purpose_are_retried_by_the_sandbox() {
    let sandbox = sandbox().await;
    let control = &sandbox.info().control_base;
    let mut receiver = Receiver::start().await;
    let address = receiver.address.to_string();
    let running = listen(
        control,
        &["--forward-to", &address, "--fail-rate", "1", "--seed", "7"],
    )
    .await;
    let id = send(control).await;
    let row = until(control, &format!("/deliveries/{id}"), |row| {
        row["attempts"][0].is_object()
    })
    .await;
    assert!(
        row["attempts"][0]["error"]
            .as_str()
            .unwrap()
            .contains("--fail-rate"),
        "{row}"
    );
    let (code, stdout, stderr) = interrupt(running).await;
    assert_eq!(code, Some(0));
    assert!(
        stdout.contains("--fail-rate") && stderr.contains("--seed 7"),
        "{stdout}{stderr}"
    );
    assert!(receiver.is_idle(), "nothing was forwarded");
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_wrong_types_and_a_second_listener_are_refused_with_what_to_do() {
    let sandbox = sandbox().await;
    let control = sandbox.info().control_base.clone();
    let running = listen(&control, &["--events", "application.approved,event.published"]).await;
    let ended = |arguments: &[&str]| {
        let mut command: Command = revento(&[&["listen", "--sandbox", &control], arguments].concat());
        async {
            let output = tokio::task::spawn_blocking(move || command.output().unwrap())
                .await
                .unwrap();
            (output.status.code(), String::from_utf8(output.stderr).unwrap())
        }
    };
    for (arguments, code, says) in [
        (
            &["--events", "application.aproved"][..],
            1,
            "integration.suspended",
        ),
        (&["--client-id", "int_none"], 1, "int_none"),
        (&[], 1, "Stop it first"),
        (&["--forward-to", "me:pw@host"], 2, "3000/hooks"),
        (&["--fail-rate", "2"], 2, "0 to 1"),
        (&["--sandbox", "1"], 2, "--sandbox"),
    ] {
        let (got, stderr) = ended(arguments).await;
        assert_eq!(got, Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(says), "{arguments:?}: {stderr}");
    }
    assert_eq!(interrupt(running).await.0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_warns_if_nothing_is_connected() {
    let sandbox = Sandbox::start().await.unwrap();
    let running = listen(&sandbox.info().control_base, &[]).await;
    let (code, _, stderr) = interrupt(running).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("no event is connected"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_deliveries_reach_the_receiver_behind_a_listener() {
    let sandbox = sandbox().await;
    let control = &sandbox.info().control_base;
    let mut receiver = Receiver::start().await;
    let address = receiver.address.to_string();
    let running = listen(control, &["--forward-to", &address]).await;
    sandbox.arm(Fault::named("delivery_duplicated")).unwrap();
    let id = send(control).await;
    for _ in 0..2 {
        assert_eq!(
            receiver.next().await.headers["x-revento-delivery-id"],
            id.as_str()
        );
    }
    sandbox.arm(Fault::named("delivery_unsigned")).unwrap();
    send(control).await;
    assert!(!receiver.next().await.headers.contains_key("x-revento-signature"));
    assert_eq!(interrupt(running).await.0, Some(0));
}
