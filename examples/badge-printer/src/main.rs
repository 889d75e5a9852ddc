//! Prints a badge for each approval: one job, whatever arrives twice and whatever crashes.
//!
//! The settings are environment variables, see README.md. The page docs/guide/badge-printer.md explains the program.

use std::{env, fs, io, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::http::request::Parts;
use axum::{Router, extract::State, response::IntoResponse, routing::get};
use futures_util::FutureExt;
use revento::inbox::{Deletions, Policy};
use revento::types::{EventId, text::printable};
use revento::with_axum::{AuthorizationFlow, FlowOutcome, FlowRejection, WebhookEndpoint, WebhookRoute};
use revento::{Client, Endpoints, Integration, KeyRing, ReqwestTransport, Scope, SqliteStore};
use revento::{EventType, HandlerError, Handlers, Inbox, Verifier, Webhook, kind::ApplicationApproved};
use serde_json::Value;
use sqlx::{AssertSqlSafe, SqlitePool, sqlite::SqliteConnectOptions};
use tokio::{net::TcpListener, time};

/// `ended` remembers when connections ended, so that an approval which arrives later prints nothing.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS ended (event_id TEXT, ended_at INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL,
        application_id TEXT NOT NULL, approved_at INTEGER NOT NULL, badge TEXT NOT NULL,
        printed INTEGER NOT NULL DEFAULT FALSE, UNIQUE (application_id, approved_at)) STRICT";
const ADD: &str = "INSERT INTO jobs (event_id, application_id, approved_at, badge) SELECT ?1, ?2, ?3, ?4
    WHERE NOT EXISTS (SELECT 1 FROM ended WHERE ifnull(event_id, ?1) = ?1 AND ended_at >= ?3)
    ON CONFLICT (application_id, approved_at) DO NOTHING";
const PRINT: &str = "UPDATE jobs SET printed = TRUE WHERE NOT printed RETURNING id, badge";
const END: &str = "INSERT INTO ended VALUES (?, ?)";
const DELETE: &str =
    "DELETE FROM jobs WHERE event_id = ifnull(?, event_id) AND approved_at <= ? RETURNING id";

/// The jobs are in the inbox's own database, so that a transaction can hold both.
#[derive(Clone)]
struct Jobs {
    client: Client,
    ledger: Deletions,
    db: SqlitePool,
    /// The printer prints each file that appears in this folder.
    spool: PathBuf,
}

impl Jobs {
    /// Adds a job. The job and the end of the delivery are one transaction: both are stored, or neither is.
    async fn add(self, webhook: Webhook<ApplicationApproved>) -> Result<(), HandlerError> {
        let application = &webhook.data;
        let answers: Value = application.custom_form_fields.parse()?;
        let name = answers.get("badge_name").and_then(Value::as_str);
        // A participant writes the name. Control characters in it would be commands for the printer.
        let badge = printable(name.unwrap_or(application.id.as_str())).to_string();

        let mut tx = self.db.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(ADD)
            .bind(webhook.envelope.event_id.as_ref().map(EventId::as_str))
            .bind(application.id.as_str())
            .bind(application.approved_at.map(|at| at.unix_micros()))
            .bind(badge)
            .execute(&mut *tx)
            .await?;
        let end = SqliteStore::completion(&webhook.lease, self.client.now());
        let end = sqlx::query(AssertSqlSafe(end.sql))
            .bind(end.envelope_id)
            .bind(end.fence)
            .bind(end.at);
        if end.fetch_optional(&mut *tx).await?.is_none() {
            return Err(HandlerError::retry("another process has this delivery")); // Rolls back.
        }
        Ok(tx.commit().await?)
    }

    /// Gives the waiting jobs to the printer. What a crash interrupts is written again under the same names.
    async fn print_waiting(&self) -> anyhow::Result<()> {
        let mut tx = self.db.begin_with("BEGIN IMMEDIATE").await?;
        let waiting: Vec<(i64, String)> = sqlx::query_as(PRINT).fetch_all(&mut *tx).await?;
        for (id, badge) in waiting {
            let [unfinished, finished] = self.files(id);
            fs::write(&unfinished, badge)?;
            fs::rename(unfinished, finished)?;
        }
        Ok(tx.commit().await?)
    }

    async fn print(self) {
        loop {
            if let Err(error) = self.print_waiting().await {
                tracing::error!("no badge was printed, trying again: {error:#}");
            }
            time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Deletes the badges of an event whose connection has ended. Those of a newer connection stay.
    async fn delete(self, webhook: Webhook) -> Result<(), HandlerError> {
        let ended = &webhook.envelope;
        self.ledger.record(ended).await?;
        self.client.apply_webhook(ended).await?;
        let event_id = ended.event_id.as_ref().map(EventId::as_str);
        let ended_at = ended.occurred_at.unix_micros();
        let mut tx = self.db.begin_with("BEGIN IMMEDIATE").await?;
        let end = sqlx::query(END).bind(event_id).bind(ended_at);
        end.execute(&mut *tx).await?;
        let jobs = sqlx::query_scalar(DELETE).bind(event_id).bind(ended_at);
        let jobs: Vec<i64> = jobs.fetch_all(&mut *tx).await?;
        let files = jobs.iter().flat_map(|id| self.files(*id));
        for file in files.filter(|file| file.exists()) {
            fs::remove_file(file)?;
        }
        tx.commit().await?;
        let proof = format!("print jobs: {}", jobs.len());
        self.ledger.mark_deleted(&ended.id, proof).await?;
        Ok(())
    }

    fn files(&self, id: i64) -> [PathBuf; 2] {
        ["unfinished", "txt"].map(|end| self.spool.join(format!("{id}.{end}")))
    }
}

/// The platform's panel opens this page when an organizer connects an event.
async fn connect(State(flow): State<AuthorizationFlow>, browser: Parts) -> impl IntoResponse {
    let begun = flow.begin_from_panel(&browser, [Scope::EventRead].into()).await;
    begun.map_err(FlowRejection)
}

async fn callback(State(flow): State<AuthorizationFlow>, browser: Parts) -> impl IntoResponse {
    let FlowOutcome { headers, result } = flow.finish(&browser).await;
    headers.apply(
        result
            .map(|_| "Connected.")
            .map_err(FlowRejection)
            .into_response(),
    )
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let (database, spool) = (setting("DATABASE")?, PathBuf::from(setting("SPOOL")?));
    let endpoints = Endpoints::new(&setting("REVENTO_AUTH_BASE")?, &setting("REVENTO_API_BASE")?)?;
    let callback_url = format!("{}/callback", setting("BASE_URL")?);
    let integration = Integration::new(endpoints, setting("REVENTO_CLIENT_ID")?, &callback_url)?
        .with_secret(setting("REVENTO_CLIENT_SECRET")?);
    let keys = Arc::new(KeyRing::from_base64(&setting("SEALING_KEY")?)?);
    let store = SqliteStore::open(&database).await?;
    let client = Client::builder(integration)
        .transport(ReqwestTransport::new()?)
        .store(store.clone())
        .sealer(keys.clone())
        .build()?;
    let options = SqliteConnectOptions::new().filename(database);
    let db = SqlitePool::connect_with(options.pragma("secure_delete", "ON")).await?;
    sqlx::raw_sql(TABLES).execute(&db).await?;

    let jobs = Jobs {
        client: client.clone(),
        ledger: Deletions::new(store.clone()),
        db,
        spool,
    };
    let (adding, deleting) = (jobs.clone(), jobs.clone());
    let deletion = EventType::DataDeletionRequired;
    let handlers = Handlers::new()
        .on(move |webhook| adding.clone().add(webhook))
        .on_type(deletion, move |webhook| deleting.clone().delete(webhook));
    let policy = Policy::new().handler_timeout(Duration::from_secs(5));
    let inbox = Inbox::builder(store.clone(), keys.clone()).policy(policy).build();
    let runner = inbox.runner(handlers);
    let webhooks = WebhookEndpoint::new(Verifier::new(&setting("REVENTO_WEBHOOK_SECRET")?)?, inbox);
    let app = Router::new()
        .route("/connect", get(connect))
        .route("/callback", get(callback))
        .with_state(AuthorizationFlow::new(client.clone(), &keys, store.clone()))
        .layer(WebhookRoute::new("/webhooks", webhooks));

    tokio::spawn(jobs.print());
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
