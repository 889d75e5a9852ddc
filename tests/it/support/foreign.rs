//! The steps that every integration can do, in any language: connect, read, receive a webhook, refresh.

use std::collections::BTreeSet;
use std::path::Path;

use revento_sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::process::Command;

use super::control::Control;
use super::port;
use super::program::Program;
use super::visitor::Visitor;
use super::wait;

/// One minute longer than the lifetime of an access token.
const SIXTY_ONE_MINUTES: u64 = 61 * 60;

/// The event that the organizer connects.
const CONNECTED: &str = "evt_test_summit";

/// Starts `interpreter server` with its own sandbox and runs all steps.
pub(crate) async fn run_steps(interpreter: &Path, server: &Path) {
    let port = port::free();
    let sandbox = Sandbox::builder()
        .redirect_uri(format!("http://localhost:{port}/callback"))
        .webhook_url(format!("http://127.0.0.1:{port}/webhooks"))
        .connect_url(format!("http://localhost:{port}/connect"))
        .start()
        .await
        .unwrap();
    let info = sandbox.info();
    let mut command = Command::new(interpreter);
    command.arg(server).envs([
        ("PORT", port.to_string().as_str()),
        ("AUTH_BASE", &info.auth_base),
        ("API_BASE", &info.api_base),
        ("CLIENT_ID", &info.client_id),
        ("CLIENT_SECRET", &info.client_secret),
        ("WEBHOOK_SECRET", &info.webhook_secret),
        ("EVENT_ID", &info.events[0]),
    ]);
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("foreign-{port}.log"));
    let mut steps = Steps {
        integration: Integration {
            base: format!("http://localhost:{port}"),
            client: client(),
        },
        program: Program::start(&mut command, &log),
        control: Control::new(&info.control_base),
        panel: format!("{}/integrations?event_id={CONNECTED}", info.console_url),
        event: CONNECTED.to_owned(),
    };
    steps.starts().await;
    steps.connects().await;
    steps.reads_every_participant().await;
    steps.receives_a_webhook_once().await;
    steps.outlives_its_access_token().await;
    sandbox.shutdown().await;
}

struct Steps {
    program: Program,
    integration: Integration,
    control: Control,
    panel: String,
    event: String,
}

impl Steps {
    async fn starts(&mut self) {
        let (program, integration) = (&mut self.program, &self.integration);
        wait::until("the integration listens", async || {
            program.assert_running();
            integration.get("/events-seen").await
        })
        .await;
    }

    async fn connects(&mut self) {
        let mut organizer = Visitor::new();
        // The connection begins in the platform's panel, for another event than the integration's own site offers.
        let panel = organizer.open(&self.panel).await;
        let link = panel
            .body
            .split("href=\"")
            .filter_map(|rest| rest.split('"').next())
            .find(|link| link.contains("/connect?"));
        let link = link
            .expect("the panel has no link to connect")
            .replace("&amp;", "&");
        let consent = organizer.open(&link).await;
        let arrived = organizer.press(&consent, "Authorize", &[]).await;
        let output = self.program.output();
        assert_eq!(
            (arrived.status, arrived.url.path()),
            (200, "/callback"),
            "{}\n{output}",
            arrived.body
        );
        let answer: Value = serde_json::from_str(&arrived.body).unwrap();
        assert_eq!(answer["connected"], self.event);
        assert_eq!(answer["scope"], "event.read participants.read");
    }

    async fn reads_every_participant(&mut self) {
        let read = self.participants().await;
        let applications = self
            .control
            .list(&format!("/applications?event_id={}", self.event))
            .await;
        assert!(
            read.len() >= 30,
            "contract §6 promises 30 participants, but there are {}",
            read.len()
        );
        assert_eq!(ids(&read, "id"), ids(&applications, "participant_id"));
    }

    async fn receives_a_webhook_once(&mut self) {
        let pending = self
            .control
            .list(&format!("/applications?event_id={}&status=pending", self.event))
            .await;
        let application = pending[0]["id"].as_str().unwrap().to_owned();
        self.control
            .post(&format!("/applications/{application}/approve"), json!({}))
            .await;
        wait::until("the approval arrives", async || {
            match self.approvals(&application).await {
                1 => Ok(()),
                _ => Err(self.control.get("/deliveries").await),
            }
        })
        .await;

        let deliveries = self.control.list("/deliveries").await;
        let approval = deliveries
            .iter()
            .find(|row| row["type"] == "application.approved")
            .unwrap();
        let delivery = format!("/deliveries/{}", approval["id"].as_str().unwrap());
        self.control.post(&format!("{delivery}/replay"), json!({})).await;
        wait::until("the replay is acknowledged", async || {
            let row = self.control.get(&delivery).await;
            let attempts = row["attempts"].as_array().unwrap();
            let acknowledged = attempts.iter().filter(|attempt| attempt["status"] == 204).count();
            if acknowledged == 2 { Ok(()) } else { Err(row) }
        })
        .await;
        assert_eq!(
            self.approvals(&application).await,
            1,
            "the integration handled a delivery twice"
        );
    }

    async fn outlives_its_access_token(&mut self) {
        let before = ids(&self.participants().await, "id");
        self.control.advance(SIXTY_ONE_MINUTES).await;
        assert_eq!(ids(&self.participants().await, "id"), before);
        assert_eq!(self.control.stat("refreshes").await, 1);

        // Several reads at once with an expired token. The platform allows five at once.
        self.control.advance(SIXTY_ONE_MINUTES).await;
        let reads = tokio::join!(
            self.participants(),
            self.participants(),
            self.participants(),
            self.participants()
        );
        for read in [reads.0, reads.1, reads.2, reads.3] {
            assert_eq!(ids(&read, "id"), before);
        }
        assert_eq!(self.control.stat("refreshes").await, 2);
        assert_eq!(self.control.stat("reuses").await, 0);
        assert_eq!(self.control.stat("families_revoked").await, 0);
    }

    async fn participants(&self) -> Vec<Value> {
        match self.integration.get("/participants").await {
            Ok(rows) => rows,
            Err(error) => panic!("{error}\n{}", self.program.output()),
        }
    }

    async fn approvals(&self, application: &str) -> usize {
        let seen = self.integration.get("/events-seen").await.unwrap();
        let of_it = |row: &&Value| row["type"] == "application.approved" && row["data"]["id"] == application;
        seen.iter().filter(of_it).count()
    }
}

/// A client of the integration's pages.
struct Integration {
    base: String,
    client: reqwest::Client,
}

impl Integration {
    async fn get(&self, path: &str) -> Result<Vec<Value>, String> {
        let request = self.client.get(format!("{}{path}", self.base));
        let response = request.send().await.map_err(|error| format!("{error:?}"))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| format!("{error:?}"))?;
        if !status.is_success() {
            return Err(format!("{path} answered {status}: {text}"));
        }
        serde_json::from_str(&text).map_err(|error| format!("{path}: {error}: {text}"))
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn ids(rows: &[Value], name: &str) -> BTreeSet<String> {
    let ids: BTreeSet<String> = rows
        .iter()
        .map(|row| row[name].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), rows.len(), "an id is listed twice");
    ids
}
