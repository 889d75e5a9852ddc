//! A sandbox, and the program as a process beside it.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};

use reqwest::{Client, redirect::Policy};
use revento_sandbox::{ConsentDecision, Sandbox};
use serde_json::Value;
use tokio::process::{Child, Command};

pub(crate) const EVENT: &str = "evt_test_published";

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: Client,
    /// Where the program listens, on another site than the platform, which is 127.0.0.1.
    pub(crate) base: String,
    port: u16,
    /// The directory of the program's files.
    pub(crate) data: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let base = format!("http://localhost:{port}");
        let sandbox = Sandbox::builder()
            .redirect_uri(format!("{base}/callback"))
            .webhook_url(format!("http://127.0.0.1:{port}/webhooks"))
            .start()
            .await;
        let client = Client::builder().no_proxy().redirect(Policy::none()).build();
        Self {
            sandbox: sandbox.unwrap(),
            client: client.unwrap(),
            base,
            port,
            data: tempfile::tempdir().unwrap(),
        }
    }

    /// The program, with the settings that all of them have.
    pub(crate) fn command(&self, program: &str) -> Command {
        let info = self.sandbox.info();
        let mut command = Command::new(program);
        command
            .env("LISTEN", format!("127.0.0.1:{}", self.port))
            .env("BASE_URL", &self.base)
            .env("SEALING_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
            .env("REVENTO_AUTH_BASE", &info.auth_base)
            .env("REVENTO_API_BASE", &info.api_base)
            .env("REVENTO_CLIENT_ID", &info.client_id)
            .env("REVENTO_CLIENT_SECRET", &info.client_secret)
            .env("REVENTO_WEBHOOK_SECRET", &info.webhook_secret);
        command
    }

    /// Starts the program, and waits until it answers.
    pub(crate) async fn run(&self, mut command: Command) -> Child {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.data.path().join("log"))
            .unwrap();
        let child = command.stderr(log).kill_on_drop(true).spawn().unwrap();
        self.wait("the program", async || {
            self.client.get(&self.base).send().await.is_ok()
        })
        .await;
        child
    }

    /// An organizer connects the event.
    pub(crate) async fn connect(&self) {
        let url = format!("{}/connect?event_id={EVENT}", self.base);
        let begun = self.client.get(url).send().await.unwrap();
        let [location, cookie] =
            ["location", "set-cookie"].map(|name| begun.headers()[name].to_str().unwrap());
        let back = self
            .sandbox
            .authorize(location, ConsentDecision::Authorize)
            .await
            .unwrap();
        let cookie = cookie.split(';').next().unwrap();
        let request = self.client.get(back).header("cookie", cookie);
        let finished = request.send().await.unwrap();
        let (status, text) = (finished.status(), finished.text().await.unwrap());
        assert!(status.is_success(), "{status}: {text}");
    }

    /// Asks the control API of the sandbox to do something.
    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.sandbox.info().control_base);
        let request = self.client.post(url).header("content-type", "application/json");
        let response = request.body(body.to_string()).send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub(crate) async fn wait(&self, what: &str, mut is_there: impl AsyncFnMut() -> bool) {
        for _ in 0..4000 {
            if is_there().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("still not: {what}\n{}", self.log());
    }

    /// What the program has written.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.data.path().join("log")).unwrap()
    }
}
