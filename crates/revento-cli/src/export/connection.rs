//! Opens the connection that the export reads with.

use std::{env, path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use revento::{Client, Endpoints, Integration, ReqwestTransport, SqliteStore};
use revento_example_service::{DataDir, private_file};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::integration_file::IntegrationFile;

/// How long to wait at the end for a refresh that is in progress.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(30);

/// The environment variable for the client secret. There is no option, because other users can read the command line.
const SECRET_VARIABLE: &str = "REVENTO_CLIENT_SECRET";

#[derive(Debug, clap::Args)]
pub(crate) struct ConnectionArguments {
    /// The data directory of the quickstart, or of a service that has a database and a sealing key as the example does.
    #[arg(long, value_name = "DIR", default_value = ".revento", env = "DATA_DIR")]
    data: PathBuf,
    /// The URL of the platform's authorization server. Not needed with the quickstart's data directory.
    #[arg(long, value_name = "URL", env = "REVENTO_AUTH_BASE")]
    auth_base: Option<String>,
    /// The URL of the platform's read API. Not needed with the quickstart's data directory.
    #[arg(long, value_name = "URL", env = "REVENTO_API_BASE")]
    api_base: Option<String>,
    /// The integration's client id. Not needed with the quickstart's data directory. Set the client secret in the
    /// environment variable REVENTO_CLIENT_SECRET.
    #[arg(long, value_name = "ID", env = "REVENTO_CLIENT_ID")]
    client_id: Option<String>,
}

/// A client with its open store.
pub(crate) struct ConnectedClient {
    pub(crate) client: Client,
    store: SqliteStore,
    stop: oneshot::Sender<()>,
    background: JoinHandle<()>,
}

impl ConnectedClient {
    pub(crate) async fn open(arguments: &ConnectionArguments) -> Result<Self> {
        let directory = arguments.data.display();
        ensure!(
            arguments.data.join("integration.db").exists(),
            "{directory} contains no connections; connect an event with `revento quickstart`, or choose the data directory of your service with --data"
        );
        let config = arguments.resolve()?;
        let data = DataDir::open(&arguments.data).await?;
        let (store, sealer) = (data.store(), data.sealer());
        let mut integration = Integration::new(
            Endpoints::new(&config.auth_base, &config.api_base)?,
            config.client_id,
            &config.redirect_uri,
        )?;
        if let Some(secret) = config.client_secret {
            integration = integration.with_secret(secret);
        }
        let client = Client::builder(integration)
            .transport(ReqwestTransport::new()?)
            .store(store.clone())
            .sealer(sealer)
            .build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        // The service whose store this is keeps its connections alive.
        let background = client.background().without_refresh_idle();
        let background = tokio::spawn(background.run(async { drop(stopped.await) }));
        Ok(Self {
            client,
            store,
            stop,
            background,
        })
    }

    /// Waits for a refresh that is in progress, then closes the store.
    pub(crate) async fn close(self) {
        drop(self.stop);
        let _ = tokio::time::timeout(REFRESH_TIMEOUT, self.background).await;
        let _ = self.store.close().await;
    }
}

impl ConnectionArguments {
    /// Takes each value from the command line or, if it is not given, from the quickstart's `integration.json`.
    fn resolve(&self) -> Result<IntegrationFile> {
        let file = self.integration_file()?;
        let secret = env::var(SECRET_VARIABLE).ok();
        if let (Some(auth_base), Some(api_base), Some(client_id)) =
            (&self.auth_base, &self.api_base, &self.client_id)
        {
            return Ok(IntegrationFile {
                auth_base: auth_base.clone(),
                api_base: api_base.clone(),
                client_id: client_id.clone(),
                client_secret: secret,
                // Not used: the export does not start an authorization.
                redirect_uri: "http://localhost/".into(),
            });
        }
        let mut config = file.with_context(|| {
            format!(
                "{} has no file that names the platform; set --auth-base, --api-base and --client-id, and the client secret in {SECRET_VARIABLE}",
                self.data.display()
            )
        })?;
        let overwrite = |option: &Option<String>, field: &mut String| {
            if let Some(value) = option {
                field.clone_from(value);
            }
        };
        overwrite(&self.auth_base, &mut config.auth_base);
        overwrite(&self.api_base, &mut config.api_base);
        overwrite(&self.client_id, &mut config.client_id);
        config.client_secret = secret.or(config.client_secret);
        Ok(config)
    }

    fn integration_file(&self) -> Result<Option<IntegrationFile>> {
        let path = self.data.join(IntegrationFile::NAME);
        // It has the client secret, and whoever can write it decides where the secret is sent.
        let content = private_file::read(&path).with_context(|| format!("{} is not used", path.display()))?;
        let Some(content) = content else {
            return Ok(None);
        };
        let parsed = serde_json::from_slice(&content);
        parsed.map(Some).with_context(|| {
            format!(
                "{} is damaged; start the quickstart again to write it",
                path.display()
            )
        })
    }
}
