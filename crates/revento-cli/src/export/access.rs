//! Whose connection it is, and where its tokens are.

use std::{env, fs, path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use revento::{Client, Endpoints, Integration, ReqwestTransport, SqliteStore};
use revento_example_service::DataDir;
use tokio::task::JoinHandle;

use crate::quickstart::Card;

/// How long a refresh that is under way may take at the end.
const GRACE: Duration = Duration::from_secs(30);

/// The variable of the client secret. There is no option for it: other users could read the command line.
const SECRET: &str = "REVENTO_CLIENT_SECRET";

#[derive(Debug, clap::Args)]
pub(crate) struct Access {
    /// The data directory of the quickstart, or of a service that keeps its tokens like the example: a database and
    /// a sealing key.
    #[arg(long, value_name = "DIR", default_value = ".revento", env = "DATA_DIR")]
    data: PathBuf,
    /// The platform's authorization server. The quickstart's directory knows it.
    #[arg(long, value_name = "URL", env = "REVENTO_AUTH_BASE")]
    auth_base: Option<String>,
    /// The platform's read API. The quickstart's directory knows it.
    #[arg(long, value_name = "URL", env = "REVENTO_API_BASE")]
    api_base: Option<String>,
    /// The integration's client id. The quickstart's directory knows it, and its secret; otherwise the secret is
    /// taken from the variable REVENTO_CLIENT_SECRET.
    #[arg(long, value_name = "ID", env = "REVENTO_CLIENT_ID")]
    client_id: Option<String>,
}

/// A client on an open store.
pub(crate) struct Connected {
    pub(crate) client: Client,
    store: SqliteStore,
    background: JoinHandle<()>,
}

impl Connected {
    pub(crate) async fn open(access: &Access) -> Result<Self> {
        let directory = access.data.display();
        ensure!(
            access.data.join("integration.db").exists(),
            "{directory} holds no connections: connect an event with `revento quickstart`, or name the service's directory with --data"
        );
        let card = access.card()?;
        let data = DataDir::open(&access.data).await?;
        let (store, sealer) = (data.store(), data.sealer());
        let mut integration = Integration::new(
            Endpoints::new(&card.auth_base, &card.api_base)?,
            card.client_id,
            &card.redirect_uri,
        )?;
        if let Some(secret) = card.client_secret {
            integration = integration.with_secret(secret);
        }
        let client = Client::builder(integration)
            .transport(ReqwestTransport::new()?)
            .store(store.clone())
            .sealer(sealer)
            .build()?;
        let background = tokio::spawn(client.background().run(std::future::pending()));
        Ok(Self {
            client,
            store,
            background,
        })
    }

    /// Sees a refresh that is under way to its end, and closes the store.
    pub(crate) async fn close(self) {
        drop(self.client);
        let _ = tokio::time::timeout(GRACE, self.background).await;
        let _ = self.store.close().await;
    }
}

impl Access {
    /// What is given, and from the quickstart's card what is not.
    fn card(&self) -> Result<Card> {
        let known = self.left_by_the_quickstart()?;
        let secret = env::var(SECRET).ok();
        if let (Some(auth_base), Some(api_base), Some(client_id)) =
            (&self.auth_base, &self.api_base, &self.client_id)
        {
            return Ok(Card {
                auth_base: auth_base.clone(),
                api_base: api_base.clone(),
                client_id: client_id.clone(),
                client_secret: secret,
                // Nothing is authorized here, so nobody comes back to it.
                redirect_uri: "http://localhost/".into(),
            });
        }
        let mut card = known.with_context(|| {
            format!(
                "{} does not say where the platform is: give --auth-base, --api-base and --client-id, and the secret in {SECRET}",
                self.data.display()
            )
        })?;
        let given = |option: &Option<String>, known: &mut String| {
            if let Some(value) = option {
                known.clone_from(value);
            }
        };
        given(&self.auth_base, &mut card.auth_base);
        given(&self.api_base, &mut card.api_base);
        given(&self.client_id, &mut card.client_id);
        card.client_secret = secret.or(card.client_secret);
        Ok(card)
    }

    fn left_by_the_quickstart(&self) -> Result<Option<Card>> {
        let path = self.data.join(Card::FILE);
        let Ok(text) = fs::read_to_string(&path) else {
            return Ok(None);
        };
        let card = serde_json::from_str(&text);
        card.map(Some)
            .with_context(|| format!("{} cannot be read: start the quickstart again", path.display()))
    }
}
