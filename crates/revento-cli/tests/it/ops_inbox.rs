//! `revento ops inbox stats` and `show`, `deletions settle`, and the questions before damage.

use std::{path::Path, time::Duration};

use revento::{
    HandlerError, Handlers, Inbox, KeyRing, SealingKey, SqliteStore, Webhook,
    inbox::Policy,
    store::{
        Clock, DeletionStore, InboxStore, NewDelivery, OsEntropy, Sealer, SystemClock, reseal::body_context,
    },
};
use revento_example_service::private_file;
use revento_store_testkit::fixtures;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    export_terminal::{Terminal, has_setsid},
    json::json_lines,
    support::{Ended, revento},
};

const TYPE: &str = "event.published";

struct Service {
    folder: TempDir,
    store: SqliteStore,
}

impl Service {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(folder.path().join("service.db")).await.unwrap();
        Self { folder, store }
    }

    fn url(&self) -> String {
        format!("sqlite:{}", self.path("service.db"))
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// A new sealing key in a file, and a ring with it.
    fn key(&self) -> KeyRing {
        let key = SealingKey::generate(&OsEntropy).unwrap();
        let file = self.path("sealing.key");
        assert!(private_file::write_new(Path::new(&file), key.to_base64().as_bytes()).unwrap());
        KeyRing::new(key)
    }

    /// A delivery as the inbox would have stored it.
    async fn delivery(&self, ring: &KeyRing, number: u64) -> NewDelivery {
        let now = SystemClock.now();
        let id = format!("env_{number}").into();
        let body = json!({
            "id": format!("env_{number}"), "type": TYPE, "occurred_at": now, "api_version": "v1",
            "organization_id": null, "event_id": "evt_1", "data": { "id": "evt_1" },
        });
        NewDelivery {
            received_at: now,
            signed_at: now,
            occurred_at: now,
            body: ring
                .seal(&body_context(&id), body.to_string().as_bytes())
                .await
                .unwrap(),
            ..fixtures::delivery(number)
        }
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = revento(&[&["ops"], arguments].concat());
        command.env("REVENTO_STORE", self.url());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// What a handler tells of a failure. It would act on a terminal.
const CAUSE: &str = "no such table: badges\u{1b}]0;owned\u{7}";

#[tokio::test]
async fn deliveries_are_counted_by_state_type_and_cause_and_shown() {
    let service = Service::new().await;
    let empty = json_lines(
        "ops-inbox-stats",
        &service.run(&["inbox", "stats", "--json"]).await,
    )
    .remove(0);
    assert_eq!(
        (&empty["due"], &empty["oldest_age_seconds"]),
        (&0.into(), &Value::Null)
    );

    // Two that fail for one reason, one that is handled, one that nobody takes.
    let ring = service.key();
    let file = service.path("sealing.key");
    let reader = KeyRing::new(SealingKey::from_base64(&std::fs::read_to_string(&file).unwrap()).unwrap());
    let inbox = Inbox::builder(service.store.clone(), ring)
        .policy(Policy::new().retry_delays([]))
        .build();
    for number in 1..=3 {
        let delivery = service.delivery(&reader, number).await;
        service.store.insert(&delivery).await.unwrap();
    }
    let handlers = Handlers::new().on_any(|webhook: Webhook| async move {
        match webhook.envelope.id.as_str() {
            "env_3" => Ok(()),
            _ => Err(HandlerError::permanent(CAUSE)),
        }
    });
    let all_done = async {
        loop {
            let buried = service.store.buried(None, 10).await.unwrap().len();
            if buried == 2 && service.store.next_due().await.unwrap().is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    inbox.runner(handlers).run(all_done).await;
    let waiting = service.delivery(&reader, 4).await;
    service.store.insert(&waiting).await.unwrap();

    let stats = json_lines(
        "ops-inbox-stats",
        &service.run(&["inbox", "stats", "--json"]).await,
    )
    .remove(0);
    let counts = [
        "due",
        "later",
        "leased",
        "lapsed",
        "buried",
        "handled",
        "handled_last_hour",
    ];
    assert_eq!(
        counts.map(|name| stats[name].as_u64().unwrap()),
        [1, 0, 0, 0, 2, 1, 1]
    );
    assert_eq!(
        stats["failures"],
        json!([{ "type": TYPE, "retrying": 0, "buried": 2, "causes": null }])
    );

    let with_key = ["inbox", "stats", "--json", "--key-file", &file];
    let stats = json_lines("ops-inbox-stats", &service.run(&with_key).await).remove(0);
    assert_eq!(stats["failures"][0]["causes"][0]["count"], 2, "{stats}");
    let text = service.run(&["inbox", "stats", "--key-file", &file]).await.stdout;
    assert!(text.contains("2 × no such table: badges"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");

    let shown = service
        .run(&["inbox", "show", "env_1", "--key-file", &file])
        .await
        .stdout;
    assert!(
        shown.contains("buried") && shown.contains("no such table") && shown.contains("requeue env_1"),
        "{shown}"
    );
    let shown = json_lines(
        "ops-inbox-show",
        &service.run(&["inbox", "show", "env_4", "--json"]).await,
    )
    .remove(0);
    assert_eq!(
        (&shown["state"], &shown["error"], &shown["has_body"]),
        (&"queued".into(), &Value::Null, &true.into())
    );
    let unknown = service.run(&["inbox", "show", "env_9"]).await;
    assert!(
        unknown.code == Some(1) && unknown.stderr.contains("never came"),
        "{}",
        unknown.stderr
    );
}

#[tokio::test]
async fn a_duty_is_settled_once_and_with_a_proof() {
    let service = Service::new().await;
    service.store.record(&fixtures::deletion_duty(1)).await.unwrap();
    let id = fixtures::deletion_duty(1).envelope_id;
    let settle = |more: &[&'static str]| {
        let all = [&["deletions", "settle", fixtures_id()], more].concat();
        let service = &service;
        async move { service.run(&all).await }
    };
    let missing = settle(&[]).await;
    assert_eq!(missing.code, Some(2), "{}", missing.stderr);
    let asked = settle(&["--note", "dropped the schema"]).await;
    assert_eq!(asked.code, Some(1));
    assert!(
        asked.stderr.contains("records for good") && asked.stderr.contains("--yes"),
        "{}",
        asked.stderr
    );
    assert!(service.store.duty(&id).await.unwrap().unwrap().done.is_none());

    let done = settle(&["--note", "dropped the schema", "--yes"]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let proof = service.store.duty(&id).await.unwrap().unwrap().done.unwrap();
    assert_eq!(proof.note, "dropped the schema");
    let again = settle(&["--note", "again", "--yes"]).await;
    assert!(
        again.code == Some(1) && again.stderr.contains("settled since"),
        "{}",
        again.stderr
    );
    let due = service.run(&["deletions", "due"]).await.stdout;
    assert!(due.contains("Nothing"), "{due}");
}

fn fixtures_id() -> &'static str {
    fixtures::deletion_duty(1).envelope_id.as_str().to_owned().leak()
}

#[tokio::test]
async fn l8_what_destroys_asks_on_a_terminal() {
    if !has_setsid() {
        return;
    }
    let service = Service::new().await;
    service.store.record(&fixtures::deletion_duty(1)).await.unwrap();
    let id = fixtures::deletion_duty(1).envelope_id;
    let arguments: Vec<String> = ["ops", "deletions", "settle", id.as_str(), "--note", "all gone"]
        .map(str::to_owned)
        .to_vec();
    for (answer, code) in [
        ("n", Some(1)),
        ("", Some(1)),
        ("nonsense", Some(1)),
        ("y", Some(0)),
    ] {
        let settled = service.store.duty(&id).await.unwrap().unwrap().done;
        assert!(
            settled.is_none(),
            "{answer:?} comes after something else than a yes"
        );
        let url = service.url();
        let mut terminal = Terminal::start(&arguments, &[("REVENTO_STORE", &url)]);
        terminal.until(|shown| shown.contains("records for good") && shown.contains("[y/N]"));
        terminal.type_line(answer);
        let (ended, rest) = terminal.end();
        assert_eq!(ended, code, "{answer:?}: {rest}");
        assert!(code == Some(0) || rest.contains("nothing is changed"), "{rest}");
    }
    assert!(service.store.duty(&id).await.unwrap().unwrap().done.is_some());
}
