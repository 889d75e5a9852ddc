//! The running integration: its state, its routes and its background work.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::map_response_with_state;
use axum::routing::{any, get};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};

use crate::listener::{HeadSpelling, Remembering};
use crate::mistakes::Mistakes;
use crate::platform::Platform;
use crate::seal::Sealer;
use crate::settings::Settings;
use crate::store::Store;
use crate::tokens::Locks;
use crate::webhooks::{Approvals, Turnstile};
use crate::{endings, handling, login, machine, oauth, pages, reading, tokens, webhooks, webview};

/// The state that all routes share.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) mistakes: Mistakes,
    pub(crate) store: Store,
    pub(crate) sealer: Sealer,
    pub(crate) platform: Platform,
    /// Names this process among the replicas that share the database.
    pub(crate) replica: String,
    /// Wakes the handler of webhooks.
    pub(crate) queued: Notify,
    pub(crate) refreshing: Locks,
    /// The calls in flight. Only by mistake.
    pub(crate) in_flight: Arc<Semaphore>,
    /// Only by mistake.
    pub(crate) turnstile: Turnstile,
    /// Only by mistake.
    pub(crate) approvals: Approvals,
    /// The signatures that were verified. Only by mistake.
    pub(crate) verified: std::sync::Mutex<HashSet<String>>,
    /// Only by mistake.
    old_webhook_secrets: Vec<String>,
}

impl App {
    /// The secrets that may sign a webhook now.
    pub(crate) fn webhook_secrets(&self) -> Vec<&str> {
        let mut secrets = vec![self.settings.webhook_secret.as_str()];
        if !self.mistakes.has("signature-rotation-overlap") {
            secrets.extend(self.settings.previous_webhook_secret.as_deref());
        }
        if self.mistakes.has("signature-wrong-secret") {
            secrets.push(
                self.settings
                    .previous_webhook_secret
                    .as_deref()
                    .unwrap_or_default(),
            );
        }
        secrets.extend(self.old_webhook_secrets.iter().map(String::as_str));
        secrets
    }

    /// Opens the database.
    pub(crate) async fn open(settings: Settings, mistakes: Mistakes) -> anyhow::Result<Arc<Self>> {
        let store = Store::open(&settings.data_dir).await?;
        let sealer = Sealer::new(&settings.encryption_key);
        let mut old_webhook_secrets = Vec::new();
        if mistakes.has("signature-rotation-over") {
            old_webhook_secrets = store.remember_secret(&sealer, &settings.webhook_secret).await?;
        }
        if mistakes.has("storage-secrets") {
            store.keep_settings(&settings).await?;
        }
        Ok(Arc::new(Self {
            sealer,
            verified: std::sync::Mutex::default(),
            old_webhook_secrets,
            platform: Platform::new(if mistakes.has("reading-user-agent") {
                ""
            } else {
                "flawed-integration"
            })?,
            replica: machine::random_text()?,
            queued: Notify::new(),
            refreshing: Locks::default(),
            in_flight: Arc::new(Semaphore::new(5)),
            turnstile: Turnstile::default(),
            approvals: Approvals::default(),
            settings,
            mistakes,
            store,
        }))
    }
}

/// Serves until the process is ended.
pub(crate) async fn serve(app: Arc<App>) -> anyhow::Result<()> {
    let address = (Ipv4Addr::LOCALHOST, app.settings.port);
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("port {} cannot be opened", app.settings.port))?;
    tokens::forget_what_was_in_memory(&app).await?;
    tokio::spawn(handling::run(Arc::clone(&app)));
    tokio::spawn(every(
        Duration::from_secs(3600),
        Arc::clone(&app),
        tokens::refresh_idle,
    ));
    tokio::spawn(every(
        Duration::from_secs(3600),
        Arc::clone(&app),
        endings::forget_old,
    ));
    tracing::info!(url = %app.settings.base_url, "ready");
    let service = router(app).into_make_service_with_connect_info::<HeadSpelling>();
    Ok(axum::serve(Remembering(listener), service).await?)
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(pages::index))
        .route("/connect", any(oauth::connect))
        .route("/callback", any(oauth::callback))
        .route("/webhooks", any(webhooks::receive))
        .route("/webhooks/", any(webhooks::receive))
        .route("/participants", get(reading::participants))
        .route("/handled", get(handling::list))
        .route("/login", any(login::login))
        .route("/me", get(login::me))
        .route("/webview", get(webview::page_in_frame))
        .route("/healthz", get(health))
        .layer(map_response_with_state(Arc::clone(&app), pages::protect))
        .with_state(app)
}

/// `GET /healthz`: whether this process can serve. The platform does not matter here.
async fn health(State(app): State<Arc<App>>) -> StatusCode {
    if app.mistakes.has("delivery-health") {
        let asked = app
            .platform
            .get(&app.settings, "/events/none", "none", "*/*", "none")
            .await;
        return asked.map_or(StatusCode::SERVICE_UNAVAILABLE, |_| StatusCode::NO_CONTENT);
    }
    StatusCode::NO_CONTENT
}

async fn every<W: Future<Output = anyhow::Result<()>>>(
    pause: Duration,
    app: Arc<App>,
    work: impl Fn(Arc<App>) -> W,
) {
    loop {
        if let Err(error) = work(Arc::clone(&app)).await {
            tracing::warn!(%error, "background work failed; it is tried again later");
        }
        tokio::time::sleep(pause).await;
    }
}
