//! A sandbox that is killed keeps everything that it had answered.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use revento_sandbox::Sandbox;

use crate::world::client;

const PATH: &str = "REVENTO_SANDBOX_TEST_DATA";
const ADDRESS: &str = "REVENTO_SANDBOX_TEST_ADDRESS";

/// The victim: another process of this test binary.
#[tokio::test]
#[ignore = "started by the tests below, in a process of its own"]
async fn victim() {
    let (Ok(path), Ok(address)) = (std::env::var(PATH), std::env::var(ADDRESS)) else {
        return;
    };
    let _sandbox = Sandbox::builder()
        .listen(address.parse().unwrap())
        .data(path)
        .start()
        .await
        .unwrap();
    std::future::pending::<()>().await;
}

fn start(path: &std::path::Path, address: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::victim", "--ignored"])
        .env(PATH, path)
        .env(ADDRESS, address)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn a_kill_loses_nothing_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.db");
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let mut victim = start(&path, &address);
    let (http, base) = (client(), format!("http://{address}/_sandbox"));
    for _ in 0..200 {
        if http.get(format!("{base}/stats")).send().await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (some, mut enough) = tokio::sync::watch::channel(0);
    let approving = async move {
        let mut answered = Vec::new();
        for n in 1..=64 {
            let id = format!("app_published_{n:04}");
            let url = format!("{base}/applications/{id}/request-revision");
            match http.post(url).send().await {
                Ok(answer) if answer.status() == 200 => {
                    answered.push(id);
                    some.send_replace(answered.len());
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        answered
    };
    let kill = async {
        enough.wait_for(|answered| *answered >= 5).await.unwrap();
        victim.kill().unwrap();
        victim.wait().unwrap();
    };
    let (answered, ()) = tokio::join!(approving, kill);
    let sandbox = Sandbox::builder().data(&path).start().await.unwrap();
    let found = sandbox
        .applications("evt_test_published", "revision_requested")
        .await
        .unwrap();
    for id in answered {
        assert!(found.contains(&id), "{id} was answered and is lost");
    }
}
