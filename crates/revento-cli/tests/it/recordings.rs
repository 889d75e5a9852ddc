//! `revento deliveries record` and `redrive`.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use revento::webhooks::Explainer;
use serde_json::Value;

use crate::{
    json::{json_lines, lines_of},
    platform::{connected, deliveries, run},
    support::{Ended, revento},
};

const SECRET: &str = "whsec_of_the_redriven_receiver_01";

type Got = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A receiver that remembers what it gets, and its URL.
async fn receiver(status: StatusCode) -> (String, Got) {
    let got = Got::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let take = move |State(got): State<Got>, headers: HeaderMap, body: Bytes| async move {
        got.lock().unwrap().push((headers, body));
        status
    };
    let app = Router::new()
        .route("/webhooks", post(take))
        .with_state(Arc::clone(&got));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address.to_string(), got)
}

async fn redrive(file: &Path, to: &str, more: &[&str]) -> Ended {
    let mut command = revento(
        &[
            &["deliveries", "redrive", file.to_str().unwrap(), "--to", to],
            more,
        ]
        .concat(),
    );
    command
        .env("REVENTO_WEBHOOK_SECRET", SECRET)
        .env_remove("REVENTO_SANDBOX");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let ended = Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(
        !ended.stdout.contains(SECRET) && !ended.stderr.contains(SECRET),
        "{ended:?}"
    );
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn l14_what_was_recorded_is_redriven_with_a_fresh_signature() {
    let sandbox = connected(StatusCode::OK).await;
    for name in ["application.approved", "event.unpublished"] {
        run(&sandbox, &["trigger", name]).await;
    }
    let sent = deliveries(&sandbox, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recorded.jsonl");
    let path = file.to_str().unwrap();
    let recorded = run(
        &sandbox,
        &["deliveries", "record", path, "--since", "10m", "--json"],
    )
    .await;
    assert_eq!(json_lines("deliveries-record", &recorded)[0]["recorded"], 2);
    sandbox.shutdown().await;

    let (to, got) = receiver(StatusCode::NO_CONTENT).await;
    let redriven = redrive(&file, &to, &["--json"]).await;
    let lines = json_lines("deliveries-redrive", &redriven);
    assert_eq!(lines.len(), 2);
    let got = got.lock().unwrap().clone();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let explainer = Explainer::new(SECRET).unwrap();
    for ((row, line), (headers, body)) in sent.iter().zip(&lines).zip(&got) {
        assert_eq!((&line["delivery_id"], &line["status"]), (&row["id"], &204.into()));
        assert_eq!(body, row["body"].as_str().unwrap(), "byte for byte");
        let pairs: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let explained = explainer.explain(&pairs, body, i64::try_from(now).unwrap());
        assert!(explained.outcome().is_ok(), "{headers:?}");
    }
    // A test in Rust replays the same file.
    let replayed = revento_sandbox::replay(&file)
        .to(format!("http://{to}/webhooks"))
        .secret(SECRET)
        .send()
        .await
        .unwrap();
    assert!(replayed.len() == 2 && replayed.iter().all(|delivery| delivery.is_success()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_selects_renames_and_tells_what_failed() {
    let sandbox = connected(StatusCode::OK).await;
    for name in ["application.approved", "event.unpublished"] {
        run(&sandbox, &["trigger", name]).await;
    }
    let id = deliveries(&sandbox, &["--type", "event.unpublished"]).await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recorded.jsonl");
    let path = file.to_str().unwrap();
    assert_eq!(run(&sandbox, &["deliveries", "record", path]).await.code, Some(0));
    let (to, got) = receiver(StatusCode::SERVICE_UNAVAILABLE).await;
    let refused = redrive(&file, &to, &["--type", "event.unpublished", "--new-ids"]).await;
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stdout.starts_with("503")
            && refused.stdout.contains("  event.unpublished                   ")
            && refused.stderr.contains("1 of 1 webhook"),
        "{refused:?}"
    );
    let headers = got.lock().unwrap()[0].0.clone();
    assert_ne!(headers["x-revento-delivery-id"], id.as_str());
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let failed = redrive(&file, &gone, &["--id", &id, "--json"]).await;
    let lines = lines_of("deliveries-redrive", &failed.stdout);
    assert_eq!(
        (failed.code, lines.len(), &lines[0]["status"]),
        (Some(1), 1, &Value::Null)
    );
    for (arguments, says) in [
        (&["--type", "event.none"][..], "matches"),
        (&["--rate", "fast"], "10/s"),
    ] {
        let ended = redrive(&file, &to, arguments).await;
        assert_ne!(ended.code, Some(0));
        assert!(ended.stderr.contains(says), "{}", ended.stderr);
    }
    fs::write(
        &file,
        "{\"format\":\"revento-recording\",\"version\":1}\nTOKEN=abc",
    )
    .unwrap();
    let damaged = redrive(&file, &to, &[]).await;
    assert_eq!(damaged.code, Some(1));
    assert!(
        damaged.stderr.contains("line 2") && !damaged.stderr.contains("abc"),
        "{}",
        damaged.stderr
    );
    assert_eq!(got.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn l9_a_recording_is_private_and_replaces_nothing_unasked() {
    let sandbox = connected(StatusCode::OK).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recorded.jsonl");
    let path = file.to_str().unwrap();
    let empty = run(&sandbox, &["deliveries", "record", path]).await;
    assert_eq!(empty.code, Some(1));
    assert!(
        empty.stderr.contains("nothing is written") && !file.exists(),
        "{}",
        empty.stderr
    );
    run(&sandbox, &["trigger", "application.approved"]).await;
    assert_eq!(run(&sandbox, &["deliveries", "record", path]).await.code, Some(0));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&file, "mine").unwrap();
    let refused = run(&sandbox, &["deliveries", "record", path]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(
        run(&sandbox, &["deliveries", "record", path, "--yes"]).await.code,
        Some(0)
    );
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .starts_with("{\"format\":\"revento-recording\",\"version\":1}\n")
    );
    let (victim, link) = (folder.path().join("victim"), folder.path().join("link.jsonl"));
    fs::write(&victim, "mine").unwrap();
    symlink(&victim, &link).unwrap();
    for more in [&[][..], &["--yes"]] {
        let ended = run(
            &sandbox,
            &[&["deliveries", "record", link.to_str().unwrap()], more].concat(),
        )
        .await;
        assert_eq!(ended.code, Some(1));
        assert!(ended.stderr.contains("symbolic link"), "{}", ended.stderr);
    }
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    let unknown = run(
        &sandbox,
        &[
            "deliveries",
            "record",
            folder.path().join("x").to_str().unwrap(),
            "no/such",
        ],
    )
    .await;
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.stderr.contains("no delivery 'no/such'"),
        "{}",
        unknown.stderr
    );
}
