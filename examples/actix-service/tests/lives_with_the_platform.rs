//! The program, as a process, with a sandbox: consent, reads, a webhook, a kill, a login, the end.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test panics"
)]

use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::Stdio,
    time::Duration,
};

use reqwest::{Client, redirect::Policy};
use revento_sandbox::{ConsentDecision, Sandbox};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

const EVENT: &str = "evt_test_published";

struct World {
    sandbox: Sandbox,
    client: Client,
    base: String,
    port: u16,
    data: tempfile::TempDir,
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_consent_to_the_end() {
    let world = World::new().await;
    let mut program = world.start().await;
    assert_eq!(world.get("/participants").await.0, 409);

    let begun = world.begin(&format!("/connect?event_id={EVENT}")).await;
    let back = world
        .sandbox
        .authorize(&begun.0, ConsentDecision::Authorize)
        .await;
    let arrived = world.open(&back.unwrap(), &begun.1).await;
    assert_eq!(arrived.status(), 303);
    assert_eq!(
        arrived.headers()["location"],
        format!("/?event_id={EVENT}").as_str()
    );
    let (status, participants) = world.get("/participants").await;
    assert_eq!(status, 200);
    assert!(participants["ids"].as_array().unwrap().len() >= 30);

    world.act("/applications/app_published_0002/approve").await;
    world.handles("application.approved").await;
    program.kill().await.unwrap();
    program = world.start().await;
    let (_, handled) = world.get("/handled").await;
    assert_eq!(handled.as_array().unwrap().len(), 1, "{handled}");
    assert_eq!(world.get("/participants").await.0, 200);

    assert_eq!(world.get("/me").await.0, 401);
    let begun = world.begin(&format!("/login?event_id={EVENT}")).await;
    let decision = ConsentDecision::SignIn("usr_0001".into());
    let back = world.sandbox.authorize(&begun.0, decision).await;
    let arrived = world.open(&back.unwrap(), &begun.1).await;
    let session = cookies(&arrived);
    let me = world.open(&format!("{}/me", world.base), &session).await;
    assert_eq!(me.status(), 200);
    let me: Value = serde_json::from_str(&me.text().await.unwrap()).unwrap();
    assert_eq!(me["user_id"], "usr_0001");
    let framed = world.open(&format!("{}/webview", world.base), &session).await;
    let policy = format!("frame-ancestors {}", world.sandbox.info().auth_base);
    assert_eq!(framed.headers()["content-security-policy"], policy.as_str());

    world.act(&format!("/events/{EVENT}/archive")).await;
    world.handles("data.deletion_required").await;
    assert_eq!(world.get("/participants").await.0, 409);
    let me = world.open(&format!("{}/me", world.base), &session).await;
    assert_eq!(me.status(), 401);
    program.kill().await.unwrap();
}

impl World {
    async fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let base = format!("http://localhost:{port}");
        let sandbox = Sandbox::builder()
            .redirect_uri(format!("{base}/callback"))
            .webhook_url(format!("http://127.0.0.1:{port}/webhooks"))
            .start()
            .await;
        Self {
            sandbox: sandbox.unwrap(),
            client: Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .build()
                .unwrap(),
            base,
            port,
            data: tempfile::tempdir().unwrap(),
        }
    }

    async fn start(&self) -> Child {
        let info = self.sandbox.info();
        let program = Path::new(env!("CARGO_BIN_EXE_revento-example-actix"));
        let child = Command::new(program)
            .env("PORT", self.port.to_string())
            .env("DATA_DIR", self.data.path())
            .env("ENCRYPTION_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
            .env("REVENTO_AUTH_BASE", &info.auth_base)
            .env("REVENTO_API_BASE", &info.api_base)
            .env("REVENTO_CLIENT_ID", &info.client_id)
            .env("REVENTO_CLIENT_SECRET", &info.client_secret)
            .env("REVENTO_WEBHOOK_SECRET", &info.webhook_secret)
            .env("REVENTO_EVENT_ID", EVENT)
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let health = format!("{}/healthz", self.base);
        for _ in 0..400 {
            if self
                .client
                .get(&health)
                .send()
                .await
                .is_ok_and(|answer| answer.status() == 204)
            {
                return child;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the program does not answer");
    }

    /// Status and JSON of a page.
    async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.open(&format!("{}{path}", self.base), "").await;
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    async fn open(&self, url: &str, cookies: &str) -> reqwest::Response {
        let request = self.client.get(url).header("cookie", cookies);
        request.send().await.unwrap()
    }

    /// Begins a flow. Returns the address of the consent page, and the browser's cookies.
    async fn begin(&self, path: &str) -> (String, String) {
        let response = self.open(&format!("{}{path}", self.base), "").await;
        let location = response.headers()["location"].to_str().unwrap().to_owned();
        (location, cookies(&response))
    }

    /// Somebody acts on the platform.
    async fn act(&self, path: &str) {
        let url = format!("{}{path}", self.sandbox.info().control_base);
        let request = self.client.post(url).header("content-type", "application/json");
        let response = request.body(json!({}).to_string()).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
    }

    async fn handles(&self, event_type: &str) {
        for _ in 0..400 {
            let (_, handled) = self.get("/handled").await;
            if handled
                .as_array()
                .unwrap()
                .iter()
                .any(|row| row["type"] == event_type)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{event_type} was not handled");
    }
}

fn cookies(response: &reqwest::Response) -> String {
    let set = response.headers().get_all("set-cookie").iter();
    let pairs = set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}
