//! OAuth libraries of other languages, as they come: they connect, refresh, and are told what reuse has ended.

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
    walk(&python, &program).await;
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
    walk(&node, &program.join("client.js")).await;
}

/// With the secret in the form, and with HTTP Basic.
async fn walk(interpreter: &Path, program: &Path) {
    for method in ["client_secret_post", "client_secret_basic"] {
        let sandbox = Sandbox::builder().redirect_uri(CALLBACK).start().await.unwrap();
        let told = talk(&sandbox, interpreter, program, method).await;
        let expected = json!({
            "scope": "event.read participants.read",
            "event_id": "evt_test_published",
            "rotated": true,
            "reuse": "invalid_grant",
            "statuses": [200, 200, 401],
        });
        assert_eq!(told, expected, "{method}");
        let stats = sandbox.stats().await.unwrap();
        assert_eq!(
            (stats.exchanges, stats.refreshes, stats.reuses),
            (1, 1, 1),
            "{method}"
        );
        sandbox.shutdown().await;
    }
}

/// The program says where to send the browser, hears where it landed, and tells the rest.
async fn talk(sandbox: &Sandbox, interpreter: &Path, program: &Path, method: &str) -> Value {
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
            // Both libraries want to be told that plain HTTP is meant.
            ("AUTHLIB_INSECURE_TRANSPORT", "1"),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.next_line().await.unwrap().expect("it says where to go");
    let landed = sandbox.authorize(&url, ConsentDecision::Authorize).await.unwrap();
    let mut hears = child.stdin.take().unwrap();
    hears.write_all(format!("{landed}\n").as_bytes()).await.unwrap();
    drop(hears);
    let told = lines.next_line().await.unwrap().expect("it tells how it went");
    assert!(child.wait().await.unwrap().success());
    serde_json::from_str(&told).unwrap()
}
