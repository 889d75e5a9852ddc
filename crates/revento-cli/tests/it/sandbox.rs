//! `revento sandbox`: the JSON line, options, ports and the end.

use std::{collections::BTreeSet, net::TcpListener};

use serde_json::Value;

use crate::{
    json::fits,
    support::{Running, browser::Browser, run},
};

fn started(more: &[&str]) -> (Running, Value) {
    let mut arguments = vec!["sandbox", "--json"];
    arguments.extend(more);
    let mut running = Running::start(&arguments);
    let info = serde_json::from_str(&running.line()).unwrap();
    (running, info)
}

#[tokio::test]
async fn l7_the_first_line_has_the_values_that_a_script_needs() {
    let (running, info) = started(&["--listen", "127.0.0.1:0"]);
    fits("sandbox", &info);
    let names: BTreeSet<&str> = info.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "api_base",
        "auth_base",
        "client_id",
        "client_secret",
        "console_url",
        "control_base",
        "events",
        "webhook_secret",
        "webhook_url",
    ];
    assert_eq!(names, BTreeSet::from(expected));
    assert_eq!(info["events"][0], "evt_test_published");
    assert!(info["webhook_url"].is_null(), "{info}");
    assert!(
        info["client_secret"]
            .as_str()
            .is_some_and(|secret| secret.len() > 10)
    );

    let browser = Browser::new().unwrap();
    let control = info["control_base"].as_str().unwrap();
    let stats = browser.get_json(&format!("{control}/stats")).await.unwrap();
    assert_eq!(stats["reuses"], 0);
    let ended = running.interrupt();
    assert_eq!(
        (ended.code, ended.stdout.as_str(), ended.stderr.as_str()),
        (Some(0), "", "")
    );
    assert!(browser.get(control).await.is_err(), "the sandbox still listens");
}

/// The arguments of a printed curl command after the program, as a shell would split it.
fn curl(line: &str) -> Vec<String> {
    line.split('\'')
        .enumerate()
        .flat_map(|(number, part)| match number % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .skip(1)
        .collect()
}

#[tokio::test]
async fn the_printed_commands_send_the_first_webhook() {
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/webhooks", receiver.local_addr().unwrap());
    let mut running = Running::start(&["sandbox", "--listen", "127.0.0.1:0", "--webhook-url", &url]);
    let told = running.value_of("Webhooks");
    assert!(told.contains(&url) && told.contains("connected"), "{told}");
    for (name, says) in [("Connect", "access_token"), ("Test webhook", "delivery_id")] {
        let arguments = curl(&running.value_of(name));
        let [_, method, address, _, header, _, body] = arguments.as_slice() else {
            panic!("{name}: {arguments:?}");
        };
        assert_eq!(
            (method.as_str(), header.as_str()),
            ("POST", "content-type: application/json")
        );
        let sent = reqwest::Client::new()
            .post(address)
            .header("content-type", "application/json");
        let answer = sent.body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{name}");
        assert!(answer.text().await.unwrap().contains(says), "{name}");
    }
    let (mut stream, _) = receiver.accept().unwrap();
    let mut start = [0; 14];
    std::io::Read::read_exact(&mut stream, &mut start).unwrap();
    assert_eq!(&start, b"POST /webhooks");
    drop(running.interrupt());

    let mut silent = Running::start(&["sandbox", "--listen", "127.0.0.1:0"]);
    let told = silent.value_of("Webhooks");
    assert!(told.contains("none") && told.contains("--webhook-url"), "{told}");
    drop(silent.interrupt());
}

#[test]
fn with_env_the_settings_are_lines_for_a_shell() {
    let mut running = Running::start(&["sandbox", "--env", "--listen", "127.0.0.1:0"]);
    let base = running.value_of("Authorization");
    let said = running.interrupt();
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let exports = said
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("export "));
    let names: Vec<&str> = exports.filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let expected = [
        "AUTH_BASE",
        "API_BASE",
        "CLIENT_ID",
        "CLIENT_SECRET",
        "WEBHOOK_SECRET",
        "EVENT_ID",
    ];
    assert_eq!(names, expected.map(|name| format!("REVENTO_{name}")));
    for line in [
        format!("REVENTO_API_BASE={base}/api/v1\n"),
        "REVENTO_CLIENT_ID=int_sandbox_example\n".to_owned(),
        "REVENTO_WEBHOOK_SECRET=whsec_sandbox_".to_owned(),
    ] {
        assert!(said.stdout.contains(&line), "{}", said.stdout);
    }
}

#[test]
fn without_json_no_secret_is_printed() {
    let mut running = Running::start(&["sandbox", "--listen", "127.0.0.1:0"]);
    let base = running.value_of("Authorization");
    assert!(base.starts_with("http://127.0.0.1:"), "{base}");
    let rest = running.interrupt();
    assert_eq!(rest.code, Some(0));
    assert!(rest.stdout.contains("Ctrl-C"), "{}", rest.stdout);
    assert!(
        !rest.stdout.contains("sec_") && !rest.stdout.contains("whsec"),
        "{}",
        rest.stdout
    );
}

#[test]
fn a_manifest_a_seed_and_an_address_for_the_network_come_from_the_command_line() {
    let home = tempfile::tempdir().unwrap();
    let (manifest, seed) = (
        home.path().join("integrations.toml"),
        home.path().join("seed.json"),
    );
    let integration =
        "[[integration]]\nclient_id = \"int_ours\"\nname = \"Ours\"\nscopes.required = [\"event.read\"]\n";
    std::fs::write(&manifest, integration).unwrap();
    std::fs::write(&seed, "{\"events\": 3}").unwrap();
    let manifest = manifest.to_str().unwrap();
    let (running, info) = started(&[
        "--listen",
        "0.0.0.0:0",
        "--manifest",
        manifest,
        "--public-url",
        "http://sandbox.internal:4010",
        "--webhook-url",
        "http://hooks.example/",
        "--allow-remote-webhooks",
        "--suspend-repeat-offenders",
    ]);
    assert_eq!(info["client_id"], "int_ours");
    assert_eq!(info["auth_base"], "http://sandbox.internal:4010");
    let ended = running.interrupt();
    assert!(
        ended.stderr.contains("reachable from the network"),
        "{}",
        ended.stderr
    );

    let ended = run(&[
        "sandbox",
        "--listen",
        "127.0.0.1:0",
        "--seed",
        seed.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("seed.json"), "{}", ended.stderr);
    let ended = run(&[
        "sandbox",
        "--listen",
        "127.0.0.1:0",
        "--webhook-url",
        "http://hooks.example/",
    ]);
    assert!(ended.stderr.contains("allow remote webhooks"), "{}", ended.stderr);
}

#[tokio::test]
async fn h22_a_port_or_localhost_listens_on_both_loopback_addresses() {
    let browser = Browser::new().unwrap();
    for address in ["0", "localhost:0"] {
        let (running, info) = started(&["--listen", address]);
        let base = info["auth_base"].as_str().unwrap();
        let port = base.rsplit(':').next().unwrap();
        let has_ipv6 = TcpListener::bind("[::1]:0").is_ok();
        let hosts = ["127.0.0.1", "localhost", "[::1]"];
        for host in &hosts[..if has_ipv6 { 3 } else { 2 }] {
            let url = format!("http://{host}:{port}/_sandbox/stats");
            let stats = browser.get_json(&url).await.unwrap();
            assert_eq!(stats["reuses"], 0, "{url}");
        }
        assert_eq!(running.interrupt().code, Some(0));
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("localhost:{}", taken.local_addr().unwrap().port());
    let ended = run(&["sandbox", "--listen", &address]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("is taken by another program"),
        "{}",
        ended.stderr
    );
    let ended = run(&["sandbox", "--listen", "sandbox.internal:4010"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("localhost:4010 or 0.0.0.0:4010"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn h31_the_panel_the_environment_and_the_reset_come_from_the_command_line() {
    let (running, info) = started(&[
        "--listen",
        "0",
        "--connect-url",
        "http://localhost:3000/connect",
        "--allow-host",
        "sandbox.internal",
        "--insecure-receiver",
        "--production-credentials",
        "--reset-weekly",
    ]);
    assert_eq!(info["client_id"], "int_production_example");
    let browser = Browser::new().unwrap();
    let clock = format!("{}/clock", info["control_base"].as_str().unwrap());
    let ahead = browser.get_json(&clock).await.unwrap()["ahead"].to_string();
    assert!(ahead.contains("weekly_reset"), "{ahead}");
    let panel = format!("{}/integrations", info["console_url"].as_str().unwrap());
    let page = browser.get(&panel).await.unwrap().body;
    let link = "http://localhost:3000/connect?event_id=evt_test_published";
    assert!(page.contains(link), "{page}");
    assert_eq!(running.interrupt().code, Some(0));
}

/// Both want port 4010.
#[test]
fn another_port_is_chosen_if_the_default_is_taken() {
    let (one, first) = started(&[]);
    let (two, second) = started(&[]);
    assert_ne!(first["auth_base"], second["auth_base"]);
    assert_eq!((one.interrupt().code, two.interrupt().code), (Some(0), Some(0)));
}

#[test]
fn l13_a_taken_port_from_the_command_line_is_exit_code_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = run(&["sandbox", "--listen", &address]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert_eq!(
        ended.stderr,
        format!(
            "error: {address} is taken by another program; stop it, or choose another address (port 0 finds a free one)\n"
        )
    );
}

#[tokio::test]
async fn with_a_file_a_restart_keeps_the_state() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("platform.db");
    let options = ["--listen", "127.0.0.1:0", "--data", file.to_str().unwrap()];
    let (running, info) = started(&options);
    let browser = Browser::new().unwrap();
    let control = info["control_base"].as_str().unwrap();
    let body = serde_json::json!({ "advance_s": 86_400 });
    let before = browser
        .post_json(&format!("{control}/clock"), &body)
        .await
        .unwrap();
    assert_eq!(running.interrupt().code, Some(0));

    let (running, info) = started(&options);
    let control = info["control_base"].as_str().unwrap();
    let after = browser.get_json(&format!("{control}/clock")).await.unwrap();
    assert_eq!(after["offset_s"], before["offset_s"], "{before} {after}");
    assert!(after["offset_s"].is_number(), "{after}");
    assert_eq!(running.interrupt().code, Some(0));
}
