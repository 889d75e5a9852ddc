//! Runs the example integration with settings from the environment, until Ctrl-C.
//!
//! ```text
//! REVENTO_AUTH_BASE=http://127.0.0.1:4010 REVENTO_API_BASE=http://127.0.0.1:4010/api/v1 \
//! REVENTO_CLIENT_ID=… REVENTO_CLIENT_SECRET=… REVENTO_WEBHOOK_SECRET=… REVENTO_EVENT_ID=evt_test_published \
//! cargo run -p revento-example-service
//! ```
//!
//! `LISTEN` (`127.0.0.1:3000`) says where it listens, `BASE_URL` how browsers reach it, `DATA_DIR` (`.revento`) where its data is.
//! `REVENTO_WEBHOOK_SECRET_PREVIOUS` is the former secret, while the webhook secret is being rotated. The log goes to stderr;
//! `RUST_LOG` selects what it has, by default the id of each request and delivery.

use std::{
    env,
    error::Error,
    io::{self, IsTerminal as _},
    process::ExitCode,
};

use revento::types::error;
use revento_example_service::{Service, Settings};
use tokio::net::TcpListener;
use tracing::Level;
use tracing_subscriber::{
    filter::Targets, fmt::format::FmtSpan, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

#[tokio::main]
async fn main() -> ExitCode {
    log();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print(&format!("error: {}", error::chain(error.as_ref())));
            ExitCode::FAILURE
        }
    }
}

/// Logs what `RUST_LOG` selects by targets and levels.
fn log() {
    let chosen = env::var("RUST_LOG").ok().and_then(|text| text.parse().ok());
    let filter = chosen.unwrap_or_else(|| {
        Targets::new()
            .with_default(Level::WARN)
            // Each read of the API is a span, which has the id of its request.
            .with_targets([
                ("revento_api", Level::INFO),
                ("revento_example_service", Level::INFO),
            ])
    });
    let lines = tracing_subscriber::fmt::layer()
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    tracing_subscriber::registry().with(filter).with(lines).init();
}

async fn run() -> Result<(), Box<dyn Error>> {
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".into());
    let port = address.rsplit(':').next().unwrap_or_default();
    let base_url = env::var("BASE_URL").unwrap_or_else(|_| format!("http://localhost:{port}"));
    let settings = Settings {
        auth_base: setting("REVENTO_AUTH_BASE")?,
        api_base: setting("REVENTO_API_BASE")?,
        client_id: setting("REVENTO_CLIENT_ID")?,
        client_secret: setting("REVENTO_CLIENT_SECRET")?,
        webhook_secret: setting("REVENTO_WEBHOOK_SECRET")?,
        previous_webhook_secret: env::var("REVENTO_WEBHOOK_SECRET_PREVIOUS").ok(),
        event_id: setting("REVENTO_EVENT_ID")?,
        data: env::var("DATA_DIR").unwrap_or_else(|_| ".revento".into()).into(),
        base_url: base_url.clone(),
    };

    let service = Service::open(settings).await?;
    let listener = TcpListener::bind(&address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}; set LISTEN to another address"))?;
    print(&format!(
        "The integration runs at {base_url}. Press Ctrl-C to stop it."
    ));
    service
        .serve(vec![listener], async { drop(tokio::signal::ctrl_c().await) })
        .await;
    Ok(())
}

fn setting(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| {
        format!(
            "{name} is not set; copy the value from the developer console, or from the output of `revento sandbox --json`"
        )
    })
}

#[expect(clippy::print_stderr, reason = "a program writes to its terminal")]
fn print(text: &str) {
    eprintln!("{text}");
}
