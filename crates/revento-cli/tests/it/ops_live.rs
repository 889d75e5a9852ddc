//! `revento ops` beside a running service: the quickstart's.

use std::{path::Path, time::Duration};

use serde_json::json;

use crate::{
    json::json_lines,
    support::{Ended, Running, browser::Browser, revento},
};

fn ops(data: &Path, arguments: &[&str]) -> Ended {
    let store = format!("sqlite:{}", data.join("integration.db").display());
    let output = revento(&[&["ops"], arguments].concat())
        .env("REVENTO_STORE", store)
        .output()
        .unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_ended_while_its_service_runs() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut service = Running::quickstart(&data, &[]);
    let page = service.value_of("Example integration");
    let browser = Browser::new().unwrap();
    // The integration is connected through its pages, as a user does it.
    crate::quickstart::connect(&browser, &page).await;

    let listed = json_lines(
        "ops-connections-list",
        &ops(&data, &["connections", "list", "--json"]),
    );
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(
        (&listed[0]["status"], &listed[0]["has_tokens"]),
        (&"connected".into(), &true.into())
    );
    let event = listed[0]["event_id"].as_str().unwrap();

    let key = data.join("sealing.key");
    let key = key.to_str().unwrap();
    let healthy = ops(&data, &["check", "--key-file", key]);
    assert_eq!(healthy.code, Some(0), "{}{}", healthy.stdout, healthy.stderr);
    let keys = json_lines(
        "ops-keys-status",
        &ops(&data, &["keys", "status", "--json", "--key-file", key]),
    );
    assert_eq!(
        (keys.len(), &keys[0]["role"], &keys[0]["tokens"]),
        (1, &"current".into(), &1.into())
    );

    let asked = ops(&data, &["connections", "end", event]);
    assert!(
        asked.code == Some(1) && asked.stderr.contains("--yes"),
        "{}",
        asked.stderr
    );
    let ended = ops(&data, &["connections", "end", event, "--yes"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended
            .stdout
            .contains("The platform still has the organizer's consent"),
        "{}",
        ended.stdout
    );
    let shown = json_lines(
        "ops-connections-show",
        &ops(&data, &["connections", "show", event, "--json"]),
    )
    .remove(0);
    assert_eq!(
        (
            &shown["status"],
            &shown["reason"],
            &shown["has_tokens"],
            &shown["next_refresh_at"]
        ),
        (
            &"needs_consent".into(),
            &"ended_by_operator".into(),
            &false.into(),
            &serde_json::Value::Null
        )
    );
    let listed = ops(&data, &["connections", "list"]);
    assert!(
        listed.stdout.contains("ended_by_operator since") && !listed.stdout.contains("token ends"),
        "{}",
        listed.stdout
    );
    let again = ops(&data, &["connections", "end", event, "--yes"]);
    assert!(
        again.code == Some(1) && again.stderr.contains("ended already"),
        "{}",
        again.stderr
    );

    // A new consent makes it whole.
    crate::quickstart::connect(&browser, &page).await;
    let shown = json_lines(
        "ops-connections-show",
        &ops(&data, &["connections", "show", event, "--json"]),
    )
    .remove(0);
    assert_eq!(shown["status"], "connected");
    assert_eq!(service.interrupt().code, Some(0));
}

/// The platform has spent the refresh token, and its answer is on the way, when the operator ends the connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_under_way_does_not_bring_an_ended_connection_back() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut service = Running::quickstart(&data, &[]);
    let page = service.value_of("Example integration");
    let control = service
        .value_of("Sandbox console")
        .replace("/console", "/_sandbox");
    let browser = Browser::new().unwrap();
    crate::quickstart::connect(&browser, &page).await;
    let before = json_lines(
        "ops-connections-list",
        &ops(&data, &["connections", "list", "--json"]),
    )
    .remove(0);
    let event = before["event_id"].as_str().unwrap();

    let slow = json!({ "fault": "slow_answer", "endpoint": "token", "delay_ms": 8000 });
    browser
        .post_json(&format!("{control}/faults"), &slow)
        .await
        .unwrap();
    let an_hour = json!({ "advance_s": 3660 });
    browser
        .post_json(&format!("{control}/clock"), &an_hour)
        .await
        .unwrap();
    let reader = Browser::new().unwrap();
    let reading = tokio::spawn(async move { reader.get(&format!("{page}/api/participants")).await.unwrap() });
    loop {
        let faults = browser.get_json(&format!("{control}/faults")).await.unwrap();
        if faults["armed"][0]["triggered"] == 1 {
            break;
        }
        assert!(
            !reading.is_finished(),
            "the service reads without a refresh: {faults}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let ended = ops(&data, &["connections", "end", event, "--yes"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    reading.await.unwrap();

    let after = json_lines(
        "ops-connections-show",
        &ops(&data, &["connections", "show", event, "--json"]),
    )
    .remove(0);
    assert_eq!(
        (&after["status"], &after["reason"], &after["has_tokens"]),
        (
            &"needs_consent".into(),
            &"ended_by_operator".into(),
            &false.into()
        ),
        "{after}"
    );
    let stats = browser.get_json(&format!("{control}/stats")).await.unwrap();
    assert_eq!(stats["reuses"], 0, "{stats}");
    assert_eq!(service.interrupt().code, Some(0));
}
