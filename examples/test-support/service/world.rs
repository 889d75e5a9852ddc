//! The program as a process, and its sandbox. Both example services have the same variables and pages.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::Stdio,
    time::Duration,
};

use reqwest::{Client, redirect::Policy};
use revento_sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

pub(crate) const EVENT: &str = "evt_test_published";

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    client: Client,
    pub(crate) base: String,
    port: u16,
    /// Where the program serves its metrics.
    pub(crate) metrics: SocketAddr,
    pub(crate) data: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let base = format!("http://localhost:{port}");
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let metrics = other.local_addr().unwrap();
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
            metrics,
            data: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) async fn start(&self) -> Child {
        let info = self.sandbox.info();
        let child = Command::new(super::PROGRAM)
            .env("PORT", self.port.to_string())
            .env("LISTEN", format!("127.0.0.1:{}", self.port))
            .env("BASE_URL", &self.base)
            .env("METRICS_LISTEN", self.metrics.to_string())
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
        for _ in 0..2400 {
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
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.open(&format!("{}{path}", self.base), "").await;
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    pub(crate) async fn open(&self, url: &str, cookies: &str) -> reqwest::Response {
        let request = self.client.get(url).header("cookie", cookies);
        request.send().await.unwrap()
    }

    /// Begins a flow. Returns the address of the consent page, and the browser's cookies.
    pub(crate) async fn begin(&self, path: &str) -> (String, String) {
        let response = self.open(&format!("{}{path}", self.base), "").await;
        let location = response.headers()["location"].to_str().unwrap().to_owned();
        (location, cookies(&response))
    }

    /// Somebody acts on the platform.
    pub(crate) async fn act(&self, path: &str) {
        let url = format!("{}{path}", self.sandbox.info().control_base);
        let request = self.client.post(url).header("content-type", "application/json");
        let response = request.body(json!({}).to_string()).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
    }

    /// The status of a read of all participants now, and the answer.
    pub(crate) async fn reads(&self) -> (u16, Value) {
        self.get("/api/participants?fresh=true").await
    }

    /// The handled webhooks.
    pub(crate) async fn handled(&self) -> Value {
        self.get("/api/webhooks").await.1
    }

    pub(crate) async fn handles(&self, event_type: &str) {
        // A busy machine may fail the first attempt, and the platform repeats it after 30 s.
        for _ in 0..2400 {
            let handled = self.handled().await;
            if handled
                .as_array()
                .unwrap()
                .iter()
                .any(|row| row["event_type"] == event_type)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{event_type} was not handled");
    }
}

pub(crate) fn cookies(response: &reqwest::Response) -> String {
    let set = response.headers().get_all("set-cookie").iter();
    let pairs = set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}
