//! `revento ops`, on a SQLite file that a service has open.

use std::{os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use revento::{
    Handlers, Inbox, KeyRing, SealingKey, SqliteStore, Timestamp,
    inbox::Policy,
    store::{Clock, DeletionStore, InboxStore, OsEntropy, SystemClock, TokenStore},
    types::{Connection, ConnectionStatus, StatusReason},
};
use revento_example_service::private_file;
use revento_store_testkit::fixtures;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    json::{json_lines, lines_of},
    support::{Ended, revento},
};

const DAY: Duration = Duration::from_secs(86_400);
const TEN_DAYS: Duration = Duration::from_secs(10 * 86_400);

struct Service {
    store: SqliteStore,
    folder: TempDir,
}

impl Service {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(folder.path().join("service.db")).await.unwrap();
        Self { store, folder }
    }

    /// A connection that is all right, for which nothing has to be done.
    async fn connection(&self, event: &str, status: ConnectionStatus, reason: Option<StatusReason>) {
        let mut record = fixtures::record(event, 1);
        let now = now();
        record.connection.status = status;
        record.connection.reason = reason;
        record.connection.status_since = now.saturating_sub(DAY);
        lasting(&mut record.connection);
        self.store.create(&record).await.unwrap();
    }

    /// Deliveries that the inbox has buried, because it cannot open their bodies.
    async fn buried(&self, count: u64) {
        let key = SealingKey::generate(&OsEntropy).unwrap();
        let text = key.to_base64();
        assert!(private_file::write_new(&self.key_file(), text.as_bytes()).unwrap());
        let inbox = Inbox::builder(self.store.clone(), KeyRing::new(key))
            .policy(Policy::new().retry_delays([]))
            .build();
        for number in 1..=count {
            self.store.insert(&fixtures::delivery(number)).await.unwrap();
            let all_buried = async {
                while self.store.buried(None, 10).await.unwrap().len() as u64 != number {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            inbox.runner(Handlers::new()).run(all_buried).await;
        }
    }

    fn key_file(&self) -> PathBuf {
        self.folder.path().join("sealing.key")
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = revento(&[&["ops"], arguments].concat());
        command
            .env(
                "REVENTO_STORE",
                format!("sqlite:{}", self.folder.path().join("service.db").display()),
            )
            .env("REVENTO_CLIENT_ID", "clt_test");
        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        let ended = Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!ended.stdout.contains('\u{1b}'), "{ended:?}");
        ended
    }
}

/// Sets times for which nothing has to be done.
pub(crate) fn lasting(connection: &mut Connection) {
    let now = now();
    connection.access_expires_at = now.saturating_add(Duration::from_secs(3000));
    connection.refresh_expires_at = now.saturating_add(9 * TEN_DAYS);
    connection.consent_expires_at = now.saturating_add(36 * TEN_DAYS);
}

fn now() -> Timestamp {
    SystemClock.now()
}

#[tokio::test]
async fn connections_are_listed_and_shown_without_their_tokens() {
    let service = Service::new().await;
    service
        .connection("evt_1", ConnectionStatus::Connected, None)
        .await;
    service
        .connection("evt_2", ConnectionStatus::InDoubt, Some(StatusReason::AnswerLost))
        .await;

    let all = service.run(&["connections", "list"]).await;
    assert_eq!(all.stdout.lines().count(), 2, "{}", all.stdout);
    assert!(
        all.stdout.contains("in_doubt") && all.stdout.contains("answer_lost"),
        "{}",
        all.stdout
    );

    let doubted = json_lines(
        "ops-connections-list",
        &service
            .run(&["connections", "list", "--status", "in_doubt", "--json"])
            .await,
    );
    assert_eq!((doubted.len(), &doubted[0]["event_id"]), (1, &"evt_2".into()));
    assert!(doubted[0].get("tokens").is_none());

    let as_json = service.run(&["connections", "show", "evt_1", "--json"]).await;
    assert_eq!(json_lines("ops-connections-show", &as_json).len(), 1);
    let shown = service.run(&["connections", "show", "evt_1"]).await;
    assert!(
        shown.stdout.contains("refresh token ends") && shown.stdout.contains("in 89 d"),
        "{}",
        shown.stdout
    );
    let missing = service.run(&["connections", "show", "evt_9"]).await;
    assert_eq!(missing.code, Some(1));
    assert!(
        missing.stderr.contains("no such connection"),
        "{}",
        missing.stderr
    );
}

#[tokio::test]
async fn l7_a_long_list_ends_silently_when_nobody_reads_it() {
    let service = Service::new().await;
    for number in 0..450 {
        let event = format!("evt_{number}");
        service
            .connection(&event, ConnectionStatus::Connected, None)
            .await;
    }
    let store = format!("sqlite:{}", service.folder.path().join("service.db").display());
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    drop(reader);
    let ended = revento(&["ops", "connections", "list", "--store", &store])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(
        (ended.status.code(), String::from_utf8(ended.stderr).unwrap()),
        (Some(0), String::new())
    );
}

#[tokio::test]
async fn buried_deliveries_are_listed_queued_again_and_expunged() {
    let service = Service::new().await;
    service.buried(3).await;
    let dead = json_lines("ops-inbox-dead", &service.run(&["inbox", "dead", "--json"]).await);
    assert_eq!(dead.len(), 3);
    assert_eq!(
        (&dead[0]["attempts"], &dead[0]["error"]),
        (&1.into(), &Value::Null)
    );
    let text = service.run(&["inbox", "dead", "--limit", "1"]).await.stdout;
    assert!(
        text.contains("env_3") && text.ends_with("(--key-file opens the error)\n"),
        "{text}"
    );

    // Whoever has the key reads why.
    let key_file = service.key_file();
    let with_key = [
        "inbox",
        "dead",
        "--limit",
        "1",
        "--key-file",
        key_file.to_str().unwrap(),
    ];
    let text = service.run(&with_key).await.stdout;
    assert!(
        text.contains("1 attempt: the sealed bytes have an unknown format"),
        "{text}"
    );
    std::fs::set_permissions(&key_file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = service.run(&with_key).await;
    assert!(
        refused.code == Some(1) && refused.stderr.contains("chmod 600"),
        "{}",
        refused.stderr
    );

    let unknown = service.run(&["inbox", "requeue", "env_1", "env_unknown"]).await;
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.stdout.contains("queued again") && unknown.stdout.contains("not buried"),
        "{}",
        unknown.stdout
    );

    let refused = service.run(&["inbox", "requeue", "--all"]).await;
    assert_eq!(refused.code, Some(1), "what changes much needs --yes");
    assert!(
        refused.stderr.contains("2 buried") && refused.stderr.contains("--yes"),
        "{}",
        refused.stderr
    );
    let asked = service
        .run(&["inbox", "expunge", "--before", "2100-01-01T00:00:00Z"])
        .await;
    assert_eq!(asked.code, Some(1));
    assert!(
        asked.stderr.contains("2 buried") && asked.stderr.contains("--yes"),
        "{}",
        asked.stderr
    );
    let expunged = service
        .run(&["inbox", "expunge", "--before", "2100-01-01T00:00:00Z", "--yes"])
        .await;
    assert!(expunged.stdout.contains("bodies of 2"), "{}", expunged.stdout);
    let gone = service.run(&["inbox", "requeue", "env_2"]).await;
    assert!(gone.stdout.contains("replay it"), "{}", gone.stdout);
}

#[tokio::test]
async fn check_names_what_a_person_has_to_act_on() {
    let service = Service::new().await;
    service
        .connection("evt_1", ConnectionStatus::Connected, None)
        .await;
    let quiet = service.run(&["check"]).await;
    assert_eq!(quiet.code, Some(0), "{}{}", quiet.stdout, quiet.stderr);

    service
        .connection("evt_2", ConnectionStatus::InDoubt, Some(StatusReason::AnswerLost))
        .await;
    service
        .connection(
            "evt_3",
            ConnectionStatus::NeedsConsent,
            Some(StatusReason::RefreshRejected),
        )
        .await;
    service.buried(1).await;
    let mut duty = fixtures::deletion_duty(1);
    duty.deadline_at = now().saturating_add(DAY);
    service.store.record(&duty).await.unwrap();
    let mut late = fixtures::delivery(9);
    late.received_at = now().saturating_sub(DAY);
    service.store.insert(&late).await.unwrap();

    let found = service.run(&["check"]).await;
    assert_eq!(found.code, Some(1));
    for what in [
        "1 connection in doubt",
        "1 connection without a consent",
        "1 delivery buried",
        "1 deletion due",
        "1 delivery waiting",
    ] {
        assert!(found.stdout.contains(what), "{what} is not in {}", found.stdout);
    }
    let json = lines_of("ops-check", &service.run(&["check", "--json"]).await.stdout).remove(0);
    assert_eq!(
        (&json["ok"], json["findings"].as_array().unwrap().len()),
        (&false.into(), 5)
    );

    let as_json = service.run(&["deletions", "due", "--json"]).await;
    assert_eq!(json_lines("ops-deletions-due", &as_json).len(), 1);
    let due = service.run(&["deletions", "due"]).await;
    assert!(
        due.stdout.contains("evt_1") && due.stdout.contains("in 23 h"),
        "{}",
        due.stdout
    );
}

/// What the command says if it was built without a kind of store.
fn unless(built: bool, hint: &'static str) -> &'static str {
    if built { "" } else { hint }
}

#[test]
fn a_store_that_cannot_be_opened_is_named_without_its_password() {
    for (url, says) in [
        ("integration.db", "sqlite:PATH"),
        ("sqlite:no/such/file.db", "no/such/file.db"),
        ("oracle://user:hunter2@localhost/db", "unknown scheme oracle"),
        (
            "mysql://user:hunter2@127.0.0.1:1/db",
            unless(cfg!(feature = "mysql"), "--features mysql"),
        ),
        (
            "postgres://user:hunter2@127.0.0.1:1/db",
            unless(cfg!(feature = "postgres"), "--features postgres"),
        ),
        (
            "redis://user:hunter2@127.0.0.1:1/",
            unless(cfg!(feature = "redis"), "--features redis"),
        ),
    ] {
        let output = revento(&["ops", "deletions", "due", "--store", url])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(says) && !text.contains("hunter2"), "{text}");
    }
}
