//! The platform's quickstart, with the SDK. The page docs/guide/from-node-or-python.md has it side by side with Express and Flask.

use std::{
    env,
    error::Error,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::{StatusCode, request::Parts};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, extract::Path, extract::State, routing::get};
use futures_util::{FutureExt, TryStreamExt};
use revento::types::{EventId, error::chain};
use revento::with_axum::{AuthorizationFlow, FlowOutcome, FlowRejection, WebhookEndpoint, WebhookRoute};
use revento::{Client, Endpoints, Handlers, Inbox, Integration, KeyRing, ReqwestTransport, Scope};
use revento::{HandlerError, SqliteStore, Verifier, Webhook};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Clone)]
struct App {
    client: Client,
    flow: AuthorizationFlow,
    seen: Arc<Mutex<Vec<Value>>>,
}

async fn connect(State(app): State<App>, browser: Parts) -> impl IntoResponse {
    let scopes = [Scope::EventRead, Scope::ParticipantsRead];
    let begun = app.flow.begin_from_panel(&browser, scopes.into()).await;
    begun.map_err(FlowRejection)
}

async fn callback(State(app): State<App>, browser: Parts) -> Response {
    let FlowOutcome { headers, result } = app.flow.finish(&browser).await;
    let connection = match result {
        Ok(finished) => finished.connection,
        Err(error) => return headers.apply(FlowRejection(error).into_response()),
    };
    let event_id = connection.key.event_id.as_str();
    let scope = connection.scopes.to_string();
    headers.apply(Json(json!({ "connected": event_id, "scope": scope })).into_response())
}

async fn participants(State(app): State<App>, Path(event_id): Path<String>) -> Response {
    let list = app.client.event(EventId::from(event_id)).participants();
    match list.stream().try_collect::<Vec<_>>().await {
        Ok(people) => Json(json!(
            people.iter().map(|person| person.id.as_str()).collect::<Vec<_>>()
        ))
        .into_response(),
        Err(error) if error.is_connection_ended() => (StatusCode::CONFLICT, "Not connected.").into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, chain(&error).to_string()).into_response(),
    }
}

async fn seen(App { client, seen, .. }: App, webhook: Webhook) -> Result<(), HandlerError> {
    client.apply_webhook(&webhook.envelope).await?;
    let row = json!({ "id": webhook.envelope.id.as_str(), "type": webhook.envelope.event_type.as_str() });
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(row);
    Ok(())
}

async fn events_seen(State(app): State<App>) -> Json<Vec<Value>> {
    Json(app.seen.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let endpoints = Endpoints::new(&setting("REVENTO_AUTH_BASE")?, &setting("REVENTO_API_BASE")?)?;
    let callback_url = format!("{}/callback", setting("BASE_URL")?);
    let integration = Integration::new(endpoints, setting("REVENTO_CLIENT_ID")?, &callback_url)?
        .with_secret(setting("REVENTO_CLIENT_SECRET")?);
    let keys = Arc::new(KeyRing::from_base64(&setting("SEALING_KEY")?)?);
    let store = SqliteStore::open(&setting("DATABASE")?).await?;
    let client = Client::builder(integration)
        .transport(ReqwestTransport::new()?)
        .store(store.clone())
        .sealer(keys.clone())
        .build()?;
    let app = App {
        flow: AuthorizationFlow::new(client.clone(), &keys, store.clone()),
        client: client.clone(),
        seen: Arc::default(),
    };
    let inbox = Inbox::builder(store.clone(), keys).build();
    let of_webhooks = app.clone();
    let runner = inbox.runner(Handlers::new().on_any(move |webhook| seen(of_webhooks.clone(), webhook)));
    let webhooks = WebhookEndpoint::new(Verifier::new(&setting("REVENTO_WEBHOOK_SECRET")?)?, inbox);
    let router = Router::new()
        .route("/connect", get(connect))
        .route("/callback", get(callback))
        .route("/events/{event_id}/participants", get(participants))
        .route("/events-seen", get(events_seen))
        .with_state(app)
        .layer(WebhookRoute::new("/webhooks", webhooks));

    let stop = async { drop(tokio::signal::ctrl_c().await) }.shared();
    let listener = TcpListener::bind(setting("LISTEN")?).await?;
    let server = axum::serve(listener, router).with_graceful_shutdown(stop.clone());
    let (served, (), ()) = tokio::join!(server, runner.run(stop.clone()), client.background().run(stop));
    served?;
    Ok(store.close().await?)
}

fn setting(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set; see README.md"))
}
