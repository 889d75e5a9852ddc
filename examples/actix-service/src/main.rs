//! A whole integration on actix-web: connect, read, receive webhooks, log in, delete.
//!
//! The settings are environment variables, the same as those of `examples/other-languages`.

mod bridge;
mod handled;
mod pages;

use std::{
    env,
    error::Error,
    fs,
    io::{self, IsTerminal as _},
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    sync::Arc,
};

use actix_web::{App, HttpServer, middleware::DefaultHeaders, web::Data};
use http::Uri;
use revento::{
    Client, Endpoints, Inbox, Integration, KeyRing, ReqwestTransport, SealingKey, SqliteStore, Verifier,
    inbox::Deletions,
    with_actix::{WebhookEndpoint, inbox_route, webhook_resource},
    with_axum::{AuthorizationFlow, LocalPath, WebviewSessions},
};
use tokio::sync::watch;
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

use crate::{handled::Handled, pages::State};

/// Each read of the API is a span, which has the id of its request.
const LOG: &str = "warn,revento_api=info,revento_example_actix=info";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOG)))
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    let port: u16 = setting("PORT")?.parse()?;
    let base_url = env::var("BASE_URL").unwrap_or_else(|_| format!("http://localhost:{port}"));
    let data = PathBuf::from(env::var("DATA_DIR").unwrap_or_else(|_| "data".into()));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&data)?;

    let auth_base = setting("REVENTO_AUTH_BASE")?;
    let endpoints = Endpoints::new(&auth_base, &setting("REVENTO_API_BASE")?)?;
    let redirect_uri = format!("{}/callback", base_url.trim_end_matches('/'));
    let integration = Integration::new(endpoints, setting("REVENTO_CLIENT_ID")?, &redirect_uri)?
        .with_secret(setting("REVENTO_CLIENT_SECRET")?);
    let store = SqliteStore::open(data.join("integration.db")).await?;
    let keys = Arc::new(KeyRing::new(SealingKey::from_base64(&setting(
        "ENCRYPTION_KEY",
    )?)?));
    let client = Client::builder(integration)
        .transport(ReqwestTransport::new()?)
        .store(store.clone())
        .sealer(Arc::<KeyRing>::clone(&keys))
        .build()?;

    let mut verifier = Verifier::new(&setting("REVENTO_WEBHOOK_SECRET")?)?;
    if let Ok(previous) = env::var("REVENTO_WEBHOOK_SECRET_PREVIOUS") {
        verifier = verifier.with_previous(&previous, None)?;
    }
    let handled = Handled::open(&data.join("handled.jsonl"))?;
    let deletions = Deletions::new(Arc::new(store.clone()));
    let inbox = Inbox::builder(store.clone(), Arc::<KeyRing>::clone(&keys)).build();
    let runner = inbox.runner(handled::handlers(&client, &deletions, &handled));
    let webhooks = WebhookEndpoint::new(verifier, inbox);

    let platform: Uri = auth_base.parse()?;
    let login = LocalPath::of(&Uri::from_static(pages::LOGIN));
    let flow = AuthorizationFlow::new(client.clone(), &keys, store.clone());
    let state = Data::new(State {
        client: client.clone(),
        framed_flow: flow.clone().partitioned_cookies(),
        flow,
        sessions: WebviewSessions::new(client.clone(), &keys, login),
        handled,
        event_id: setting("REVENTO_EVENT_ID")?.into(),
        platform_origin: format!(
            "{}://{}",
            platform.scheme_str().unwrap_or("https"),
            platform.authority().map_or("", |authority| authority.as_str())
        ),
    });
    let app = move || {
        App::new()
            .app_data(state.clone())
            .service(webhook_resource("/webhooks").route(inbox_route(webhooks.clone())))
            .configure(pages::configure)
            // A page of its own policy keeps it.
            .wrap(DefaultHeaders::new().add(("Content-Security-Policy", "frame-ancestors 'none'")))
    };

    // The workers end when the server has ended.
    let (end, ended) = watch::channel(());
    let ended = move || {
        let mut ended = ended.clone();
        async move { drop(ended.changed().await) }
    };
    let workers = [
        tokio::spawn(runner.run(ended())),
        tokio::spawn(client.background().run(ended())),
        tokio::spawn(client.refresh_idle().run(ended())),
    ];
    HttpServer::new(app).bind(("127.0.0.1", port))?.run().await?;
    drop(end);
    for worker in workers {
        worker.await?;
    }
    store.close().await?;
    Ok(())
}

fn setting(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set"))
}
