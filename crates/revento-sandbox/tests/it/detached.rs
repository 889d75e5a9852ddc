//! A sandbox that does not listen, on the clock of a simulation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use revento_sandbox::{Fault, Sandbox};

async fn sandbox(seconds: &Arc<AtomicU64>) -> Sandbox {
    let seconds = Arc::clone(seconds);
    Sandbox::builder()
        .public_url("http://platform.test")
        .clock(move || SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::Relaxed)))
        .detached()
        .await
        .unwrap()
}

fn clock_request() -> http::Request<bytes::Bytes> {
    let uri = "http://platform.test/_sandbox/clock";
    http::Request::get(uri).body(bytes::Bytes::new()).unwrap()
}

#[tokio::test]
async fn p22_a_simulation_moves_its_time() {
    let seconds = Arc::new(AtomicU64::new(1_778_336_551));
    let sandbox = sandbox(&seconds).await;
    for (then, text) in [(0, "2026-05-09T14:22:31Z"), (86_400, "2026-05-10T14:22:31Z")] {
        seconds.fetch_add(then, Ordering::Relaxed);
        let answer = sandbox.answer(clock_request()).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(body["now"], text);
        assert_eq!(body["real_now"], text);
    }
}

#[tokio::test]
async fn a_fault_that_closes_the_connection_gives_no_answer() {
    let sandbox = sandbox(&Arc::new(AtomicU64::new(1))).await;
    sandbox.arm(Fault::named("reset_before")).unwrap();
    let info = sandbox.info();
    let form = format!(
        "grant_type=refresh_token&refresh_token=r&client_id={}&client_secret={}",
        info.client_id, info.client_secret
    );
    let refresh = || {
        http::Request::post("http://platform.test/oauth/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(bytes::Bytes::from(form.clone()))
            .unwrap()
    };
    assert!(sandbox.answer(refresh()).await.is_none());
    assert_eq!(sandbox.answer(refresh()).await.unwrap().status(), 400);
}
