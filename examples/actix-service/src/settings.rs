//! The settings are environment variables, the same as those of `examples/other-languages`.

use std::{env, net::SocketAddr, path::PathBuf};

use anyhow::Context as _;

/// What differs from one deployment to another.
#[derive(Clone)]
pub struct Settings {
    /// `HOST` and `PORT`: where the server listens. The host is this machine unless it is set.
    pub listen: (String, u16),
    /// `METRICS_LISTEN`: where Prometheus finds the metrics, such as `127.0.0.1:9464`; nowhere without it.
    pub metrics: Option<SocketAddr>,
    /// `BASE_URL`: the public address. The platform knows it with `/callback` and `/webhooks`.
    pub base_url: String,
    /// `DATA_DIR`: the directory of the list of handled webhooks, and of the SQLite file.
    pub data: PathBuf,
    /// `DATABASE_URL`: `postgres://…` for several replicas; without it there is an SQLite file.
    pub database_url: Option<String>,
    /// `DATABASE_SCHEMA`: the schema of the tables in PostgreSQL.
    pub database_schema: String,
    /// `ENCRYPTION_KEY`: 32 bytes in Base64. All replicas have the same one; while it is replaced, the next or former one follows a comma.
    pub encryption_key: String,
    /// `REVENTO_AUTH_BASE`.
    pub auth_base: String,
    /// `REVENTO_API_BASE`.
    pub api_base: String,
    /// `REVENTO_CLIENT_ID`.
    pub client_id: String,
    /// `REVENTO_CLIENT_SECRET`.
    pub client_secret: String,
    /// `REVENTO_WEBHOOK_SECRET`.
    pub webhook_secret: String,
    /// `REVENTO_WEBHOOK_SECRET_PREVIOUS`, while the secret is rotated.
    pub previous_webhook_secret: Option<String>,
    /// `REVENTO_EVENT_ID`: the event of a page whose address names none.
    pub event_id: String,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// A variable is missing, or the port is no number.
    pub fn from_environment() -> anyhow::Result<Self> {
        let or = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
        let port = required("PORT")?;
        let port = port
            .parse()
            .context("PORT is the number of a port, such as 8080")?;
        Ok(Self {
            listen: (or("HOST", "127.0.0.1"), port),
            metrics: env::var("METRICS_LISTEN")
                .ok()
                .map(|address| address.parse())
                .transpose()
                .context("METRICS_LISTEN is an address with a port, such as 127.0.0.1:9464")?,
            base_url: or("BASE_URL", &format!("http://localhost:{port}")),
            data: or("DATA_DIR", "data").into(),
            database_url: env::var("DATABASE_URL").ok(),
            database_schema: or("DATABASE_SCHEMA", "revento"),
            encryption_key: required("ENCRYPTION_KEY")?,
            auth_base: required("REVENTO_AUTH_BASE")?,
            api_base: required("REVENTO_API_BASE")?,
            client_id: required("REVENTO_CLIENT_ID")?,
            client_secret: required("REVENTO_CLIENT_SECRET")?,
            webhook_secret: required("REVENTO_WEBHOOK_SECRET")?,
            previous_webhook_secret: env::var("REVENTO_WEBHOOK_SECRET_PREVIOUS").ok(),
            event_id: required("REVENTO_EVENT_ID")?,
        })
    }
}

impl Settings {
    /// What the service has to know.
    pub(crate) fn service(&self) -> revento_example_service::Settings {
        revento_example_service::Settings {
            auth_base: self.auth_base.clone(),
            api_base: self.api_base.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            webhook_secret: self.webhook_secret.clone(),
            previous_webhook_secret: self.previous_webhook_secret.clone(),
            event_id: self.event_id.clone(),
            base_url: self.base_url.clone(),
            data: self.data.clone(),
        }
    }
}

fn required(name: &str) -> anyhow::Result<String> {
    env::var(name).with_context(|| format!("set {name}, as the README says"))
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("listen", &self.listen)
            .field("base_url", &self.base_url)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}
