//! Shows participants their own profile and application: on a page of its own, and as a webview page in the platform's frame.
//!
//! The settings are environment variables, see README.md. The page docs/guide/participant-portal.md explains the program.

use std::{collections::BTreeMap, env, error::Error, io, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::http::{StatusCode, header, request::Parts};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::{Router, extract::State, routing::get, routing::post};
use futures_util::{FutureExt, TryStreamExt};
use maud::{DOCTYPE, html};
use revento::inbox::{Deletions, covers_consent};
use revento::types::resource::{Application, Profile};
use revento::types::{Connection, EventId, error::chain};
use revento::with_axum::{
    AuthorizationFlow, FlowError, FlowOutcome, FlowRejection, FrameAncestors, LocalPath,
};
use revento::with_axum::{SameOrigin, WebhookEndpoint, WebhookRoute, WebviewSessions};
use revento::{
    AuthorizationRequest, Client, Endpoints, Integration, KeyRing, ReqwestTransport, Retry, Scope,
};
use revento::{HandlerError, Handlers, Inbox, SqliteStore, Verifier, Webhook};
use serde_json::Value;
use tokio::net::TcpListener;

#[derive(Clone)]
struct Portal {
    client: Client,
    flow: AuthorizationFlow,
    sessions: WebviewSessions,
    ledger: Deletions,
    event_id: EventId,
}

/// The only page. Whoever is not signed in is led to the login and back.
async fn page(State(Portal { client, sessions, .. }): State<Portal>, browser: Parts) -> Response {
    let session = match sessions.require(&browser).await {
        Ok(session) => session,
        Err(login) => return login.into_response(),
    };
    // The tokens are those of the participant, so the platform answers with their data and nobody else's.
    let user = client.user(session.event_id, session.user_id);
    let user = user.with_retry(Retry::default().deadline(Duration::from_secs(20)));
    match tokio::try_join!(user.profile(), user.application()) {
        Ok((profile, application)) => show(&profile, &application).into_response(),
        Err(error) if error.is_connection_ended() => Redirect::to("/login").into_response(),
        Err(error) => problem(StatusCode::SERVICE_UNAVAILABLE, &error).into_response(),
    }
}

fn show(profile: &Profile, application: &Application) -> impl IntoResponse {
    let answers: BTreeMap<String, Value> = application.custom_form_fields.parse().unwrap_or_default();
    let page = html! {
        (DOCTYPE) html lang="en" { head { meta charset="utf-8"; title { "Your application" } } body {
            h1 { "Hello, " (profile.name) }
            p { "We write to " (profile.email) ". Your application is " (application.status) "." }
            dl { @for (question, answer) in answers { dt { (question) } dd { (answer) } } }
            form method="post" action="/logout" { button { "Sign out" } }
        } }
    };
    ([(header::CACHE_CONTROL, "no-store")], page)
}

async fn login(State(Portal { flow, event_id, .. }): State<Portal>, browser: Parts) -> impl IntoResponse {
    let scopes = [Scope::ProfileRead, Scope::EventAttendance].into();
    let request = AuthorizationRequest { event_id, scopes };
    let begun = flow.begin(&browser, &request).await;
    begun.map_err(|error| problem(error.status(), &error))
}

async fn logout(State(Portal { sessions, .. }): State<Portal>, browser: Parts) -> impl IntoResponse {
    let removal = sessions.sign_out(&browser.headers).await;
    let cookie = removal.map(|removal| (header::SET_COOKIE, removal));
    (AppendHeaders(cookie), "You are signed out.")
}

/// The platform's panel opens this page when an organizer connects the event. Nobody can sign in before.
async fn connect(State(Portal { flow, .. }): State<Portal>, browser: Parts) -> impl IntoResponse {
    let begun = flow.begin_from_panel(&browser, [Scope::EventRead].into()).await;
    begun.map_err(FlowRejection)
}

/// Both flows return here. Only a participant's begins a session.
async fn callback(State(Portal { flow, sessions, .. }): State<Portal>, browser: Parts) -> Response {
    let FlowOutcome { headers, result } = flow.finish(&browser).await;
    let connection = match result {
        Ok(finished) => finished.connection,
        // The browser got no response to the first one. The page shows whether somebody is signed in.
        Err(FlowError::AlreadyUsed { .. }) => return headers.apply(Redirect::to("/").into_response()),
        Err(error) => return headers.apply(FlowRejection(error).into_response()),
    };
    if connection.key.user_id.is_none() {
        return headers.apply("Connected. Participants can sign in now.".into_response());
    }
    match sessions.sign_in(&browser.headers, &connection).await {
        Ok(cookie) => {
            let page = Redirect::to(sessions.return_path(Some("/")).as_str());
            headers.apply((AppendHeaders([(header::SET_COOKIE, cookie)]), page).into_response())
        }
        Err(error) => headers.apply(problem(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response()),
    }
}

fn problem(status: StatusCode, error: &(dyn Error + 'static)) -> (StatusCode, String) {
    (status, format!("That did not work: {}.", chain(error)))
}

/// Ends connections and with them their sessions. Deletes who has signed in when the platform asks for it.
async fn apply(Portal { client, ledger, .. }: Portal, webhook: Webhook) -> Result<(), HandlerError> {
    let envelope = &webhook.envelope;
    client.apply_webhook(envelope).await?;
    ledger.record(envelope).await?;
    let Some(duty) = ledger.duty(&envelope.id).await? else {
        return Ok(()); // Another webhook than `data.deletion_required`.
    };
    let mut connections = client.connections();
    while let Some(Connection {
        key, consented_at, ..
    }) = connections.try_next().await?
    {
        let is_of_event = duty.event_id.as_ref().is_none_or(|id| *id == key.event_id);
        if is_of_event && covers_consent(&duty, consented_at) {
            client.delete_connection(&key).await?;
        }
    }
    ledger.mark_deleted(&duty.envelope_id, "sign-ins").await?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let base_url = setting("BASE_URL")?;
    let endpoints = Endpoints::new(&setting("REVENTO_AUTH_BASE")?, &setting("REVENTO_API_BASE")?)?;
    let callback_url = format!("{base_url}/callback");
    let integration = Integration::new(endpoints, setting("REVENTO_CLIENT_ID")?, &callback_url)?
        .with_secret(setting("REVENTO_CLIENT_SECRET")?);
    let keys = Arc::new(KeyRing::from_base64(&setting("SEALING_KEY")?)?);
    let store = SqliteStore::open(&setting("DATABASE")?).await?;
    let client = Client::builder(integration)
        .transport(ReqwestTransport::new()?)
        .store(store.clone())
        .sealer(keys.clone())
        .build()?;
    let portal = Portal {
        // A browser sends other cookies on pages of ours, but not in the platform's frame.
        flow: AuthorizationFlow::new(client.clone(), &keys, store.clone()).partitioned_cookies(),
        sessions: WebviewSessions::new(client.clone(), &keys, LocalPath::parse("/login")?),
        ledger: Deletions::new(store.clone()),
        event_id: setting("REVENTO_EVENT_ID")?.into(),
        client: client.clone(),
    };

    let inbox = Inbox::builder(store.clone(), keys).build();
    let lifecycle = portal.clone();
    let runner = inbox.runner(Handlers::new().on_any(move |webhook| apply(lifecycle.clone(), webhook)));
    let webhooks = WebhookEndpoint::new(Verifier::new(&setting("REVENTO_WEBHOOK_SECRET")?)?, inbox);
    let app = Router::new()
        .route("/logout", post(logout))
        .layer(SameOrigin::new(&base_url)?)
        .route("/", get(page))
        .route("/login", get(login))
        .route("/connect", get(connect))
        .route("/callback", get(callback))
        .with_state(portal)
        .layer(FrameAncestors::only(&setting("PLATFORM_ORIGIN")?)?)
        .layer(WebhookRoute::new("/webhooks", webhooks));

    let stop = async { drop(tokio::signal::ctrl_c().await) }.shared();
    let address = setting("LISTEN")?;
    let listener = TcpListener::bind(&address).await;
    let listener =
        listener.with_context(|| format!("cannot listen on {address}: set LISTEN to a free address"))?;
    let server = axum::serve(listener, app).with_graceful_shutdown(stop.clone());
    let (served, (), ()) = tokio::join!(server, runner.run(stop.clone()), client.background().run(stop));
    served?;
    Ok(store.close().await?)
}

fn setting(name: &str) -> anyhow::Result<String> {
    let value = env::var(name).ok();
    value.with_context(|| format!("{name} is not set: README.md says what it is"))
}
