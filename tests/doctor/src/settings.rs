//! The settings, all from the environment.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// The settings of the integration. No `Debug`, since it holds secrets.
pub(crate) struct Settings {
    pub(crate) auth_base: String,
    pub(crate) api_base: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) webhook_secret: String,
    /// While the signing secret is being rotated: the one before.
    pub(crate) previous_webhook_secret: Option<String>,
    /// The event of pages that name none.
    pub(crate) event_id: String,
    pub(crate) port: u16,
    /// The address that browsers use, without a slash at its end.
    pub(crate) base_url: String,
    pub(crate) data_dir: PathBuf,
    pub(crate) encryption_key: [u8; 32],
}

impl Settings {
    /// Reads the settings.
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        let port = required("PORT")?;
        let port: u16 = port
            .parse()
            .with_context(|| format!("PORT is {port:?} and not a port"))?;
        let base_url = optional("BASE_URL").unwrap_or_else(|| format!("http://localhost:{port}"));
        let secret = required("REVENTO_WEBHOOK_SECRET")?;
        ensure!(
            secret.len() >= 16,
            "REVENTO_WEBHOOK_SECRET has fewer than 16 characters"
        );
        Ok(Self {
            auth_base: base(&required("REVENTO_AUTH_BASE")?),
            api_base: base(&required("REVENTO_API_BASE")?),
            client_id: required("REVENTO_CLIENT_ID")?,
            client_secret: required("REVENTO_CLIENT_SECRET")?,
            webhook_secret: secret,
            previous_webhook_secret: optional("REVENTO_WEBHOOK_SECRET_PREVIOUS"),
            event_id: required("REVENTO_EVENT_ID")?,
            port,
            base_url: base(&base_url),
            data_dir: required("DATA_DIR")?.into(),
            encryption_key: encryption_key(&required("ENCRYPTION_KEY")?)?,
        })
    }

    /// The redirect URI of both flows, as the manifest registers it.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("{}/callback", self.base_url)
    }

    /// Whether browsers come over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

fn base(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn required(name: &str) -> anyhow::Result<String> {
    optional(name).ok_or_else(|| anyhow!("the variable {name} is not set"))
}

fn encryption_key(text: &str) -> anyhow::Result<[u8; 32]> {
    let wanted = "ENCRYPTION_KEY is not 32 bytes in base64; `openssl rand -base64 32` makes one";
    let bytes = BASE64_STANDARD.decode(text.trim()).ok().context(wanted)?;
    bytes.try_into().ok().context(wanted)
}
