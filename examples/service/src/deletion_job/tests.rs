//! The deletion job on a real database, with restarts, at times that the test sets.

use std::{path::Path, sync::Mutex};

use revento::{
    Endpoints, Integration, ReqwestTransport, Scopes, SqliteStore,
    store::{Record, TokenStore},
    types::{Connection, ConnectionKey, ConnectionStatus, Envelope},
};

use super::*;
use crate::{DataDir, feed::Entry};

const DAY: Duration = Duration::from_secs(86_400);

#[derive(Debug)]
struct ManualClock(Mutex<Timestamp>);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl ManualClock {
    fn set(&self, text: &str) {
        *self.0.lock().unwrap() = text.parse().unwrap();
    }
}

struct World {
    clock: Arc<ManualClock>,
    store: SqliteStore,
    job: DeletionJob,
}

impl World {
    /// The service's data directory, as after a start.
    async fn open(directory: &Path, clock: Arc<ManualClock>) -> Self {
        let data = DataDir::open(directory).await.unwrap();
        let store = data.store();
        let integration = Integration::new(
            Endpoints::sandbox("http://localhost:9").unwrap(),
            "clt_1",
            "http://localhost:9/callback",
        )
        .unwrap();
        let client = Client::builder(integration)
            .transport(ReqwestTransport::new().unwrap())
            .store(store.clone())
            .sealer(data.sealer());
        let job = DeletionJob::new(
            Arc::new(store.clone()),
            clock.clone(),
            client.build().unwrap(),
            Feed::open(&directory.join("handled.jsonl")).unwrap(),
        );
        Self { clock, store, job }
    }

    async fn new(directory: &tempfile::TempDir) -> Self {
        let clock = Arc::new(ManualClock(Mutex::new(Timestamp::UNIX_EPOCH)));
        clock.set("2026-05-10T00:00:00Z");
        Self::open(directory.path(), clock).await
    }

    async fn consent(&self, event_id: &str, consented_at: &str) {
        let consented_at = consented_at.parse().unwrap();
        let key = ConnectionKey::installation("clt_1".into(), event_id.into());
        let connection = Connection {
            key,
            organization_id: None,
            status: ConnectionStatus::Connected,
            reason: None,
            status_since: consented_at,
            delete_by: None,
            scopes: Scopes::parse("event.read"),
            generation: 1,
            consented_at,
            access_expires_at: consented_at.saturating_add(DAY),
            refresh_expires_at: consented_at.saturating_add(90 * DAY),
            consent_expires_at: consented_at.saturating_add(365 * DAY),
        };
        let tokens = None;
        self.store.create(&Record { connection, tokens }).await.unwrap();
    }

    async fn status(&self, event_id: &str) -> ConnectionStatus {
        let connection = self.job.client.connection(event_id).await.unwrap();
        connection.unwrap().status
    }

    /// What the service does with a webhook.
    async fn handle(&self, webhook: &Envelope) {
        self.job.ledger.record(webhook).await.unwrap();
        self.job.client.apply_webhook(webhook).await.unwrap();
    }

    /// The feed lists a webhook that was handled.
    fn sees(&self, webhook: &Envelope) {
        let entry = Entry::new(webhook, &"delivery".into(), 1);
        self.job.feed.push(entry).unwrap();
    }

    fn feed(&self) -> Vec<String> {
        let entries = self.job.feed.entries().unwrap();
        entries.into_iter().map(|entry| entry.envelope_id).collect()
    }
}

fn envelope(id: &str, event_type: &str, event_id: &str, occurred_at: &str) -> Envelope {
    let text = format!(
        r#"{{"id":"{id}","type":"{event_type}","occurred_at":"{occurred_at}","event_id":{event_id},
        "organization_id":null,"data":{{}}}}"#
    );
    Envelope::parse(text.as_bytes()).unwrap()
}

const ENDED: &str = "2026-05-10T12:00:00Z";

fn deletion(event_id: &str) -> Envelope {
    envelope("env_end", "data.deletion_required", event_id, ENDED)
}

#[tokio::test]
async fn q17_what_was_kept_is_deleted_within_days_and_the_proof_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(&directory).await;
    for event in ["evt_1", "evt_2"] {
        world.consent(event, "2026-05-01T00:00:00Z").await;
    }
    for (id, event_id) in [("env_1", "\"evt_1\""), ("env_2", "\"evt_2\"")] {
        let seen = envelope(id, "event.published", event_id, "2026-05-09T00:00:00Z");
        world.sees(&seen);
    }
    world.handle(&deletion("\"evt_1\"")).await;
    world.clock.set("2026-05-11T11:59:59Z");
    world.job.run_once().await.unwrap();
    assert_eq!(
        world.status("evt_1").await,
        ConnectionStatus::Revoked,
        "its day of grace"
    );
    assert_eq!(world.feed(), ["env_1", "env_2"]);

    world.clock.set(ENDED);
    let clock = Arc::clone(&world.clock);
    let restarted = World::open(directory.path(), clock).await;
    let seen = envelope("env_1", "event.published", "\"evt_1\"", "2026-05-09T00:00:00Z");
    restarted.sees(&seen);
    restarted.clock.set("2026-05-11T12:00:00Z");
    for _ in 0..2 {
        restarted.job.run_once().await.unwrap();
        restarted.handle(&deletion("\"evt_1\"")).await; // The platform sends it again.
    }
    assert_eq!(restarted.feed(), ["env_2"]);
    assert_eq!(restarted.status("evt_1").await, ConnectionStatus::Deleted);
    assert_eq!(restarted.status("evt_2").await, ConnectionStatus::Connected);
    let duty = restarted.job.ledger.duty(&"env_end".into()).await.unwrap();
    let proof = duty.unwrap().done.unwrap();
    assert_eq!(proof.at, "2026-05-11T12:00:00Z".parse().unwrap());
    assert_eq!(
        proof.note,
        "entries of the feed: 1, connections: 1; by the hourly job"
    );
    assert!(restarted.job.ledger.open().await.unwrap().is_empty());
}

/// The organizer has connected again before the webhook of the old connection arrived.
#[tokio::test]
async fn q17_a_late_webhook_leaves_what_came_with_a_newer_connection() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(&directory).await;
    world.consent("evt_1", "2026-05-10T12:00:01Z").await;
    let old = envelope("env_old", "event.published", "\"evt_1\"", "2026-05-09T00:00:00Z");
    let new = envelope("env_new", "event.published", "\"evt_1\"", "2026-05-10T12:00:02Z");
    world.sees(&old);
    world.sees(&new);

    world.clock.set("2026-05-20T00:00:00Z");
    world.handle(&deletion("\"evt_1\"")).await;
    world.job.run_once().await.unwrap();
    assert_eq!(world.feed(), ["env_new"]);
    assert_eq!(world.status("evt_1").await, ConnectionStatus::Connected);
    assert!(
        world.job.ledger.open().await.unwrap().is_empty(),
        "the old data is gone"
    );
}

#[tokio::test]
async fn q17_a_duty_without_an_event_means_all_of_them() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(&directory).await;
    for event in ["evt_1", "evt_2"] {
        world.consent(event, "2026-05-01T00:00:00Z").await;
    }
    world.handle(&deletion("null")).await;
    world.clock.set("2026-05-12T00:00:00Z");
    world.job.run_once().await.unwrap();
    for event in ["evt_1", "evt_2"] {
        assert_eq!(world.status(event).await, ConnectionStatus::Deleted, "{event}");
    }
}
