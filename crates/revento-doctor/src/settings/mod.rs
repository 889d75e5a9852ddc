//! What the doctor is told about an integration.

mod file;
pub mod value;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use crate::check::Need;

/// What the doctor is told about an integration, and how it works.
///
/// Deserializes from `revento-doctor.toml`, with these field names in kebab case; [`Settings::from_toml`] explains mistakes in it.
/// Whatever is not told leaves the checks that need it unchecked.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Settings {
    /// The page that begins a connection. The doctor adds `event_id` (contract §2).
    #[serde(deserialize_with = "page")]
    pub connect_url: Option<Url>,
    /// The webhook receiver.
    #[serde(deserialize_with = "page")]
    pub webhook_url: Option<Url>,
    /// A page that makes the integration read the participants of an event now, and answers with their ids. `{event_id}` in it is
    /// replaced.
    #[serde(deserialize_with = "page_of_event")]
    pub read_url: Option<String>,
    /// A page that lists the handled webhooks by the `id` of their envelopes.
    #[serde(deserialize_with = "page")]
    pub handled_url: Option<Url>,
    /// The page that begins Login with Revento. `{event_id}` in it is replaced.
    #[serde(deserialize_with = "page_of_event")]
    pub login_url: Option<String>,
    /// A page that reads `/me` for the participant who is signed in.
    #[serde(deserialize_with = "page")]
    pub me_url: Option<Url>,
    /// A page that the platform shows in a frame.
    #[serde(deserialize_with = "page")]
    pub webview_url: Option<Url>,
    /// A page that says whether the integration is up.
    #[serde(deserialize_with = "page")]
    pub health_url: Option<Url>,
    /// The redirect URIs to register. By default the doctor takes the one that the connect page sends.
    pub redirect_uris: Vec<String>,
    /// The command that starts the integration. It runs through `sh -c` in a process group of its own.
    pub start: Option<String>,
    /// Base URLs of further replicas of the integration, which share its database.
    #[serde(deserialize_with = "pages")]
    pub replicas: Vec<Url>,
    /// A file or folder that the integration stores data in, or else a command that dumps its database.
    pub scan: Option<String>,
    /// The file that the integration writes its log to.
    pub log: Option<PathBuf>,
    /// The ids or families of the checks to run. All, if empty.
    pub only: Vec<String>,
    /// Checks that are not run.
    pub skip: Vec<Skip>,
    /// Where the doctor's platform listens. By default on a free port of this machine.
    #[serde(deserialize_with = "listen")]
    pub listen: Option<SocketAddr>,
    /// The URL by which the integration reaches the doctor's platform, if it differs from the address: from a container.
    #[serde(deserialize_with = "page")]
    pub public_url: Option<Url>,
    /// Random choices derive from this number.
    pub seed: u64,
    /// How long the doctor waits for something that has to happen, such as a webhook that is handled. In the file: `"10s"`.
    #[serde(deserialize_with = "duration")]
    pub patience: Duration,
    /// How long the doctor looks for something that must not happen, such as a second refresh. In the file: `quiet-time`.
    #[serde(rename = "quiet-time", deserialize_with = "duration")]
    pub quiet: Duration,
    /// How long the integration may take to start.
    #[serde(deserialize_with = "duration")]
    pub start_timeout: Duration,
    /// The command prints the report as JSON. The library does not print.
    pub json: bool,
    /// Where the command writes the report as JUnit XML. The library writes no files.
    pub junit: Option<PathBuf>,
    /// Where the command writes the report as SARIF.
    pub sarif: Option<PathBuf>,
    /// Where the command writes the report as an HTML page.
    pub html: Option<PathBuf>,
    /// Where the command writes the badge, an SVG picture.
    pub badge: Option<PathBuf>,
    /// The command prints annotations for GitHub.
    pub ci: bool,
}

/// A check that is not run, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// The id of the check, or a family.
    pub id: String,
    /// The reason, which the report shows.
    #[serde(deserialize_with = "reason")]
    pub because: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_url: None,
            webhook_url: None,
            read_url: None,
            handled_url: None,
            login_url: None,
            me_url: None,
            webview_url: None,
            health_url: None,
            redirect_uris: Vec::new(),
            start: None,
            replicas: Vec::new(),
            scan: None,
            log: None,
            only: Vec::new(),
            skip: Vec::new(),
            listen: None,
            public_url: None,
            seed: 0,
            patience: Duration::from_secs(10),
            quiet: Duration::from_millis(400),
            start_timeout: Duration::from_secs(60),
            json: false,
            junit: None,
            sarif: None,
            html: None,
            badge: None,
            ci: false,
        }
    }
}

impl Settings {
    /// Whether the doctor is told this.
    pub(crate) fn tells(&self, need: Need) -> bool {
        match need {
            Need::ConnectUrl => self.connect_url.is_some(),
            Need::WebhookUrl => self.webhook_url.is_some(),
            Need::ReadUrl => self.read_url.is_some(),
            Need::HandledUrl => self.handled_url.is_some(),
            Need::LoginUrl => self.login_url.is_some(),
            Need::MeUrl => self.me_url.is_some(),
            Need::WebviewUrl => self.webview_url.is_some(),
            Need::HealthUrl => self.health_url.is_some(),
            Need::Start => self.start.is_some(),
            Need::Replicas => !self.replicas.is_empty(),
            Need::Scan => self.scan.is_some(),
            Need::Log => self.log.is_some() || self.start.is_some(),
        }
    }
}

/// The base URL of a platform that listens there.
pub(crate) fn base(public_url: Option<&Url>, listening: SocketAddr) -> String {
    match public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("http://{}", local(listening)),
    }
}

/// By which address this machine reaches a listener.
pub(crate) fn local(listening: SocketAddr) -> SocketAddr {
    if listening.ip().is_unspecified() {
        return SocketAddr::from((Ipv4Addr::LOCALHOST, listening.port()));
    }
    listening
}

fn parsed<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(D::Error::custom)
}

fn page<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    parsed(deserializer, value::page).map(Some)
}

fn page_of_event<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    parsed(deserializer, value::page_of_event).map(Some)
}

fn pages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Url>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts
        .iter()
        .map(|text| value::page(text).map_err(D::Error::custom))
        .collect()
}

fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    parsed(deserializer, value::listen).map(Some)
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parsed(deserializer, value::duration)
}

fn reason<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    parsed(deserializer, |text| match text.trim() {
        "" => Err("say why the check is skipped; the report shows it".to_owned()),
        text => Ok(text.to_owned()),
    })
}
