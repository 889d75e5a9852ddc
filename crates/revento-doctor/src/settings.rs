//! What the doctor is told about an integration.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

/// What the doctor is told about an integration, and how it works.
///
/// Deserializes from `revento-doctor.toml`, with these field names in kebab case. Whatever is not told leaves the checks that need
/// it unchecked.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Settings {
    /// The page that begins a connection. The doctor adds `event_id` (contract §2).
    pub connect_url: Option<Url>,
    /// The webhook receiver.
    pub webhook_url: Option<Url>,
    /// A page that makes the integration read the participants of an event now, and answers with their ids. `{event_id}` in it is
    /// replaced.
    pub read_url: Option<String>,
    /// A page that lists the handled webhooks by the `id` of their envelopes.
    pub handled_url: Option<Url>,
    /// The page that begins Login with Revento. `{event_id}` in it is replaced.
    pub login_url: Option<String>,
    /// A page that reads `/me` for the participant who is signed in.
    pub me_url: Option<Url>,
    /// A page that the platform shows in a frame.
    pub webview_url: Option<Url>,
    /// A page that says whether the integration is up.
    pub health_url: Option<Url>,
    /// The redirect URIs to register. By default the doctor takes the one that the connect page sends.
    pub redirect_uris: Vec<String>,
    /// The command that starts the integration. It runs through `sh -c` in a process group of its own.
    pub start: Option<String>,
    /// Base URLs of further replicas of the integration, which share its database.
    pub replicas: Vec<Url>,
    /// A file that the integration stores data in, or else a command that dumps its database.
    pub scan: Option<String>,
    /// The file that the integration writes its log to.
    pub log: Option<PathBuf>,
    /// The ids or families of the checks to run. All, if empty.
    pub only: Vec<String>,
    /// Checks that are not run.
    pub skip: Vec<Skip>,
    /// Where the doctor's platform listens.
    pub listen: SocketAddr,
    /// Random choices derive from this number.
    pub seed: u64,
    /// How long the doctor waits for something that has to happen, such as a webhook that is handled, in milliseconds.
    #[serde(rename = "patience-ms", deserialize_with = "milliseconds")]
    pub patience: Duration,
    /// How long the doctor looks for something that must not happen, such as a second refresh, in milliseconds.
    #[serde(rename = "quiet-ms", deserialize_with = "milliseconds")]
    pub quiet: Duration,
    /// How long the integration may take to start, in milliseconds.
    #[serde(rename = "start-timeout-ms", deserialize_with = "milliseconds")]
    pub start_timeout: Duration,
}

/// A check that is not run, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// The id of the check.
    pub id: String,
    /// The reason, which the report shows.
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
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 0,
            patience: Duration::from_secs(10),
            quiet: Duration::from_millis(400),
            start_timeout: Duration::from_secs(60),
        }
    }
}

fn milliseconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}
