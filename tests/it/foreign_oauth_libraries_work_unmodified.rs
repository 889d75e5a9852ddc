//! Unmodified OAuth libraries of other languages: they connect, refresh, and get an error after the reuse of a token.

use std::path::Path;
use std::process::Stdio;

use revento_sandbox::{ConsentDecision, Sandbox};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

use crate::support::{engine, install};

const CALLBACK: &str = "http://localhost:3000/callback";

#[tokio::test(flavor = "multi_thread")]
async fn authlib_for_python() {
    let Some(python) = engine::path("REVENTO_TEST_PYTHON") else {
        return engine::skip("Python");
    };
    let (python, program) = install::python(&python, "oauth-python", "client.py").await;
    run_both(&python, &program).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_for_node() {
    let (Some(node), Some(npm)) = (
        engine::path("REVENTO_TEST_NODE"),
        engine::path("REVENTO_TEST_NPM"),
    ) else {
        return engine::skip("Node");
    };
    let program = install::node(&npm, "oauth-node", Some("client.js")).await;
    run_both(&node, &program.join("client.js")).await;
}

/// Runs the program with the secret in the form and with HTTP Basic.
async fn run_both(interpreter: &Path, program: &Path) {
    for method in ["client_secret_post", "client_secret_basic"] {
        let sandbox = Sandbox::builder().redirect_uri(CALLBACK).start().await.unwrap();
        let result = run(&sandbox, interpreter, program, method).await;
        let expected = json!({
            "scope": "event.read participants.read",
            "event_id": "evt_test_published",
            "rotated": true,
            "reuse": "invalid_grant",
            "statuses": [200, 200, 401],
        });
        assert_eq!(result, expected, "{method}");
        let stats = sandbox.stats().await.unwrap();
        assert_eq!(
            (stats.exchanges, stats.refreshes, stats.reuses),
            (1, 1, 1),
            "{method}"
        );
        sandbox.shutdown().await;
    }
}

/// The program prints the authorization URL, reads the redirect from standard input, and prints its result.
async fn run(sandbox: &Sandbox, interpreter: &Path, program: &Path, method: &str) -> Value {
    let info = sandbox.info();
    let mut child = Command::new(interpreter)
        .arg(program)
        .envs([
            ("AUTH_BASE", info.auth_base.as_str()),
            ("API_BASE", &info.api_base),
            ("CLIENT_ID", &info.client_id),
            ("CLIENT_SECRET", &info.client_secret),
            ("EVENT_ID", &info.events[0]),
            ("REDIRECT_URI", CALLBACK),
            ("METHOD", method),
            // Authlib refuses plain HTTP without this variable.
            ("AUTHLIB_INSECURE_TRANSPORT", "1"),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines
        .next_line()
        .await
        .unwrap()
        .expect("the program printed no URL");
    let redirect = sandbox.authorize(&url, ConsentDecision::Authorize).await.unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(format!("{redirect}\n").as_bytes()).await.unwrap();
    drop(stdin);
    let result = lines
        .next_line()
        .await
        .unwrap()
        .expect("the program printed no result");
    assert!(child.wait().await.unwrap().success());
    serde_json::from_str(&result).unwrap()
}
