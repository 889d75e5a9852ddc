//! `revento sign` and `revento verify`.

use std::{fs, io::Write, path::PathBuf, process::Stdio};

use tempfile::TempDir;

use crate::{
    json::{json_lines, lines_of},
    support::{Ended, revento},
};

const SECRET: &str = "whsec_of_the_test_0123456789";
const OTHER: &str = "whsec_another_secret_9876543210";
const BODY: &str = r#"{"id":"evt_delivery_1","type":"application.approved","occurred_at":"2026-05-09T14:22:31Z","event_id":"evt_1","organization_id":"org_1","data":{"note":"it's Zoë"}}"#;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn body(&self) -> PathBuf {
        self.write("body.json", BODY)
    }
}

/// Runs the program with a secret in its environment and this standard input.
fn run(secret: &str, arguments: &[&str], input: &[u8]) -> Ended {
    let mut child = revento(arguments)
        .env("REVENTO_WEBHOOK_SECRET", secret)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let ended = Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    for text in [&ended.stdout, &ended.stderr] {
        assert!(
            !text.contains(SECRET) && !text.contains(OTHER),
            "a secret in {text}"
        );
    }
    ended
}

/// The headers that `sign` prints for the body.
fn signed(more: &[&str]) -> String {
    let ended = run(SECRET, &[&["sign"], more].concat(), BODY.as_bytes());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout
}

fn raw(head: &str) -> String {
    format!("POST /webhooks HTTP/1.1\n{head}\n{BODY}")
}

#[test]
fn l14_what_sign_prints_verifies_as_raw_http_with_and_without_a_request_line() {
    let head = signed(&[]);
    for capture in [
        raw(&head),
        format!("{head}\n{BODY}"),
        raw(&head).replacen('\n', "\r\n", 6),
        raw(&format!("{head}Content-Length: {}\n", BODY.len())) + "\n",
    ] {
        let ended = run(SECRET, &["verify"], capture.as_bytes());
        assert_eq!(ended.code, Some(0), "{capture}\n{}", ended.stderr);
        assert!(
            ended
                .stdout
                .starts_with("verified: application.approved, delivery "),
            "{}",
            ended.stdout
        );
    }
}

#[test]
fn l14_a_curl_command_of_sign_verifies() {
    let folder = Folder::new();
    let body = folder.body();
    let from_file = [
        "sign",
        body.to_str().unwrap(),
        "--curl",
        "http://localhost:3000/webhooks",
    ];
    for command in [
        run(SECRET, &from_file, b"").stdout,
        run(
            SECRET,
            &["sign", "--curl", "http://localhost:3000/webhooks"],
            BODY.as_bytes(),
        )
        .stdout,
    ] {
        assert!(command.starts_with("curl "), "{command}");
        let ended = run(SECRET, &["verify"], command.as_bytes());
        assert_eq!(ended.code, Some(0), "{command}\n{}{}", ended.stdout, ended.stderr);
    }
}

#[test]
fn l14_each_webhook_of_a_har_file_is_verified() {
    let headers = |secret: &str| {
        let ended = run(secret, &["sign", "--json"], BODY.as_bytes());
        let headers = json_lines("sign", &ended).remove(0);
        let headers = headers.as_object().unwrap().iter();
        headers
            .map(|(name, value)| serde_json::json!({ "name": name, "value": value }))
            .collect::<Vec<_>>()
    };
    let entry = |secret: &str| serde_json::json!({ "request": { "headers": headers(secret), "postData": { "text": BODY } } });
    let page = serde_json::json!({ "request": { "headers": [] } });
    let archive =
        serde_json::json!({ "log": { "entries": [page, entry(SECRET), entry(OTHER)] } }).to_string();
    let ended = run(SECRET, &["verify", "--json"], archive.as_bytes());
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let lines = lines_of("verify", &ended.stdout);
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["verified"], &lines[0]["secret"]),
        (&true.into(), &1.into())
    );
    assert_eq!(
        (&lines[1]["verified"], &lines[1]["event"]),
        (&false.into(), &"application.approved".into())
    );
    assert!(ended.stderr.contains("1 of 2"), "{}", ended.stderr);
}

#[test]
fn l14_a_mismatched_secret_is_explained() {
    let capture = raw(&signed(&[]));
    let wrong = run(OTHER, &["verify"], capture.as_bytes());
    assert_eq!(wrong.code, Some(1));
    assert!(
        wrong.stdout.contains("not verified") && wrong.stdout.contains("the signature does not match"),
        "{}",
        wrong.stdout
    );

    let mut as_client_secret = revento(&["verify"]);
    let folder = Folder::new();
    let output = as_client_secret
        .env("REVENTO_WEBHOOK_SECRET", OTHER)
        .env("REVENTO_CLIENT_SECRET", SECRET)
        .arg(folder.write("request.http", &capture))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("client secret") && text.contains("certain cause"),
        "{text}"
    );
    assert!(!text.contains(SECRET), "{text}");
}

#[test]
fn l14_any_of_several_secrets_verifies() {
    let folder = Folder::new();
    let (new, old) = (
        folder.write("new", OTHER),
        folder.write("old", format!("{SECRET}\n")),
    );
    let arguments = [
        "verify",
        "--secret-file",
        new.to_str().unwrap(),
        "--secret-file",
        old.to_str().unwrap(),
    ];
    let ended = run("", &arguments, raw(&signed(&[])).as_bytes());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stdout.starts_with("verified with secret 2: "),
        "{}",
        ended.stdout
    );
}

#[test]
fn l14_a_changed_body_is_explained() {
    let capture = raw(&signed(&[])) + "\n";
    let ended = run(SECRET, &["verify"], capture.as_bytes());
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("certain cause"), "{}", ended.stdout);
}

#[test]
fn l14_an_old_capture_is_verified_as_of_its_time() {
    let capture = raw(&signed(&["--at", "2026-05-09T14:22:31Z"]));
    let late = run(SECRET, &["verify"], capture.as_bytes());
    assert_eq!(late.code, Some(1));
    assert!(late.stdout.contains("--ignore-age"), "{}", late.stdout);
    for option in [
        &["verify", "--ignore-age"][..],
        &["verify", "--received-at", "1778336551"],
    ] {
        assert_eq!(
            run(SECRET, option, capture.as_bytes()).code,
            Some(0),
            "{option:?}"
        );
    }
}

#[test]
fn l14_what_is_not_a_request_is_named() {
    for (capture, says) in [
        ("", "empty line"),
        ("X-Revento-Event: a", "empty line"),
        ("no header\n\nbody", "not an HTTP request"),
        ("{\"id\":1}", "not a HAR file"),
        ("{\"log\":{\"entries\":[]}}", "no request"),
        ("curl 'http://x", "quotation mark"),
        ("curl -H", "no value"),
        ("curl x -F a=b", "not how a webhook is sent"),
        ("Transfer-Encoding: chunked\n\n1\r\na\r\n0\r\n\r\n", "chunked"),
    ] {
        let ended = run(SECRET, &["verify"], capture.as_bytes());
        assert_eq!(ended.code, Some(1), "{capture}");
        assert!(ended.stderr.contains(says), "{capture}: {}", ended.stderr);
    }
}

#[test]
fn control_characters_of_a_capture_do_not_reach_the_terminal() {
    let capture = raw("X-Revento-Event: \u{1b}]0;owned\u{7}\nX-Revento-Delivery-Id: a\n");
    let ended = run(SECRET, &["verify"], capture.as_bytes());
    assert!(
        !ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'),
        "{ended:?}"
    );
}
