//! Both functions as real processes that share a store, with the events of each gateway.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test or helper panics"
)]

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::SystemTime,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use revento::webhooks::Signer;
use serde_json::{Value, json};
use tempfile::TempDir;

const SECRET: &str = "whsec_lambda_example";
const GATEWAYS: [&str; 5] = [
    "rest-api",
    "http-api",
    "function-url",
    "load-balancer",
    "load-balancer-multi-value",
];

/// The store that the functions share.
struct World(TempDir);

/// What a process has written.
struct Output {
    succeeded: bool,
    answer: Value,
    log: String,
}

impl World {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn accept(&self, event: &Value) -> Output {
        self.run(env!("CARGO_BIN_EXE_accept"), &[], &event.to_string())
    }

    /// Drains until so many seconds have passed.
    fn drain(&self, seconds: i64) -> Output {
        let deadline = (now() + seconds) * 1000;
        self.run(
            env!("CARGO_BIN_EXE_drain"),
            &[("DEADLINE_MS", &deadline.to_string())],
            "",
        )
    }

    fn run(&self, program: &str, settings: &[(&str, &str)], input: &str) -> Output {
        let mut child = Command::new(program)
            .env("REVENTO_WEBHOOK_SECRET", SECRET)
            .env("REVENTO_SEALING_KEY", STANDARD.encode([7; 32]))
            .env("REVENTO_STORE", self.0.path().join("inbox.sqlite"))
            .envs(settings.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        Output {
            succeeded: output.status.success(),
            answer: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            log: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn now() -> i64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs().cast_signed()
}

fn body(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"application.approved","occurred_at":"2026-05-09T14:22:31Z","event_id":"evt_1","organization_id":"org_1","data":{{"id":"app_{id}","status":"approved","approved_at":"2026-05-09T14:22:30Z","approver_id":"usr_2","custom_form_fields":{{"name":"Zoë 東京"}}}}}}"#
    )
}

fn signed(body: &str) -> Vec<(&'static str, String)> {
    let signature = Signer::new(SECRET).unwrap().sign(now(), body.as_bytes());
    vec![
        ("X-Revento-Event", "application.approved".to_owned()),
        (
            "X-Revento-Delivery-Id",
            "5f0c9f0e-7a44-4a0e-9d0b-0f3a1c2b4d5e".to_owned(),
        ),
        ("X-Revento-Timestamp", now().to_string()),
        ("X-Revento-Signature", signature),
    ]
}

/// The recorded event of a gateway, with another body and more headers, each put where and as that gateway puts it.
fn event(gateway: &str, headers: &[(&str, String)], body: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/events/{gateway}.json"));
    let mut event: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    for (name, value) in headers {
        let name = match gateway {
            "rest-api" => (*name).to_owned(), // As it was sent.
            _ => name.to_lowercase(),
        };
        if let Some(all) = event.get_mut("multiValueHeaders") {
            let values = all.as_object_mut().unwrap().entry(&name).or_insert(json!([]));
            values.as_array_mut().unwrap().push(json!(value));
        }
        if let Some(single) = event.get_mut("headers") {
            let former = single.get(&name).and_then(Value::as_str).map(str::to_owned);
            single[&name] = match former {
                Some(former) if ["http-api", "function-url"].contains(&gateway) => {
                    json!(format!("{former},{value}"))
                }
                _ => json!(value), // The last one.
            };
        }
    }
    event["body"] = json!(body);
    event
}

fn in_base64(mut event: Value) -> Value {
    event["body"] = json!(STANDARD.encode(event["body"].as_str().unwrap()));
    event["isBase64Encoded"] = json!(true);
    event
}

/// What the gateway turns into an empty 200.
fn accepted(gateway: &str) -> Value {
    let mut answer = json!({ "statusCode": 200, "body": "", "isBase64Encoded": false });
    let field = match gateway {
        "rest-api" | "load-balancer-multi-value" => "multiValueHeaders",
        _ => "headers",
    };
    answer[field] = json!({});
    if gateway.starts_with("load-balancer") {
        answer["statusDescription"] = json!("200 OK");
    }
    answer
}

#[test]
fn d28_an_event_of_each_gateway_with_text_or_base64_is_accepted_by_one_function_and_handled_by_the_other() {
    let world = World::new();
    for gateway in GATEWAYS {
        let text = body(&format!("{gateway}_text"));
        let output = world.accept(&event(gateway, &signed(&text), &text));
        assert_eq!(output.answer, accepted(gateway), "{}", output.log);

        let text = body(&format!("{gateway}_base64"));
        let encoded = in_base64(event(gateway, &signed(&text), &text));
        let output = world.accept(&encoded);
        assert_eq!(output.answer, accepted(gateway), "{}", output.log);
        // The platform repeats it.
        assert_eq!(world.accept(&encoded).answer, accepted(gateway));
    }
    let output = world.drain(120);
    let expected = json!({ "handled": 10, "failed": 0, "unfinished": 0, "nextDue": null });
    assert_eq!(output.answer, expected, "{}", output.log);
    for gateway in GATEWAYS {
        assert!(
            output.log.contains(&format!("approved: app_{gateway}_base64\n")),
            "{}",
            output.log
        );
    }
    assert_eq!(world.drain(120).answer["handled"], 0, "each is handled once");
}

#[test]
fn d28_a_header_that_comes_twice_is_refused_where_the_gateway_shows_it() {
    let world = World::new();
    for gateway in GATEWAYS {
        for repeated in 0..4 {
            let text = body(gateway);
            let mut headers = signed(&text);
            // Another value first, so that the last one alone would pass.
            let (name, _) = headers[repeated];
            headers.insert(0, (name, "sha256=00".to_owned()));
            let output = world.accept(&event(gateway, &headers, &text));
            if gateway == "load-balancer" {
                assert_eq!(output.answer, accepted(gateway), "it passes the last value only");
                continue;
            }
            assert_eq!(
                output.answer["statusCode"], 401,
                "{gateway} {name} {}",
                output.log
            );
            let text = "the webhook is not verified; the log of the receiver has the reason\n";
            assert_eq!(output.answer["body"], text, "{gateway} {name}");
            assert!(
                output.log.contains("webhook rejected"),
                "{gateway} {name} {}",
                output.log
            );
        }
    }
}

#[test]
fn d28_what_no_gateway_should_send_is_answered_in_its_form() {
    let world = World::new();
    for gateway in GATEWAYS {
        let text = body(gateway);
        let signed = event(gateway, &signed(&text), &text);

        let mut not_base64 = signed.clone();
        not_base64["isBase64Encoded"] = json!(true);
        let answer = world.accept(&not_base64).answer;
        assert_eq!(answer["statusCode"], 400, "{gateway} {answer}");

        let mut undeclared_base64 = in_base64(signed.clone());
        undeclared_base64["isBase64Encoded"] = json!(false);
        let answer = world.accept(&undeclared_base64).answer;
        assert_eq!(answer["statusCode"], 401, "{gateway} {answer}");

        let answer = world.accept(&event(gateway, &[], "")).answer;
        assert_eq!(answer["statusCode"], 401, "{gateway} {answer}");

        let mut probe = signed.clone();
        match probe["requestContext"].get_mut("http") {
            Some(http) => http["method"] = json!("GET"),
            None => probe["httpMethod"] = json!("GET"),
        }
        let answer = world.accept(&probe).answer;
        assert_eq!(answer["statusCode"], 405, "{gateway} {answer}");
        let (single, multi) = (
            &answer["headers"]["allow"],
            &answer["multiValueHeaders"]["allow"][0],
        );
        assert!(
            single == "OPTIONS, POST" || multi == "OPTIONS, POST",
            "{gateway} {answer}"
        );
        if gateway.starts_with("load-balancer") {
            assert_eq!(answer["statusDescription"], "405 Method Not Allowed");
        }
    }
    assert_eq!(world.drain(120).answer["handled"], 0);
}

#[test]
fn q26_draining_functions_that_run_at_once_share_the_work() {
    let world = World::new();
    for number in 0..12 {
        let text = body(&number.to_string());
        world.accept(&event("http-api", &signed(&text), &text));
    }
    let (one, two) = std::thread::scope(|scope| {
        let other = scope.spawn(|| world.drain(120));
        (world.drain(120), other.join().unwrap())
    });
    let handled = |output: &Output| output.answer["handled"].as_u64().unwrap();
    assert_eq!(handled(&one) + handled(&two), 12, "{} {}", one.log, two.log);
}

#[test]
fn q26_a_draining_function_with_too_little_time_says_so() {
    let world = World::new();
    let output = world.drain(8);
    assert!(
        !output.succeeded && output.log.contains("10s") && output.log.contains("give the function more time"),
        "{}",
        output.log
    );
}
