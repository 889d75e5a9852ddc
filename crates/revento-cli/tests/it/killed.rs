//! A killed sandbox keeps the effect of every request that it has answered.

use revento_sandbox::Sandbox;
use serde_json::Value;
use tokio::sync::watch;

use crate::support::Running;

#[tokio::test]
async fn a_kill_loses_no_answered_request() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("sandbox.db");
    let file = data.to_str().unwrap();
    let mut running = Running::start(&["sandbox", "--json", "--listen", "127.0.0.1:0", "--data", file]);
    let info: Value = serde_json::from_str(&running.line()).unwrap();
    let control = info["control_base"].as_str().unwrap().to_owned();

    let (answers, mut enough) = watch::channel(0);
    let asking = async move {
        let (http, mut answered) = (reqwest::Client::new(), Vec::new());
        for number in 1..=64 {
            let id = format!("app_published_{number:04}");
            let request = http.post(format!("{control}/applications/{id}/request-revision"));
            match request.send().await {
                Ok(answer) if answer.status() == 200 => answered.push(id),
                Ok(_) => {}
                Err(_) => break,
            }
            answers.send_replace(answered.len());
        }
        answered
    };
    let kill = async {
        enough.wait_for(|answered| *answered >= 5).await.unwrap();
        drop(running);
    };
    let (answered, ()) = tokio::join!(asking, kill);

    let sandbox = Sandbox::builder().data(&data).start().await.unwrap();
    let found = sandbox
        .applications("evt_test_published", "revision_requested")
        .await
        .unwrap();
    for id in answered {
        assert!(
            found.contains(&id),
            "the request for {id} was answered, but its effect is lost"
        );
    }
}
