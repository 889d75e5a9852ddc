//! The inbox on a serverless platform: one function accepts webhooks, and another one, which a schedule starts, handles them.
//!
//! They share a store. The accepting function takes the events of Amazon's [gateways](gateway); nothing else is Amazon's.

pub mod gateway;

use std::{env, io::Write as _, sync::Arc, time::Duration};

use anyhow::Context as _;
use http::{HeaderMap, StatusCode};
use revento::{
    HandlerError, Handlers, Inbox, KeyRing, SqliteStore, Timestamp, Verifier, Webhook,
    inbox::{DrainError, Drained, Policy},
    kind::ApplicationApproved,
    store::InboxStore,
    store_postgres::PostgresOptions,
    with_tower::WebhookEndpoint,
};
use tower::ServiceExt;

use crate::gateway::{Event, Response};

/// Opens the inbox that both functions share. Do it once for each instance of a function, outside of its handler.
///
/// `REVENTO_STORE` is the URL of a PostgreSQL database, or the path of an SQLite file on a disk that both functions mount.
/// `REVENTO_SEALING_KEY` is 32 bytes in base64.
///
/// # Errors
/// A variable is missing, the key is not one, or the store cannot be opened.
pub async fn open_inbox() -> anyhow::Result<Inbox> {
    let keys = KeyRing::from_base64(&setting("REVENTO_SEALING_KEY")?)?;
    let place = setting("REVENTO_STORE")?;
    let store: Arc<dyn InboxStore> = if place.contains("://") {
        // There are as many processes as requests: put a pooler in front of the database.
        Arc::new(PostgresOptions::new(&place).max_connections(1).connect().await?)
    } else {
        Arc::new(SqliteStore::open(&place).await?)
    };
    // An attempt has to end well within the time of the draining function.
    let policy = Policy::new().handler_timeout(Duration::from_secs(10));
    Ok(Inbox::builder(store, keys).policy(policy).build())
}

/// The endpoint of the accepting function. `REVENTO_WEBHOOK_SECRET` is the signing secret.
///
/// # Errors
/// The variable is missing, or the secret is too short.
pub fn endpoint(inbox: Inbox) -> anyhow::Result<WebhookEndpoint> {
    let verifier = Verifier::new(&setting("REVENTO_WEBHOOK_SECRET")?)?;
    Ok(WebhookEndpoint::new(verifier, inbox))
}

/// The accepting function: verifies the webhook of an event, stores it, and answers.
pub async fn accept(endpoint: &WebhookEndpoint, event: Event) -> Response {
    let gateway = event.gateway();
    let Ok(request) = event.into_request() else {
        let text = "the event of the gateway cannot be read\n";
        return gateway.response(StatusCode::BAD_REQUEST, &HeaderMap::new(), text);
    };
    let Ok(response) = endpoint.clone().oneshot(request).await;
    gateway.convert(response).await
}

/// The draining function: handles what is due. The serverless platform ends it at `deadline`.
///
/// # Errors
/// The function has less time than one attempt may take, or the store failed.
pub async fn drain(inbox: &Inbox, deadline: Timestamp) -> Result<Drained, DrainError> {
    const TO_ANSWER: Duration = Duration::from_secs(1);
    let deadline = deadline.saturating_sub(TO_ANSWER);
    inbox.drain(&handlers(), 10_000, deadline).await
}

/// A setting of the function, which is a variable of its environment.
///
/// # Errors
/// The variable is missing.
pub fn setting(name: &str) -> anyhow::Result<String> {
    let value = env::var(name).ok();
    value.with_context(|| format!("{name} is not set: README.md says what it is"))
}

/// What the integration does with webhooks.
fn handlers() -> Handlers {
    Handlers::new().on::<ApplicationApproved>(async |webhook: Webhook<ApplicationApproved>| {
        // A function's log is its standard error.
        writeln!(std::io::stderr(), "approved: {}", webhook.data.id)?;
        Ok::<_, HandlerError>(())
    })
}
