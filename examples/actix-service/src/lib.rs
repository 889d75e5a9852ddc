//! A whole integration on actix-web: connect, read, receive webhooks, log in, delete. One process, or any number of replicas.

mod database;
mod handled;
mod pages;
mod settings;

use std::{error::Error, sync::Arc, time::Duration};

use actix_web::{App, HttpServer, middleware::DefaultHeaders, web::Data};
use http::Uri;
use revento::{
    Client, Endpoints, Inbox, Integration, KeyRing, ReqwestTransport, SealingKey, Verifier,
    api::Pacing,
    inbox::{Deletions, Policy},
    with_actix::{
        AuthorizationFlow, LocalPath, WebhookEndpoint, WebviewSessions, inbox_route, webhook_resource,
    },
};
use tokio::sync::watch;

pub use crate::{
    database::{Database, Stores},
    settings::Settings,
};
use crate::{handled::Handled, pages::State};

/// The handlers need milliseconds. What a crash interrupts is handled again when its lease ends, half a minute later.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves until the process gets SIGINT or SIGTERM. Then finishes the requests and webhooks that are in progress.
///
/// # Errors
/// A setting is wrong, or the server cannot listen.
pub async fn serve(settings: Settings, stores: Stores) -> Result<(), Box<dyn Error>> {
    let endpoints = Endpoints::new(&settings.auth_base, &settings.api_base)?;
    let redirect_uri = format!("{}/callback", settings.base_url.trim_end_matches('/'));
    let integration =
        Integration::new(endpoints, settings.client_id, &redirect_uri)?.with_secret(settings.client_secret);
    let keys = Arc::new(KeyRing::new(SealingKey::from_base64(&settings.encryption_key)?));
    let pacing = match stores.budgets {
        Some(budgets) => Pacing::default().shared(budgets),
        None => Pacing::default(),
    };
    let client = Client::builder(integration)
        .transport(ReqwestTransport::new()?)
        .store(stores.tokens)
        .sealer(Arc::<KeyRing>::clone(&keys))
        .pacing(pacing)
        .build()?;

    let mut verifier = Verifier::new(&settings.webhook_secret)?;
    if let Some(previous) = &settings.previous_webhook_secret {
        verifier = verifier.with_previous(previous, None)?;
    }
    let handled = Handled::open(&settings.data.join("handled.jsonl"))?;
    let deletions = Deletions::new(stores.deletions);
    let inbox = Inbox::builder(stores.inbox, Arc::<KeyRing>::clone(&keys))
        .policy(Policy::new().handler_timeout(HANDLER_TIMEOUT))
        .build();
    let runner = inbox.runner(handled::handlers(&client, &deletions, &handled));
    let webhooks = WebhookEndpoint::new(verifier, inbox);

    let platform: Uri = settings.auth_base.parse()?;
    let login = LocalPath::of(&Uri::from_static(pages::LOGIN));
    let flow = AuthorizationFlow::new(client.clone(), &keys, stores.once);
    let state = Data::new(State {
        client: client.clone(),
        framed_flow: flow.clone().partitioned_cookies(),
        flow,
        sessions: WebviewSessions::new(client.clone(), &keys, login),
        handled,
        event_id: settings.event_id.into(),
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
    ];
    HttpServer::new(app).bind(settings.listen)?.run().await?;
    drop(end);
    for worker in workers {
        worker.await?;
    }
    Ok(())
}
