//! The listener's connection to the sandbox: a stream of attempts that is opened again when it breaks.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use reqwest::Response;
use revento::types::text::printable;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::forwarder::Outcome;
use crate::{
    platform::remote_sandbox::{RemoteSandbox, message, segment},
    random_id::random_id,
    terminal,
};

/// The sandbox sends an empty line more often than this, so a longer silence means that the connection is dead.
const SILENCE: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the answer to an attempt, and the farewell, may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// The waits before the connection is opened again. The last one repeats.
const WAITS: [u64; 5] = [200, 500, 1_000, 2_000, 5_000];
/// The longest line of the stream. A body of the sandbox is far smaller.
const MAX_LINE: usize = 8 * 1024 * 1024;

/// An attempt to deliver a webhook, as the sandbox would send it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Attempt {
    pub(super) number: u64,
    pub(super) delivery_id: String,
    #[serde(rename = "type")]
    pub(super) event_type: String,
    pub(super) event_id: Option<String>,
    /// Which attempt of the delivery it is, from 1.
    pub(super) attempt: u32,
    pub(super) headers: Vec<Header>,
    #[serde(default)]
    pub(super) title_case: bool,
    pub(super) body: String,
}

#[derive(Debug, Clone, Deserialize, serde::Serialize)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) value: String,
}

/// A line of the stream. A newer sandbox may send lines with neither.
#[derive(Deserialize)]
struct Line {
    listening: Option<Greeting>,
    attempt: Option<Attempt>,
}

#[derive(Deserialize)]
struct Greeting {
    client_id: String,
    resumed: u64,
}

/// The reason why the listener cannot go on.
pub(super) struct End(pub(super) anyhow::Error);

enum Broken {
    /// The sandbox refuses the listener.
    Refused(anyhow::Error),
    /// The sandbox is away.
    Away(anyhow::Error),
}

pub(super) struct Connection {
    http: reqwest::Client,
    control: String,
    registration: Value,
    forwards_to: String,
    /// The address of this listener. It chooses its id itself, so that it can always leave.
    address: String,
    was_connected: bool,
    stream: Option<(Response, Vec<u8>)>,
    failures: usize,
}

impl Connection {
    pub(super) fn new(
        sandbox: &RemoteSandbox,
        target: Option<&Url>,
        events: Vec<String>,
        client_id: Option<String>,
    ) -> Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE)
            .no_proxy()
            .build()?;
        let forwards_to = target.map_or_else(|| "nowhere (only shown)".to_owned(), Url::to_string);
        let id = random_id()?;
        let mut registration = json!({ "forwards_to": forwards_to, "event_types": events, "id": id });
        if let (Some(client_id), Some(members)) = (client_id, registration.as_object_mut()) {
            members.insert("client_id".to_owned(), client_id.into());
        }
        Ok(Self {
            http,
            control: sandbox.control().to_owned(),
            registration,
            forwards_to,
            address: format!("{}/listeners/{}", sandbox.control(), segment(&id)),
            was_connected: false,
            stream: None,
            failures: 0,
        })
    }

    /// The next attempt. Opens the connection again for as long as the sandbox is away. May be cancelled at any time.
    pub(super) async fn next(&mut self) -> Result<Attempt, End> {
        loop {
            if self.stream.is_none() {
                self.open_with_backoff().await?;
                continue;
            }
            match self.read_line().await {
                Ok(Line {
                    attempt: Some(attempt),
                    ..
                }) => return Ok(attempt),
                Ok(Line { listening, .. }) => {
                    if let Some(greeting) = listening {
                        self.greet(&greeting);
                    }
                }
                Err(error) => {
                    self.stream = None;
                    self.failures = 1;
                    terminal::print_warning(&format!("{error:#}; connecting again"));
                }
            }
        }
    }

    async fn open_with_backoff(&mut self) -> Result<(), End> {
        if self.failures > 0 {
            let last = WAITS.len().saturating_sub(1);
            let wait = WAITS
                .get((self.failures - 1).min(last))
                .copied()
                .unwrap_or_default();
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        match self.open().await {
            Ok(response) => {
                self.stream = Some((response, Vec::new()));
                Ok(())
            }
            Err(Broken::Refused(error)) => Err(End(error)),
            // A sandbox that was never reached is rather a mistake in its address.
            Err(Broken::Away(error)) if !self.was_connected => Err(End(error)),
            Err(Broken::Away(error)) => {
                if self.failures <= 1 {
                    terminal::print_warning(&format!("{error:#}; the listener waits for it"));
                }
                self.failures += 1;
                Ok(())
            }
        }
    }

    async fn open(&self) -> Result<Response, Broken> {
        let url = format!("{}/listeners", self.control);
        let sent = self.http.post(url).json(&self.registration).send().await;
        let response = sent
            .with_context(|| format!("the sandbox at {} does not answer", self.control))
            .map_err(Broken::Away)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let answer: Value = response.json().await.unwrap_or_default();
        let error = anyhow!("the sandbox answered {status}: {}", message(&answer));
        Err(match status.is_server_error() {
            true => Broken::Away(error),
            false => Broken::Refused(error),
        })
    }

    fn greet(&mut self, greeting: &Greeting) {
        if !self.was_connected {
            terminal::print_note(&format!(
                "Forwarding the webhooks of {} to {}. Press Ctrl-C to stop.",
                printable(&greeting.client_id),
                self.forwards_to
            ));
        } else {
            terminal::print_note(&format!(
                "Connected again; {} attempted again.",
                terminal::counted(greeting.resumed, "missed delivery is", "missed deliveries are")
            ));
        }
        self.was_connected = true;
        self.failures = 0;
    }

    async fn read_line(&mut self) -> Result<Line> {
        let (response, buffer) = self.stream.as_mut().context("the connection is closed")?;
        loop {
            if let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = buffer.drain(..=end).collect();
                let line = line.trim_ascii();
                if !line.is_empty() {
                    return serde_json::from_slice(line)
                        .context("the sandbox sent something else than attempts");
                }
                continue;
            }
            if buffer.len() > MAX_LINE {
                return Err(anyhow!("the sandbox sent a line without an end"));
            }
            match response.chunk().await {
                Ok(Some(chunk)) => buffer.extend_from_slice(&chunk),
                Ok(None) => return Err(anyhow!("the sandbox closed the connection")),
                Err(error) => return Err(error).context("the connection to the sandbox broke"),
            }
        }
    }

    /// The way back to the sandbox, for the answers.
    pub(super) fn answers(&self) -> Answers {
        Answers {
            http: self.http.clone(),
            listener: self.address.clone(),
        }
    }

    /// Tells the sandbox that the registered URL gets the webhooks again.
    pub(super) async fn leave(&mut self) {
        let left = self
            .http
            .delete(&self.address)
            .timeout(ANSWER_TIMEOUT)
            .send()
            .await;
        if left.is_err() && self.was_connected {
            terminal::print_warning(
                "the sandbox is away, so it waits ten minutes for this listener after its return",
            );
        }
    }
}

/// Sends answers to the sandbox.
pub(super) struct Answers {
    http: reqwest::Client,
    listener: String,
}

impl Answers {
    /// # Errors
    /// The sandbox did not take the answer, so it makes the attempt again.
    pub(super) async fn send(&self, number: u64, outcome: &Outcome) -> Result<()> {
        let url = format!("{}/answers/{number}", self.listener);
        let sent = self
            .http
            .post(url)
            .timeout(ANSWER_TIMEOUT)
            .json(&outcome.answer())
            .send()
            .await;
        let response = sent.context("the sandbox did not take the answer")?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let answer: Value = response.json().await.unwrap_or_default();
        Err(anyhow!(
            "the sandbox did not take the answer: {}",
            message(&answer)
        ))
    }
}
