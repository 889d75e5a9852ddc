//! An integration with Revento, from its environment to Ctrl-C.
//!
//! ```text
//! REVENTO_AUTH_BASE=http://127.0.0.1:4010 REVENTO_API_BASE=http://127.0.0.1:4010/api/v1 \
//! REVENTO_CLIENT_ID=… REVENTO_CLIENT_SECRET=… REVENTO_WEBHOOK_SECRET=… REVENTO_EVENT_ID=evt_test_published \
//! cargo run -p revento-example-service
//! ```

use std::{env, error::Error, process::ExitCode};

use revento_example_service::{Service, Settings};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let base_url = env::var("BASE_URL").unwrap_or_else(|_| "http://localhost:3000".into());
    let settings = Settings {
        auth_base: setting("REVENTO_AUTH_BASE")?,
        api_base: setting("REVENTO_API_BASE")?,
        client_id: setting("REVENTO_CLIENT_ID")?,
        client_secret: setting("REVENTO_CLIENT_SECRET")?,
        webhook_secret: setting("REVENTO_WEBHOOK_SECRET")?,
        event_id: setting("REVENTO_EVENT_ID")?,
        data: env::var("DATA_DIR").unwrap_or_else(|_| ".revento".into()).into(),
        base_url: base_url.clone(),
    };
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".into());

    let service = Service::open(settings).await?;
    let listener = TcpListener::bind(&address)
        .await
        .map_err(|error| format!("{address}: {error}"))?;
    tell(&format!("The integration is at {base_url}. Ctrl-C ends it."));
    service
        .serve(vec![listener], async { drop(tokio::signal::ctrl_c().await) })
        .await;
    Ok(())
}

fn setting(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set: copy it from the developer console"))
}

#[expect(clippy::print_stderr, reason = "a program talks to its terminal")]
fn tell(text: &str) {
    eprintln!("{text}");
}
