//! A whole integration on actix-web: connect, read, receive webhooks, log in, delete. One process, or any number of replicas.
//!
//! What does not depend on the web framework is that of `examples/service`: the wiring, the pages, the list of handled webhooks
//! and the job that deletes in time.

mod database;
mod headers;
mod metrics;
mod participant_pages;
mod routes;
mod settings;

use std::{net::TcpListener, sync::Arc};

use actix_web::{
    App, HttpServer,
    middleware::from_fn,
    web::{self, Data},
};
use anyhow::Context as _;
use revento::{
    KeyRing,
    with_actix::{FrameAncestors, FrameAncestorsMiddleware, inbox_route, webhook_resource},
};
use revento_example_service::{Service, Site, Stores, headers::AllowedHosts};

pub use crate::{database::Database, metrics::serve_metrics, settings::Settings};

/// Serves until `stop` resolves. Then finishes the requests and webhooks that are in progress.
///
/// # Errors
/// A setting is wrong, or the server cannot listen.
pub async fn serve(
    settings: Settings,
    stores: Stores,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(&settings.listen).context("choose another HOST or PORT")?;
    let keys = KeyRing::from_base64(&settings.encryption_key).context("ENCRYPTION_KEY")?;
    let keys = Arc::new(keys);
    let service = Service::with_stores(settings.service(), stores, &keys)?;
    tracing::info!(address = %listener.local_addr()?, base_url = settings.base_url, "listening");
    serve_on(service, listener, stop).await;
    Ok(())
}

/// Serves on a listener until `stop` resolves.
pub async fn serve_on(
    service: Service,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let server = |site| async move {
        if let Err(error) = server(site, listener).await {
            tracing::error!(%error, "the listener failed");
        }
    };
    service.run(server, stop).await;
}

async fn server(site: Site, listener: TcpListener) -> std::io::Result<()> {
    let stop = site.stop.clone();
    let app = move || {
        let Site {
            state,
            webhooks,
            stop,
        } = site.clone();
        let webview = web::resource(revento_example_service::state::WEBVIEW)
            .wrap(FrameAncestorsMiddleware::new(state.platform_frame.clone()))
            .route(routes::page().to(participant_pages::webview));
        let pages = web::scope("")
            .wrap(FrameAncestorsMiddleware::new(FrameAncestors::none()))
            .service(webhook_resource("/webhooks").route(inbox_route(webhooks)))
            .configure(routes::configure)
            .configure(participant_pages::configure);
        App::new()
            .app_data(Data::new(AllowedHosts::new(&state.base_url)))
            .app_data(Data::new(routes::Stop(stop)))
            .app_data(Data::new(state))
            .service(webview)
            .service(pages)
            .wrap(from_fn(headers::protect))
            .wrap(from_fn(headers::check_host))
    };
    let server = HttpServer::new(app).disable_signals().listen(listener)?.run();
    let handle = server.handle();
    let stopping = tokio::spawn(async move {
        stop.await;
        handle.stop(true).await;
    });
    let served = server.await;
    stopping.abort();
    served
}
