//! Runs the example integration with settings from the environment, until Ctrl-C.
//!
//! ```text
//! REVENTO_AUTH_BASE=http://127.0.0.1:4010 REVENTO_API_BASE=http://127.0.0.1:4010/api/v1 \
//! REVENTO_CLIENT_ID=… REVENTO_CLIENT_SECRET=… REVENTO_WEBHOOK_SECRET=… REVENTO_EVENT_ID=evt_test_published \
//! cargo run -p revento-example-service
//! ```

use std::{env, error::Error, process::ExitCode};

use revento::types::error;
use revento_example_service::{Service, Settings};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print(&format!("error: {}", error::chain(error.as_ref())));
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
        previous_webhook_secret: env::var("REVENTO_WEBHOOK_SECRET_PREVIOUS").ok(),
        event_id: setting("REVENTO_EVENT_ID")?,
        data: env::var("DATA_DIR").unwrap_or_else(|_| ".revento".into()).into(),
        base_url: base_url.clone(),
    };
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".into());

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
