//! Serves the approved participants of an event as CSV, which a spreadsheet imports: a mirror keeps them up to date.
//!
//! The settings are environment variables, see README.md. The page docs/guide/spreadsheet-sync.md explains the program.

use std::{collections::BTreeMap, collections::BTreeSet, env, error::Error, io, sync::Arc};

use anyhow::Context as _;
use axum::http::{StatusCode, header, request::Parts};
use axum::{Router, extract::State, response::IntoResponse, routing::get};
use futures_util::FutureExt;
use revento::inbox::Deletions;
use revento::mirror::Mirror;
use revento::store_sqlite::SqliteMirror;
use revento::types::{EventId, error::chain, resource::Participant, text::printable};
use revento::with_axum::{AuthorizationFlow, FlowOutcome, WebhookEndpoint, WebhookRoute};
use revento::{Client, Endpoints, Integration, KeyRing, ReqwestTransport, Scope, SqliteStore};
use revento::{EventType, HandlerError, Handlers, Inbox, Verifier, Webhook};
use serde_json::Value;
use tokio::net::TcpListener;

#[derive(Clone)]
struct Sheet {
    client: Client,
    flow: AuthorizationFlow,
    mirror: Mirror,
    ledger: Deletions,
    event_id: EventId,
}

/// The list as it is now. It comes from the database, so it costs no call of the API.
async fn list(State(Sheet { mirror, event_id, .. }): State<Sheet>) -> impl IntoResponse {
    let approved = mirror.participants(event_id).approved().all().await;
    let approved = approved.map_err(|error| problem(StatusCode::SERVICE_UNAVAILABLE, &error))?;
    let people: Vec<_> = approved.into_iter().map(|row| row.item).collect();
    let csv = write(&people).map_err(|error| problem(StatusCode::INTERNAL_SERVER_ERROR, &error))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok::<_, (StatusCode, String)>((headers, csv))
}

/// One line for each participant, with a column for each question of the organizer's form.
fn write(participants: &[Participant]) -> Result<Vec<u8>, csv::Error> {
    let answers = |person: &Participant| {
        person
            .custom_form_fields
            .parse::<BTreeMap<String, Value>>()
            .unwrap_or_default()
    };
    let questions: BTreeSet<_> = participants
        .iter()
        .flat_map(|person| answers(person).into_keys())
        .collect();
    let mut csv = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    let columns = ["id", "name", "email"]
        .into_iter()
        .chain(questions.iter().map(String::as_str));
    csv.write_record(columns.map(cell))?;
    for person in participants {
        let answers = answers(person);
        let answer = |question: &String| match answers.get(question) {
            Some(Value::String(text)) => cell(text),
            answer => cell(&answer.map(Value::to_string).unwrap_or_default()),
        };
        let [name, email] =
            [&person.name, &person.email].map(|text| cell(text.as_deref().unwrap_or_default()));
        csv.write_record(
            [cell(person.id.as_str()), name, email]
                .into_iter()
                .chain(questions.iter().map(answer)),
        )?;
    }
    csv.into_inner().map_err(|error| error.into_error().into())
}

/// A text that people wrote, as a cell that can do nothing: on one line, without marks that change the direction of text, and with an
/// apostrophe before each character that could begin a formula, wherever a spreadsheet may see the beginning of a cell.
fn cell(text: &str) -> String {
    let (mut guarded, mut begins) = (String::new(), true);
    for character in printable(text).whole().to_string().chars() {
        if begins && "=+-@＝＋－＠﹦﹢﹣﹫−".contains(character) {
            guarded.push('\'');
        }
        let is_skipped = character.is_whitespace() || "\"'".contains(character);
        begins = ",;|，；".contains(character) || (begins && is_skipped);
        guarded.push(character);
    }
    guarded
}

/// Wipes what the platform wants to be deleted. The mirror is all that this program keeps.
async fn ended(
    Sheet {
        client,
        mirror,
        ledger,
        ..
    }: Sheet,
    webhook: Webhook,
) -> Result<(), HandlerError> {
    client.apply_webhook(&webhook.envelope).await?;
    mirror.fulfil(&ledger).await?;
    Ok(())
}

/// The platform's panel opens this page when the organizer connects the event.
async fn connect(State(Sheet { flow, .. }): State<Sheet>, browser: Parts) -> impl IntoResponse {
    let scopes = [Scope::ParticipantsRead, Scope::ProgramRead].into();
    let begun = flow.begin_from_panel(&browser, scopes).await;
    begun.map_err(|error| problem(error.status(), &error))
}

async fn callback(State(Sheet { flow, .. }): State<Sheet>, browser: Parts) -> impl IntoResponse {
    let FlowOutcome { headers, result } = flow.finish(&browser).await;
    let connected = result.map(|_| "Connected. The list fills within a minute.");
    let page = connected.map_err(|error| problem(error.status(), &error));
    headers.apply(page.into_response())
}

fn problem(status: StatusCode, error: &(dyn Error + 'static)) -> (StatusCode, String) {
    (status, format!("That did not work: {}.", chain(error)))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
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
    let mirror = Mirror::builder(client.clone(), SqliteMirror::open(&store).await?).build();
    let sheet = Sheet {
        flow: AuthorizationFlow::new(client.clone(), &keys, store.clone()),
        ledger: Deletions::new(store.clone()),
        event_id: setting("REVENTO_EVENT_ID")?.into(),
        mirror: mirror.clone(),
        client: client.clone(),
    };

    let inbox = Inbox::builder(store.clone(), keys).build();
    let (deletion, ending) = (EventType::DataDeletionRequired, sheet.clone());
    let handlers = Handlers::new().on_type(deletion.clone(), sheet.ledger.handler());
    let handlers = mirror
        .register(handlers)
        .on_type(deletion, move |webhook| ended(ending.clone(), webhook));
    let runner = inbox.runner(handlers);
    let webhooks = WebhookEndpoint::new(Verifier::new(&setting("REVENTO_WEBHOOK_SECRET")?)?, inbox);
    let app = Router::new()
        .route(&format!("/{}/participants.csv", setting("SHEET_KEY")?), get(list))
        .route("/connect", get(connect))
        .route("/callback", get(callback))
        .with_state(sheet)
        .layer(WebhookRoute::new("/webhooks", webhooks));

    let stop = async { drop(tokio::signal::ctrl_c().await) }.shared();
    let address = setting("LISTEN")?;
    let listener = TcpListener::bind(&address).await;
    let listener =
        listener.with_context(|| format!("cannot listen on {address}: set LISTEN to a free address"))?;
    let server = axum::serve(listener, app).with_graceful_shutdown(stop.clone());
    let workers = async {
        tokio::join!(
            runner.run(stop.clone()),
            mirror.run(stop.clone()),
            client.background().run(stop.clone())
        )
    };
    let (served, _) = tokio::join!(server, workers);
    served?;
    Ok(store.close().await?)
}

fn setting(name: &str) -> anyhow::Result<String> {
    let value = env::var(name).ok();
    value.with_context(|| format!("{name} is not set: README.md says what it is"))
}

#[cfg(test)]
mod tests;
