//! `revento trigger`: actions, test deliveries and scenarios, against a sandbox with a receiver.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use revento_sandbox::{Action, Sandbox};
use serde_json::{Value, json};

use crate::{
    json::{json_lines, lines_of},
    platform::{EVENT, connect, connected, deliveries, run, unconnected},
    support::Running,
};

/// The bodies that a receiver got.
#[derive(Clone, Default)]
struct Bodies(Arc<Mutex<Vec<Value>>>);

impl Bodies {
    fn of(&self, event_type: &str) -> Vec<Value> {
        let all = self.0.lock().unwrap();
        all.iter()
            .filter(|body| body["type"] == event_type)
            .cloned()
            .collect()
    }
}

/// A sandbox with a connected event, and what its receiver gets.
async fn recorded() -> (Sandbox, Bodies) {
    let bodies = Bodies::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhooks", listener.local_addr().unwrap());
    let take = |State(bodies): State<Bodies>, body: Bytes| async move {
        bodies
            .0
            .lock()
            .unwrap()
            .push(serde_json::from_slice(&body).unwrap());
    };
    let app = Router::new()
        .route("/webhooks", post(take))
        .with_state(bodies.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let builder = Sandbox::builder().redirect_uri("http://localhost:3000/callback");
    let sandbox = builder.webhook_url(url).start().await.unwrap();
    connect(&sandbox).await;
    (sandbox, bodies)
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_every_trigger_sends_the_webhook_of_its_name() {
    let sandbox = connected(StatusCode::OK).await;
    let list = json_lines(
        "trigger-list",
        &run(&sandbox, &["trigger", "--list", "--json"]).await,
    );
    let names: Vec<&str> = list
        .iter()
        .filter(|row| row["kind"] == "trigger")
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 13);
    for name in names {
        let before = deliveries(&sandbox, &["--type", name]).await.len();
        let ended = run(&sandbox, &["trigger", name, "--json"]).await;
        let happened = json_lines("trigger", &ended);
        assert_eq!((happened.len(), ended.stderr.as_str()), (1, ""), "{name}");
        let webhook = happened[0]["webhooks"].as_array().unwrap().last().unwrap();
        assert_eq!(webhook["type"], name, "{webhook}");
        if webhook["delayed_s"].is_i64() {
            sandbox.advance(std::time::Duration::from_secs(11)).await.unwrap();
            // The dispatcher announces it, and the delivery follows.
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        let sent = deliveries(&sandbox, &["--type", name]).await;
        assert_eq!(sent.len(), before + 1, "{name}");
        assert_eq!(sent[before]["status"], "delivered");
        if name.starts_with("data.") {
            connect(&sandbox).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_a_count_triggers_as_often_at_a_rate() {
    let sandbox = connected(StatusCode::OK).await;
    let many = [
        "trigger",
        "application.submitted",
        "--count",
        "3",
        "--rate",
        "1000/s",
    ];
    let ended = run(&sandbox, &many).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 3);
    let sent = deliveries(&sandbox, &["--type", "application.submitted"]).await;
    for (line, row) in lines.iter().zip(&sent) {
        let id = row["id"].as_str().unwrap();
        assert!(line.starts_with("submitted app_") && line.ends_with(id), "{line}");
    }
    assert_eq!(deliveries(&sandbox, &["--limit", "2"]).await.len(), 2);
    for (arguments, says) in [(["--rate", "10"], "10/s"), (["--count", "0"], "0")] {
        let wrong = run(
            &sandbox,
            &[&["trigger", "event.published"][..], &arguments].concat(),
        )
        .await;
        assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
        assert!(wrong.stderr.contains(says), "{}", wrong.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_an_unknown_name_is_answered_with_the_valid_names() {
    let sandbox = connected(StatusCode::OK).await;
    for (arguments, code, says) in [
        (
            &["application.aproved"][..],
            2,
            "integration.suspended, approve-then-revoke",
        ),
        (&["--show", "night"], 2, "night-of-retries"),
        (&["application.submitted", "--event", "evt_none"], 1, "evt_none"),
        (
            &["application.approved", "--set", "data.status=x"],
            1,
            "data.custom_form_fields.…",
        ),
        (
            &["application.approved", "--set", "data.status"],
            2,
            "data.custom_form_fields.size=XL",
        ),
        (
            &["application.approved", "--test", "--set", "data.size=x"],
            1,
            "data.approver_id",
        ),
        (&["application.approved", "--out-of-order"], 1, "--count 2"),
        (
            &["night-of-retries", "--count", "2"],
            1,
            "--count does not fit a scenario",
        ),
        (&["--file", "no-such-file.toml"], 1, "no-such-file.toml"),
        (&["event.published", "--event", "../../reset"], 1, "../../reset"),
        (
            &["data.deletion_required", "--event", "../../reset"],
            1,
            "not connected",
        ),
    ] {
        let ended = run(&sandbox, &[&["trigger"], arguments].concat()).await;
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(says), "{arguments:?}: {}", ended.stderr);
    }
    assert!(deliveries(&sandbox, &[]).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_changes_the_object_and_the_webhook() {
    let (sandbox, bodies) = recorded().await;
    for (name, setting) in [
        ("application.approved", "data.custom_form_fields.sizes=[\"XL\",2]"),
        ("participant.registered", "data.custom_form_fields.note=a=b"),
        ("participant.profile_updated", "data.given_name=Zoë"),
        ("activity.updated", "data.capacity=77"),
    ] {
        let ended = run(&sandbox, &["trigger", name, "--set", setting]).await;
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
    }
    sandbox.deliveries_settled().await.unwrap();
    let data = |name: &str| bodies.of(name)[0]["data"].clone();
    assert_eq!(
        data("application.approved")["custom_form_fields"],
        json!({ "sizes": ["XL", 2] })
    );
    assert_eq!(
        data("participant.registered")["custom_form_fields"]["note"],
        "a=b"
    );
    assert_eq!(data("participant.profile_updated")["given_name"], "Zoë");
    assert_eq!(data("activity.updated")["capacity"], 77);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_delivery_needs_no_connection_and_may_come_from_a_file() {
    let sandbox = unconnected(StatusCode::OK).await;
    let ended = run(
        &sandbox,
        &[
            "trigger",
            "application.approved",
            "--test",
            "--set",
            "data.approver_id=usr_me",
            "--event",
            EVENT,
        ],
    )
    .await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("envelope.json");
    let envelope = json!({ "id": "old", "type": "event.published", "event_id": null, "organization_id": null, "data": { "mine": 1 } });
    fs::write(&file, envelope.to_string()).unwrap();
    let ended = run(
        &sandbox,
        &["trigger", "--file", file.to_str().unwrap(), "--count", "2"],
    )
    .await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let sent = deliveries(&sandbox, &[]).await;
    let bodies: Vec<Value> = sent
        .iter()
        .map(|row| serde_json::from_str(row["body"].as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(bodies.len(), 3);
    assert_eq!(bodies[0]["data"]["approver_id"], "usr_me");
    assert_eq!(bodies[2]["data"], json!({ "mine": 1 }));
    assert_ne!(bodies[1]["id"], bodies[2]["id"]);
    fs::write(&file, "TOKEN=abc").unwrap();
    let wrong = run(&sandbox, &["trigger", "--file", file.to_str().unwrap()]).await;
    assert_eq!(wrong.code, Some(1));
    assert!(
        wrong.stderr.contains("envelope.json") && !wrong.stderr.contains("abc"),
        "{}",
        wrong.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_arrive_twice_or_out_of_order_if_asked() {
    let (sandbox, bodies) = recorded().await;
    let twice = ["trigger", "application.submitted", "--count", "2", "--duplicate"];
    assert_eq!(run(&sandbox, &twice).await.code, Some(0));
    sandbox.deliveries_settled().await.unwrap();
    let ids: Vec<Value> = bodies
        .of("application.submitted")
        .iter()
        .map(|body| body["id"].clone())
        .collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    for id in &ids {
        assert_eq!(ids.iter().filter(|known| *known == id).count(), 2, "{ids:?}");
    }

    let ended = run(
        &sandbox,
        &[
            "trigger",
            "application.approved",
            "--count",
            "4",
            "--out-of-order",
            "--json",
        ],
    )
    .await;
    let triggered: Vec<Value> = json_lines("trigger", &ended)
        .iter()
        .map(|line| line["webhooks"][0]["delivery_id"].clone())
        .collect();
    // The last one that is held back arrives seconds later.
    for _ in 0..500 {
        if bodies.of("application.approved").len() == 4 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let sent = deliveries(&sandbox, &["--type", "application.approved"]).await;
    let envelope = |id: &Value| {
        let row = sent.iter().find(|row| row["id"] == *id).unwrap();
        row["envelope_id"].clone()
    };
    let arrived: Vec<Value> = bodies
        .of("application.approved")
        .iter()
        .map(|body| body["id"].clone())
        .collect();
    let position = |id: &Value| arrived.iter().position(|known| *known == envelope(id)).unwrap();
    assert!(position(&triggered[1]) < position(&triggered[0]), "{arrived:?}");
    assert!(position(&triggered[3]) < position(&triggered[2]), "{arrived:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_says_why_no_webhook_follows_or_connects() {
    let sandbox = unconnected(StatusCode::OK).await;
    let warned = run(&sandbox, &["trigger", "application.submitted", "--count", "2"]).await;
    assert_eq!(warned.code, Some(0));
    assert_eq!(
        warned.stderr.matches("is not connected").count(),
        1,
        "{}",
        warned.stderr
    );
    assert!(warned.stderr.contains("--connect"), "{}", warned.stderr);
    assert!(deliveries(&sandbox, &[]).await.is_empty());
    let connected = run(&sandbox, &["trigger", "application.submitted", "--connect"]).await;
    assert_eq!((connected.code, connected.stderr.as_str()), (Some(0), ""));
    assert_eq!(deliveries(&sandbox, &[]).await.len(), 1);

    let silent = Sandbox::start().await.unwrap();
    let warned = run(&silent, &["trigger", "application.submitted", "--connect"]).await;
    assert!(warned.stderr.contains("revento listen"), "{}", warned.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_built_in_scenario_plays_to_its_end() {
    for (name, deliveries, says) in [
        ("approve-then-revoke", 3, "3 delivered, 0 pending, 0 dead"),
        ("flaky-receiver", 10, "10 delivered, 0 pending, 0 dead"),
        ("night-of-retries", 3, "3 delivered, 0 pending, 0 dead"),
    ] {
        let (sandbox, _) = recorded().await;
        let ended = run(&sandbox, &["trigger", name]).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{name}");
        let last = ended.stdout.lines().last().unwrap();
        assert!(
            last.starts_with(&format!("{deliveries} deliveries in ")) && last.ends_with(says),
            "{last}"
        );
        let attempts: usize = last.split(' ').nth(3).unwrap().parse().unwrap();
        match name {
            "night-of-retries" => assert_eq!(attempts, 3 * 8, "the schedule of seven attempts, and a replay"),
            "flaky-receiver" => assert!(attempts > 10, "{last}"),
            _ => assert_eq!(attempts, 3),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_of_ones_own_is_played_and_cleans_up() {
    let (sandbox, bodies) = recorded().await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("data.json"),
        json!({ "home": "${HOME}" }).to_string(),
    )
    .unwrap();
    let file = folder.path().join("mine.toml");
    let scenario = r#"
description = "mine"
event = "evt_test_published"

[[step]]
fault = "delivery_wrong_secret"
event_type = "event.unpublished"
unlimited = true

[[step]]
trigger = "application.approved"
set = { "data.custom_form_fields.home" = "$HOME ${HOME} %HOME%" }
count = 2
rate = "100/s"

[[step]]
test = "event.published"
data_file = "data.json"

[[step]]
advance = "1h"

[[step]]
wait = "1ms"
"#;
    fs::write(&file, scenario).unwrap();
    fs::write(
        folder.path().join(".env"),
        "REVENTO_SANDBOX=http://127.0.0.1:1\nTOKEN=abc\n",
    )
    .unwrap();
    let path = file.to_str().unwrap();
    let ended = run(&sandbox, &["trigger", "--file", path, "--json"]).await;
    let lines = lines_of("trigger", &ended.stdout);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        lines.last().unwrap()["what"]
            .as_str()
            .unwrap()
            .starts_with("5 deliveries"),
        "{lines:?}"
    );
    let home = "$HOME ${HOME} %HOME%";
    assert_eq!(
        bodies.of("application.approved")[0]["data"]["custom_form_fields"]["home"],
        home
    );
    assert_eq!(bodies.of("event.published")[0]["data"]["home"], "${HOME}");
    let faults = reqwest::get(format!("{}/faults", sandbox.info().control_base))
        .await
        .unwrap();
    assert_eq!(
        faults.json::<Value>().await.unwrap()["armed"],
        json!([]),
        "it disarms its faults"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scenario_of_the_documentation_is_played() {
    let page = include_str!("../pages/cli.md");
    let scenario = page
        .split("```toml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let (sandbox, _) = recorded().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("docs.toml");
    fs::write(&file, scenario).unwrap();
    let ended = run(&sandbox, &["trigger", "--file", file.to_str().unwrap()]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout.contains("0 pending, 0 dead"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn l11_a_scenario_reads_nothing_outside_its_folder() {
    let (sandbox, _) = recorded().await;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("scenarios");
    fs::create_dir(&folder).unwrap();
    fs::write(home.path().join("secret.json"), "{\"token\":\"abc\"}").unwrap();
    let file = folder.join("evil.toml");
    let absolute = home.path().join("secret.json");
    for leaving in ["../secret.json", absolute.to_str().unwrap()] {
        let steps = format!(
            "[[step]]\ntrigger = \"event.published\"\n[[step]]\ntest = \"event.published\"\ndata_file = \"{leaving}\"\n"
        );
        fs::write(&file, steps).unwrap();
        let ended = run(&sandbox, &["trigger", "--file", file.to_str().unwrap()]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{leaving}");
        assert!(
            ended.stderr.contains("evil.toml, line 3") && ended.stderr.contains("inside"),
            "{}",
            ended.stderr
        );
        assert!(!ended.stderr.contains("abc"));
    }
    let hostile = "[[step]]\nfault = \"\\u001b]0;x\\u0007\"\n";
    fs::write(&file, hostile).unwrap();
    let ended = run(&sandbox, &["trigger", "--file", file.to_str().unwrap()]).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("delivery_dropped") && !ended.stderr.contains('\u{1b}'),
        "{:?}",
        ended.stderr
    );
    assert!(
        deliveries(&sandbox, &[]).await.is_empty(),
        "nothing happens before all of a scenario is checked"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_scenario_disarms_its_faults() {
    let (sandbox, _) = recorded().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("long.toml");
    fs::write(
        &file,
        "[[step]]\nfault = \"delivery_dropped\"\nunlimited = true\n[[step]]\nwait = \"1h\"\n",
    )
    .unwrap();
    let url = sandbox.info().console_url.clone();
    let ended = tokio::task::spawn_blocking(move || {
        let mut running = Running::start(&["trigger", "--file", file.to_str().unwrap(), "--sandbox", &url]);
        running.value_of("armed");
        running.value_of("wait");
        running.interrupt()
    })
    .await
    .unwrap();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("interrupted"), "{}", ended.stderr);
    let faults = reqwest::get(format!("{}/faults", sandbox.info().control_base))
        .await
        .unwrap();
    assert_eq!(faults.json::<Value>().await.unwrap()["armed"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_usual_event_another_one_that_can_be_connected_is_taken() {
    let sandbox = unconnected(StatusCode::OK).await;
    sandbox.perform(Action::ArchiveEvent(EVENT.into())).await.unwrap();
    let ended = run(&sandbox, &["trigger", "application.approved", "--connect"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("summit"), "{}", ended.stdout);
}
