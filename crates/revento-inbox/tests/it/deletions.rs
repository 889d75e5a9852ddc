//! The deletion handler with each deletion store.

use std::{sync::Arc, time::Duration};

use revento_core::{EnvelopeId, EventType, Timestamp};
use revento_inbox::{Deletions, Handlers, covers_consent};
use revento_store::{Clock, DeletionStore, DeliveryState::Done, memory::MemoryDeletions};
use revento_store_postgres::PostgresOptions;
use revento_store_sqlite::SqliteStore;

use crate::{
    engines::{self, Place},
    world::{Running, Sent, inbox, run_until, sent, until},
};

const DAY: Duration = Duration::from_secs(86_400);
const DEADLINE: &str = "2026-06-08T14:22:31Z";

/// A clock that a test sets.
#[derive(Debug)]
struct Standing(std::sync::Mutex<Timestamp>);

impl Standing {
    fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(std::sync::Mutex::new(text.parse().unwrap())))
    }

    fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.saturating_add(by);
    }
}

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

fn deletion(id: &str, data: &str) -> Sent {
    sent(id).of_type("data.deletion_required").with_data(data)
}

/// Accepts deliveries and handles them with the deletion handler only.
async fn handle(ledger: &Deletions, all: &[Sent]) {
    let place = Place::Sqlite(tempfile::tempdir().unwrap());
    let inbox = inbox(place.open().await);
    let handlers = Handlers::new().on_any(ledger.handler());
    let running = Running::start(&inbox, handlers);
    for sent in all {
        sent.arrive(&inbox).await.unwrap();
        until(&inbox, &sent.id(), Done).await;
    }
    running.stop().await;
}

/// The memory store, SQLite, and PostgreSQL if the environment names one.
async fn stores(directory: &tempfile::TempDir) -> Vec<Arc<dyn DeletionStore>> {
    let file = directory.path().join("ledger.sqlite");
    let mut stores: Vec<Arc<dyn DeletionStore>> = vec![
        Arc::new(MemoryDeletions::new()),
        Arc::new(SqliteStore::open(file).await.unwrap()),
    ];
    for place in engines::all() {
        if let Place::Postgres { url, schema } = place {
            let options = PostgresOptions::new(url).schema(schema).max_connections(2);
            stores.push(Arc::new(options.connect().await.unwrap()));
        }
    }
    stores
}

#[tokio::test(flavor = "multi_thread")]
async fn q15_q16_a_duty_needs_no_connection_and_no_token() {
    let directory = tempfile::tempdir().unwrap();
    for store in stores(&directory).await {
        let ledger = Deletions::new(store);
        // Nobody here has ever heard of this connection; the second lacks all its details.
        let known = deletion(
            "1",
            &format!(r#"{{"deadline_at":"{DEADLINE}","reason":"archived"}}"#),
        );
        let bare = deletion("2", "{}");
        let other = sent("3").of_type("user.revoked_access");
        handle(&ledger, &[known, bare, other]).await;

        let open = ledger.open().await.unwrap();
        assert_eq!(open.len(), 2, "{open:?}");
        for duty in open {
            assert_eq!(duty.deadline_at, DEADLINE.parse().unwrap());
            assert_eq!(duty.event_id, Some("evt_1".into()));
            let reason = (duty.envelope_id.as_str() == "env_1").then(|| "archived".to_owned());
            assert_eq!(duty.reason, reason);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q17_the_ledger_survives_a_restart_and_repeats_change_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ledger.sqlite");
    let clock = Standing::at("2026-05-10T00:00:00Z");
    let open = async || {
        let store = SqliteStore::open(&file).await.unwrap();
        Deletions::new(Arc::new(store)).clock(clock.clone())
    };
    let id: EnvelopeId = "env_1".into();
    let sent = deletion("1", &format!(r#"{{"deadline_at":"{DEADLINE}"}}"#));
    handle(&open().await, std::slice::from_ref(&sent)).await;

    let restarted = open().await;
    assert!(
        restarted
            .mark_deleted(&id, "3 rows of participants")
            .await
            .unwrap()
    );
    clock.advance(DAY);
    assert!(
        !restarted.mark_deleted(&id, "deleted again").await.unwrap(),
        "deleting twice is fine, and the first proof stays"
    );
    // The platform sends the webhook again, under another delivery id.
    handle(&restarted, &[sent.under("dlv_again")]).await;

    let restarted = open().await;
    assert!(restarted.open().await.unwrap().is_empty());
    let proof = restarted.duty(&id).await.unwrap().unwrap().done.unwrap();
    assert_eq!(proof.at, "2026-05-10T00:00:00Z".parse().unwrap());
    assert_eq!(proof.note, "3 rows of participants");
}

#[tokio::test(flavor = "multi_thread")]
async fn q17_reminders_come_before_the_deadline_and_do_not_stop_behind_it() {
    let directory = tempfile::tempdir().unwrap();
    for store in stores(&directory).await {
        let clock = Standing::at("2026-05-09T14:22:31Z");
        let ledger = Deletions::new(store).clock(clock.clone());
        let (late, soon) = (
            deletion("late", r#"{"deadline_at":"2027-01-01T00:00:00Z"}"#),
            deletion("soon", &format!(r#"{{"deadline_at":"{DEADLINE}"}}"#)),
        );
        handle(&ledger, &[late, soon]).await;
        assert_eq!(ledger.open().await.unwrap()[0].envelope_id, "env_soon".into());

        let mut days = Vec::new();
        for day in 0..=33 {
            for duty in ledger.due_reminders().await.unwrap() {
                assert_eq!(duty.envelope_id, "env_soon".into());
                days.push(day);
                assert!(ledger.mark_reminded(&duty.envelope_id).await.unwrap());
                assert!(ledger.due_reminders().await.unwrap().is_empty(), "once a step");
            }
            clock.advance(DAY);
        }
        // 14, 7, 3 days and one before the thirtieth; then every day.
        assert_eq!(days, [16, 23, 27, 29, 30, 31, 32, 33]);
        assert!(ledger.mark_deleted(&"env_soon".into(), "all rows").await.unwrap());
        assert!(!ledger.mark_reminded(&"env_soon".into()).await.unwrap());
        assert!(ledger.due_reminders().await.unwrap().is_empty());
    }
}

/// The organizer connects again before the webhook of the old connection arrives.
#[tokio::test(flavor = "multi_thread")]
async fn q17_a_late_webhook_does_not_mean_the_data_of_a_newer_connection() {
    let ledger = Deletions::new(Arc::new(MemoryDeletions::new()));
    handle(&ledger, &[deletion("1", "{}")]).await;
    let duty = ledger.duty(&"env_1".into()).await.unwrap().unwrap();
    let ended: Timestamp = "2026-05-09T14:22:31Z".parse().unwrap();
    assert!(covers_consent(&duty, ended.saturating_sub(DAY)));
    assert!(covers_consent(&duty, ended));
    assert!(!covers_consent(
        &duty,
        ended.saturating_add(Duration::from_micros(1))
    ));
}

/// The deletion store is down, so the webhook is not handled and is retried.
#[tokio::test(flavor = "multi_thread")]
async fn q17_a_duty_that_could_not_be_kept_is_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let ledger_store = stores(&directory).await.remove(1);
    let closed = SqliteStore::open(directory.path().join("ledger.sqlite"))
        .await
        .unwrap();
    closed.close().await.unwrap();
    let (broken, ledger) = (Deletions::new(Arc::new(closed)), Deletions::new(ledger_store));
    let place = Place::Sqlite(tempfile::tempdir().unwrap());
    let inbox = inbox(place.open().await);
    let sent = deletion("1", "{}");
    sent.arrive(&inbox).await.unwrap();
    let handler = ledger.handler();
    let broken = broken.handler();
    let handlers = Handlers::new().on_type(EventType::DataDeletionRequired, move |webhook| {
        if webhook.attempt == 1 {
            broken(webhook)
        } else {
            handler(webhook)
        }
    });
    run_until(&inbox, handlers, &sent.id(), Done).await;
    assert_eq!(ledger.open().await.unwrap().len(), 1);
}
