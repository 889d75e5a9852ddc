//! The program, as a process, with a sandbox: the list follows the event, and is gone with it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test panics"
)]

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    time::Duration,
};

use reqwest::{Client, redirect::Policy};
use revento_sandbox::{Action, ConsentDecision, Sandbox};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

const EVENT: &str = "evt_test_published";
const KEY: &str = "a-long-random-key";

#[tokio::test(flavor = "multi_thread")]
async fn the_list_follows_the_event_and_is_gone_with_it() {
    let world = World::new().await;
    let mut program = world.start().await;
    assert_eq!(world.get("/another-key/participants.csv").await.0, 404);
    assert_eq!(world.lines().await.len(), 1, "a header, and nobody");

    world.connect().await;
    let approved = world.sandbox.applications(EVENT, "approved").await.unwrap().len();
    world
        .wait("all approved participants", async || {
            world.lines().await.len() == 1 + approved
        })
        .await;
    assert!(world.lines().await[0].starts_with(r#""id","name","email","#));

    // Each change is in the list soon after it has happened, and survives a crash.
    let pending = world.sandbox.applications(EVENT, "pending").await.unwrap();
    let newcomer = pending.into_iter().next().unwrap();
    world.sandbox.perform(Action::Approve(newcomer)).await.unwrap();
    world
        .wait("the new one", async || world.lines().await.len() == 2 + approved)
        .await;
    program.kill().await.unwrap();
    let _program = world.start().await;
    assert_eq!(world.lines().await.len(), 2 + approved);

    // A participant has an odd name.
    let user = world.approved_user().await;
    let name = json!({ "given_name": "=HYPERLINK(\"http://evil.example\",\"Ada\u{202e}\")\n", "family_name": "O'Neil" });
    world.control(&format!("/users/{user}"), name).await;
    let cell = r#""'=HYPERLINK(""http://evil.example"",""Ada\u{202e}"")\n O'Neil""#;
    world
        .wait("the odd name", async || {
            world.lines().await.iter().any(|line| line.contains(cell))
        })
        .await;

    world
        .sandbox
        .perform(Action::ArchiveEvent(EVENT.into()))
        .await
        .unwrap();
    world
        .wait("an empty list", async || world.lines().await.len() == 1)
        .await;
    world
        .wait("no name in the files", async || {
            !world.database_text().contains("evil.example")
        })
        .await;
}

struct World {
    sandbox: Sandbox,
    client: Client,
    port: u16,
    data: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let sandbox = Sandbox::builder()
            .redirect_uri(format!("http://localhost:{port}/callback"))
            .webhook_url(format!("http://127.0.0.1:{port}/webhooks"))
            .start()
            .await;
        let client = Client::builder().no_proxy().redirect(Policy::none()).build();
        Self {
            sandbox: sandbox.unwrap(),
            client: client.unwrap(),
            port,
            data: tempfile::tempdir().unwrap(),
        }
    }

    async fn start(&self) -> Child {
        let info = self.sandbox.info();
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.data.path().join("log"))
            .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_revento-example-spreadsheet-sync"))
            .env("LISTEN", format!("127.0.0.1:{}", self.port))
            .env("BASE_URL", format!("http://localhost:{}", self.port))
            .env("DATABASE", self.database())
            .env("SEALING_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
            .env("SHEET_KEY", KEY)
            .env("REVENTO_AUTH_BASE", &info.auth_base)
            .env("REVENTO_API_BASE", &info.api_base)
            .env("REVENTO_CLIENT_ID", &info.client_id)
            .env("REVENTO_CLIENT_SECRET", &info.client_secret)
            .env("REVENTO_WEBHOOK_SECRET", &info.webhook_secret)
            .env("REVENTO_EVENT_ID", EVENT)
            .stderr(log)
            .kill_on_drop(true)
            .spawn();
        let url = format!("http://localhost:{}/", self.port);
        self.wait("the program", async || self.client.get(&url).send().await.is_ok())
            .await;
        child.unwrap()
    }

    /// An organizer connects the event.
    async fn connect(&self) {
        let url = format!("http://localhost:{}/connect?event_id={EVENT}", self.port);
        let begun = self.client.get(url).send().await.unwrap();
        let [location, cookie] =
            ["location", "set-cookie"].map(|name| begun.headers()[name].to_str().unwrap());
        let back = self
            .sandbox
            .authorize(location, ConsentDecision::Authorize)
            .await
            .unwrap();
        let cookie = cookie.split(';').next().unwrap();
        let finished = self
            .client
            .get(back)
            .header("cookie", cookie)
            .send()
            .await
            .unwrap();
        let status = finished.status();
        assert!(
            status.is_success(),
            "{status}: {}",
            finished.text().await.unwrap()
        );
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let url = format!("http://localhost:{}{path}", self.port);
        let response = self.client.get(url).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn lines(&self) -> Vec<String> {
        let (status, csv) = self.get(&format!("/{KEY}/participants.csv")).await;
        assert_eq!(status, 200, "{csv}");
        csv.lines().map(str::to_owned).collect()
    }

    /// The account of somebody in the list.
    async fn approved_user(&self) -> String {
        let url = format!(
            "{}/applications?event_id={EVENT}&status=approved",
            self.sandbox.info().control_base
        );
        let listed = self.client.get(url).send().await.unwrap().text().await.unwrap();
        let listed: Value = serde_json::from_str(&listed).unwrap();
        listed["data"][0]["user_id"].as_str().unwrap().to_owned()
    }

    async fn control(&self, path: &str, body: Value) {
        let url = format!("{}{path}", self.sandbox.info().control_base);
        let request = self.client.post(url).header("content-type", "application/json");
        let response = request.body(body.to_string()).send().await.unwrap();
        let status = response.status();
        assert!(
            status.is_success(),
            "{status}: {}",
            response.text().await.unwrap()
        );
    }

    fn database(&self) -> PathBuf {
        self.data.path().join("sheet.db")
    }

    /// What is in the file of the database and in its log.
    fn database_text(&self) -> String {
        let file = |end: &str| fs::read(format!("{}{end}", self.database().display())).unwrap_or_default();
        String::from_utf8_lossy(&[file(""), file("-wal")].concat()).into_owned()
    }

    async fn wait(&self, what: &str, mut is_there: impl AsyncFnMut() -> bool) {
        for _ in 0..4000 {
            if is_there().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let log = fs::read_to_string(self.data.path().join("log")).unwrap();
        panic!("still not: {what}\n{log}");
    }
}
