//! The wiring of an integration, in the order in which data flows.

use std::{fmt, path::PathBuf, sync::Arc};

use revento::{
    Client, Endpoints, EventType, HandlerError, Handlers, Inbox, Integration, ReqwestTransport, SqliteStore,
    Verifier, Webhook,
    inbox::{Deletions, Runner},
    oauth::ConfigError,
    store::{DeletionStore, InboxStore, Sealer, SystemClock, TokenStore},
    transport_reqwest::BuildError,
    webhooks::SecretError,
    with_axum::{ConnectFlow, WebhookEndpoint},
};

use crate::{DataDir, DataError, deletions::Housekeeper, feed::Feed};

/// What an integration has to know. The first five are in the developer console.
#[derive(Clone)]
pub struct Settings {
    /// The platform's authorization server.
    pub auth_base: String,
    /// The platform's read API.
    pub api_base: String,
    /// The integration's client id.
    pub client_id: String,
    /// The integration's client secret.
    pub client_secret: String,
    /// The webhook signing secret.
    pub webhook_secret: String,
    /// The event that the index page offers to connect.
    pub event_id: String,
    /// Where this integration is, as browsers reach it. `/callback` below it is the redirect URI.
    pub base_url: String,
    /// The directory for the database and the sealing key.
    pub data: PathBuf,
}

/// The integration, ready to serve.
pub struct Service {
    pub(crate) state: State,
    pub(crate) webhooks: WebhookEndpoint,
    pub(crate) runner: Runner,
    pub(crate) housekeeper: Housekeeper,
    pub(crate) store: SqliteStore,
}

/// Without the secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("auth_base", &self.auth_base)
            .field("api_base", &self.api_base)
            .field("client_id", &self.client_id)
            .field("event_id", &self.event_id)
            .field("base_url", &self.base_url)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("client", &self.state.client)
            .finish_non_exhaustive()
    }
}

/// What the pages need.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) client: Client,
    pub(crate) flow: ConnectFlow,
    pub(crate) feed: Feed,
    pub(crate) deletions: Deletions,
    pub(crate) event_id: String,
    pub(crate) base_url: String,
}

/// The integration cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A setting cannot be right.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The webhook secret cannot be right.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// HTTP cannot be set up.
    #[error(transparent)]
    Transport(#[from] BuildError),
}

impl Service {
    /// Opens the data directory and wires everything up. Starts nothing.
    ///
    /// # Errors
    /// When a setting or the data directory cannot be used.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        let data = DataDir::open(&settings.data).await?;
        let store = data.store();
        let sealer: Arc<dyn Sealer> = data.sealer();

        let redirect_uri = format!("{}/callback", settings.base_url);
        let integration = Integration::new(
            Endpoints::new(&settings.auth_base, &settings.api_base)?,
            settings.client_id,
            &redirect_uri,
        )?
        .with_secret(settings.client_secret);
        let client = Client::builder(
            integration,
            settings.api_base,
            Arc::new(ReqwestTransport::new()?),
            Arc::new(store.clone()) as Arc<dyn TokenStore>,
            Arc::clone(&sealer),
        )
        .build()?;
        let flow = ConnectFlow::new(client.clone(), Arc::clone(&sealer));

        let feed = Feed::default();
        let housekeeper = Housekeeper::new(
            Arc::new(store.clone()) as Arc<dyn DeletionStore>,
            Arc::new(SystemClock),
            client.clone(),
            feed.clone(),
        );
        let deletions = housekeeper.ledger().clone();
        let inbox = Inbox::builder(Arc::new(store.clone()) as Arc<dyn InboxStore>, sealer).build();
        let verifier = Verifier::new(&settings.webhook_secret)?;
        let runner = inbox.runner(handlers(&client, &deletions, &feed));
        let webhooks = WebhookEndpoint::new(verifier, inbox);

        let state = State {
            client,
            flow,
            feed,
            deletions,
            event_id: settings.event_id,
            base_url: settings.base_url,
        };
        Ok(Self {
            state,
            webhooks,
            runner,
            housekeeper,
            store,
        })
    }
}

/// First note what has to be deleted, then let the client see what ends connections, then show the webhook on the page.
fn handlers(client: &Client, deletions: &Deletions, feed: &Feed) -> Handlers {
    let (client, feed) = (client.clone(), feed.clone());
    Handlers::new()
        .on(EventType::DataDeletionRequired, deletions.handler())
        .on_any(move |webhook: Webhook| {
            let (client, feed) = (client.clone(), feed.clone());
            async move {
                client.on_webhook(&webhook.envelope).await?;
                feed.note(&webhook.envelope, webhook.attempt);
                Ok::<(), HandlerError>(())
            }
        })
}
