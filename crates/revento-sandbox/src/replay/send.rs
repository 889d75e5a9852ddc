//! Sends a recording to a receiver.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ReplayError;
use super::recording::{RecordedWebhook, Recording};
use crate::dispatcher::{HeaderValues, signed};
use crate::platform::rules;
use crate::primitives::clock::{self, Clock};
use crate::primitives::entropy::{Entropy, Purpose};
use crate::primitives::secret::Secret;

/// How long a receiver may take (contract §4.1).
const TIMEOUT: Duration = Duration::from_secs(10);
/// How much of an answer is kept.
const MAX_BODY: usize = 64 * 1024;

/// Replays the webhooks in a file that `revento deliveries record` wrote.
///
/// ```no_run
/// # async fn run() -> Result<(), revento_sandbox::ReplayError> {
/// let replayed = revento_sandbox::replay("tests/approved.jsonl")
///     .to("http://localhost:3000/webhooks")
///     .secret("whsec_of_the_integration_under_test")
///     .send()
///     .await?;
/// assert!(replayed.iter().all(|webhook| webhook.is_success()));
/// # Ok(())
/// # }
/// ```
pub fn replay(file: impl AsRef<Path>) -> Replay {
    Replay::new(Source::File(file.as_ref().to_owned()))
}

#[derive(Debug, Clone)]
enum Source {
    File(PathBuf),
    Recording(Recording),
}

/// A recording on its way to a receiver. From [`replay`].
#[derive(Clone)]
#[must_use = "nothing is sent until `send` is awaited"]
pub struct Replay {
    source: Source,
    url: Option<String>,
    secret: Option<Secret>,
    new_ids: bool,
    interval: Duration,
    accept_any_certificate: bool,
}

impl Replay {
    fn new(source: Source) -> Self {
        Self {
            source,
            url: None,
            secret: None,
            new_ids: false,
            interval: Duration::ZERO,
            accept_any_certificate: false,
        }
    }

    /// The URL of the receiver.
    pub fn to(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// The webhook secret of the receiver.
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(Secret::new(secret.into()));
        self
    }

    /// Gives each webhook a new delivery id, so that a receiver that has seen the recording does not drop it as a duplicate.
    /// The envelope's own `id` stays, because it is a part of the body.
    pub fn with_new_delivery_ids(mut self) -> Self {
        self.new_ids = true;
        self
    }

    /// Accepts any certificate of the receiver, such as a self-signed one.
    pub fn accept_any_certificate(mut self) -> Self {
        self.accept_any_certificate = true;
        self
    }

    /// Sends one webhook in each interval at most, instead of one after the other.
    pub fn every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sends all webhooks, one after the other, once each. Returns what the receiver answered to each.
    ///
    /// # Errors
    /// If the recording cannot be read or a setting is missing. Then nothing was sent.
    pub async fn send(self) -> Result<Vec<ReplayedWebhook>, ReplayError> {
        let mut replayed = Vec::new();
        self.send_each(|webhook| replayed.push(webhook.clone())).await?;
        Ok(replayed)
    }

    /// Like [`send`](Self::send), and shows each answer when it has arrived.
    ///
    /// # Errors
    /// If the recording cannot be read or a setting is missing. Then nothing was sent.
    pub async fn send_each(self, mut show: impl FnMut(&ReplayedWebhook)) -> Result<(), ReplayError> {
        let (url, secret) = self.checked()?;
        let recording = match self.source {
            Source::File(path) => Recording::read(path)?,
            Source::Recording(recording) => recording,
        };
        let sender = Sender {
            http: client(self.accept_any_certificate)?,
            url,
            secret,
            clock: Clock::default(),
        };
        let entropy = Entropy::default();
        // An interval of zero would panic.
        let mut ticks = (!self.interval.is_zero()).then(|| tokio::time::interval(self.interval));
        for mut webhook in recording.webhooks {
            if let Some(ticks) = &mut ticks {
                ticks.tick().await;
            }
            if self.new_ids {
                let id = entropy.uuid(Purpose::Delivery);
                webhook.delivery_id = id.map_err(|_| ReplayError::Entropy)?;
            }
            show(&sender.send(webhook).await);
        }
        Ok(())
    }

    /// The URL and the secret.
    fn checked(&self) -> Result<(String, Secret), ReplayError> {
        let wrong = |what, reason| ReplayError::Configuration { what, reason };
        let url = self
            .url
            .clone()
            .ok_or(wrong("the receiver", "give its URL with `to`"))?;
        if let Some(objection) = rules::webhook_objection(&url, true) {
            return Err(wrong("the URL of the receiver", objection));
        }
        let secret = self.secret.clone().ok_or(wrong(
            "the webhook secret",
            "give the receiver's secret with `secret`",
        ))?;
        match rules::webhook_secret_objection(secret.expose()) {
            Some(objection) => Err(wrong("the webhook secret", objection)),
            None => Ok((url, secret)),
        }
    }
}

impl From<Recording> for Replay {
    fn from(recording: Recording) -> Self {
        Self::new(Source::Recording(recording))
    }
}

/// Shows no secret.
impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("source", &self.source)
            .field("url", &self.url)
            .field("new_ids", &self.new_ids)
            .finish_non_exhaustive()
    }
}

fn client(accept_any_certificate: bool) -> Result<reqwest::Client, ReplayError> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(TIMEOUT)
        .tls_danger_accept_invalid_certs(accept_any_certificate)
        .user_agent(concat!("Revento-Sandbox/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| ReplayError::Client(error.into()))
}

struct Sender {
    http: reqwest::Client,
    url: String,
    secret: Secret,
    clock: Clock,
}

impl Sender {
    async fn send(&self, webhook: RecordedWebhook) -> ReplayedWebhook {
        let values = HeaderValues {
            id: &webhook.delivery_id,
            event_type: &webhook.event_type,
            timestamp: self.clock.now().unix(),
        };
        let outgoing = signed(values, self.secret.expose(), &webhook.body);
        let mut request = self.http.post(&self.url).body(outgoing.body);
        for (name, value) in &outgoing.headers {
            request = request.header(name, value);
        }
        let watch = clock::stopwatch();
        let mut replayed = match request.send().await {
            Ok(response) => receive(webhook, response).await,
            Err(error) => ReplayedWebhook::new(webhook, 0, Some(explain(&error))),
        };
        replayed.duration = watch.elapsed();
        replayed
    }
}

async fn receive(webhook: RecordedWebhook, mut response: reqwest::Response) -> ReplayedWebhook {
    let mut replayed = ReplayedWebhook::new(webhook, response.status().as_u16(), None);
    let mut body = Vec::new();
    while body.len() < MAX_BODY {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => {
                replayed.error = Some(explain(&error));
                break;
            }
        }
    }
    body.truncate(MAX_BODY);
    replayed.body = String::from_utf8_lossy(&body).into_owned();
    replayed
}

fn explain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer within 10 seconds; answer first and do the work later".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    match error.is_connect() {
        true => format!("could not connect ({cause}); is the receiver running?"),
        false => format!("the connection failed ({cause})"),
    }
}

/// A webhook that was replayed, and what the receiver answered.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReplayedWebhook {
    /// The webhook as it was sent.
    pub webhook: RecordedWebhook,
    /// The status of the answer; 0 if there was none.
    pub status: u16,
    /// The body of the answer.
    pub body: String,
    /// Why there is no answer, or only a part of it.
    pub error: Option<String>,
    /// How long the answer took.
    pub duration: Duration,
}

impl ReplayedWebhook {
    fn new(webhook: RecordedWebhook, status: u16, error: Option<String>) -> Self {
        Self {
            webhook,
            status,
            body: String::new(),
            error,
            duration: Duration::ZERO,
        }
    }

    /// Whether the receiver acknowledged it with a 2xx (contract §4.1).
    pub fn is_success(&self) -> bool {
        self.error.is_none() && (200..300).contains(&self.status)
    }
}
