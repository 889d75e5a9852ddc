//! The integration: builds its parts, connects them and serves.

use std::{fmt, future::IntoFuture, sync::Arc, time::Duration};

use axum::http::Uri;
use futures_util::future::{BoxFuture, FutureExt, Shared, join, join_all};
use revento::{
    Client, Endpoints, EventType, HandlerError, Handlers, Inbox, Integration, KeyRing, ReqwestTransport,
    SqliteStore, Verifier, Webhook,
    api::Pacing,
    inbox::{Deletions, Policy, Runner},
    store::{Sealer, SystemClock},
    types::text::printable,
    web::{AuthorizationFlow, FrameAncestors, LocalPath, WebviewSessions},
    with_axum::WebhookEndpoint,
};
use tokio::net::TcpListener;

use crate::{
    DataDir, Settings, SetupError, Stores, data_dir,
    deletion_job::DeletionJob,
    feed::{Entry, Feed},
    participants::Participants,
    routes,
    state::{LOGIN, State},
};

/// How long to wait for a refresh that is in progress when the service stops.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(35);

/// The integration, ready to serve.
pub struct Service {
    state: State,
    webhooks: WebhookEndpoint,
    runner: Runner,
    deletion_job: DeletionJob,
    /// The database that is closed at the end, if the service has opened it.
    store: Option<SqliteStore>,
}

/// What a web server needs.
#[derive(Clone)]
pub struct Site {
    /// What the routes share.
    pub state: State,
    /// The endpoint of the platform's webhooks.
    pub webhooks: WebhookEndpoint,
    /// Resolves when the server has to stop.
    pub stop: Shared<BoxFuture<'static, ()>>,
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("state", &self.state)
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

impl Service {
    /// Opens the data directory and builds all parts. Starts nothing.
    ///
    /// # Errors
    /// When a setting is wrong or the data directory cannot be used.
    pub async fn open(settings: Settings) -> Result<Self, SetupError> {
        let data = DataDir::open(&settings.data).await?;
        let store = data.store();
        let mut service = Self::with_stores(settings, Stores::from(&store), &data.sealer())?;
        service.store = Some(store);
        Ok(service)
    }

    /// Builds all parts on a database of the caller's, who closes it. Starts nothing.
    ///
    /// # Errors
    /// When a setting is wrong, or the list of handled webhooks cannot be used.
    pub fn with_stores(settings: Settings, stores: Stores, keys: &Arc<KeyRing>) -> Result<Self, SetupError> {
        let sealer: Arc<dyn Sealer> = Arc::<KeyRing>::clone(keys);
        // A redirect URI is compared byte for byte, and `//callback` would be another one.
        let base_url = settings.base_url.trim_end_matches('/').to_owned();
        let redirect_uri = format!("{base_url}/callback");
        let integration = Integration::new(
            Endpoints::new(&settings.auth_base, &settings.api_base)?,
            settings.client_id,
            &redirect_uri,
        )?
        .with_secret(settings.client_secret);
        let pacing = match stores.budgets {
            Some(budgets) => Pacing::default().shared(budgets),
            None => Pacing::default(),
        };
        let client = Client::builder(integration)
            .transport(ReqwestTransport::new()?)
            .store(stores.tokens)
            .sealer(Arc::clone(&sealer))
            .pacing(pacing)
            .build()?;
        let flow = AuthorizationFlow::new(client.clone(), keys, stores.once);
        let framed_flow = flow.clone().partitioned_cookies();
        let login = LocalPath::of(&Uri::from_static(LOGIN));
        let sessions = WebviewSessions::new(client.clone(), keys, login);
        let participants = Participants::new(client.clone());

        let handled = settings.data.join("handled.jsonl");
        let feed = Feed::open(&handled).map_err(data_dir::in_file(&handled))?;
        let deletion_job = DeletionJob::new(
            stores.deletions,
            Arc::new(SystemClock),
            client.clone(),
            feed.clone(),
        );
        let deletions = deletion_job.ledger().clone();
        // The handlers need milliseconds. What a crash interrupts is handled again when their lease ends, half a minute later.
        let policy = Policy::new().handler_timeout(Duration::from_secs(5));
        let inbox = Inbox::builder(stores.inbox, sealer).policy(policy).build();
        let mut verifier = Verifier::new(&settings.webhook_secret)?;
        if let Some(secret) = &settings.previous_webhook_secret {
            verifier = verifier.with_previous(secret, None)?;
        }
        let runner = inbox.runner(handlers(&client, &deletions, &feed, &participants));
        let webhooks = WebhookEndpoint::new(verifier, inbox);

        let state = State {
            client,
            flow,
            framed_flow,
            sessions,
            feed,
            deletions,
            participants,
            event_id: settings.event_id.into(),
            base_url,
            platform_frame: platform_frame(&settings.auth_base),
        };
        Ok(Self {
            state,
            webhooks,
            runner,
            deletion_job,
            store: None,
        })
    }

    /// Serves on all listeners until `stop` resolves. Then finishes the requests and webhooks that are in progress and
    /// closes the database.
    pub async fn serve(self, listeners: Vec<TcpListener>, stop: impl Future<Output = ()> + Send + 'static) {
        let server = |site: Site| async move {
            let stop = site.stop.clone();
            let router = routes::router(site);
            let servers = listeners.into_iter().map(|listener| {
                axum::serve(listener, router.clone())
                    .with_graceful_shutdown(stop.clone())
                    .into_future()
            });
            for error in join_all(servers).await.into_iter().filter_map(Result::err) {
                tracing::error!(%error, "a listener failed");
            }
        };
        self.run(server, stop).await;
    }

    /// Runs a web server, and beside it what handles webhooks, refreshes connections and deletes in time.
    pub async fn run<F>(self, server: impl FnOnce(Site) -> F, stop: impl Future<Output = ()> + Send + 'static)
    where
        F: Future<Output = ()>,
    {
        let stop = stop.boxed().shared();
        let background = tokio::spawn(self.state.client.background().run(stop.clone()));
        let deletion_job = tokio::spawn(self.deletion_job.run());
        let server = server(Site {
            state: self.state,
            webhooks: self.webhooks,
            stop: stop.clone(),
        });
        let ((), ()) = join(server, self.runner.run(stop)).await;
        deletion_job.abort();
        // A refresh that is in progress finishes first.
        let _ = tokio::time::timeout(REFRESH_TIMEOUT, background).await;
        let closed = match self.store {
            Some(store) => store.close().await,
            None => Ok(()),
        };
        if let Err(error) = closed {
            tracing::error!(%error, "the database did not close cleanly; its data is safe");
        }
    }
}

/// The platform shows the page in its own pages only.
fn platform_frame(auth_base: &str) -> FrameAncestors {
    let platform = auth_base.parse::<Uri>().ok().and_then(|uri| {
        let origin = format!("{}://{}", uri.scheme()?, uri.authority()?);
        FrameAncestors::only(&origin).ok()
    });
    platform.unwrap_or_else(FrameAncestors::none)
}

/// Records the duty to delete first, then tells the client which connections have ended, then shows the webhook. The
/// participants may have changed, so they are read anew.
fn handlers(client: &Client, deletions: &Deletions, feed: &Feed, participants: &Participants) -> Handlers {
    let (client, feed, participants) = (client.clone(), feed.clone(), participants.clone());
    Handlers::new()
        .on_type(EventType::DataDeletionRequired, deletions.handler())
        .on_any(move |webhook: Webhook| {
            let (client, feed, participants) = (client.clone(), feed.clone(), participants.clone());
            async move {
                client.apply_webhook(&webhook.envelope).await?;
                participants.forget().await;
                feed.push(Entry::new(
                    &webhook.envelope,
                    &webhook.delivery_id,
                    webhook.attempt,
                ))?;
                tracing::info!(delivery_id = %printable(webhook.delivery_id.as_str()),
                    event_type = %webhook.envelope.event_type, "webhook handled");
                Ok::<(), HandlerError>(())
            }
        })
}

#[cfg(test)]
mod tests {
    use revento::{AuthorizationRequest, Scopes};

    use super::*;

    #[tokio::test]
    async fn h19_a_slash_at_the_end_of_the_base_url_makes_no_difference() {
        let home = tempfile::tempdir().unwrap();
        for base_url in [
            "http://localhost:3000",
            "http://localhost:3000/",
            "http://localhost:3000//",
        ] {
            let service = Service::open(Settings {
                auth_base: "http://127.0.0.1:4010".into(),
                api_base: "http://127.0.0.1:4010/api/v1/".into(),
                client_id: "int_1".into(),
                client_secret: "secret_0123456789abcdef".into(),
                webhook_secret: "whsec_0123456789abcdef".into(),
                previous_webhook_secret: None,
                event_id: "evt_1".into(),
                base_url: base_url.into(),
                data: home.path().into(),
            });
            let state = service.await.unwrap().state;
            assert_eq!(state.base_url, "http://localhost:3000");
            let request = AuthorizationRequest {
                event_id: "evt_1".into(),
                scopes: Scopes::default(),
            };
            let started = state.client.begin_authorization(&request).unwrap();
            let redirect_uri = "redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcallback&";
            assert!(started.url.to_string().contains(redirect_uri), "{}", started.url);
        }
    }
}
