//! A whole integration on actix-web: connect, read, receive webhooks, log in, delete.

use std::{
    future::pending,
    io::{self, IsTerminal as _},
};

use revento_example_actix::{Database, Settings, serve, serve_metrics};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

/// Each read of the API is a span, which has the id of its request. The shared service logs the id of each delivery.
const LOG: &str = "warn,revento_api=info,revento_example_actix=info,revento_example_service=info";

/// Resolves when the process gets SIGINT or SIGTERM.
async fn stopped() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(_) => pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOG)))
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    let settings = Settings::from_environment()?;
    if let Some(address) = settings.metrics {
        serve_metrics(address)?;
    }
    let database = Database::open(&settings).await?;
    let stores = database.stores();
    serve(settings, stores, stopped()).await?;
    database.close().await?;
    Ok(())
}
