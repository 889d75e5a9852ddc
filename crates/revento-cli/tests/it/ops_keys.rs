//! `revento ops keys`, on each engine, while a service uses the store.

#![allow(clippy::print_stdout, reason = "a skipped test prints why")]

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

#[cfg(feature = "postgres")]
use revento::store_postgres::PostgresOptions;
#[cfg(feature = "redis")]
use revento::store_redis::RedisOptions;
use revento::{
    KeyRing, SealingKey, SqliteStore,
    store::{
        ClaimOutcome, ClaimTerms, Clock, InboxStore, NewDelivery, Record, RecordPages, Sealer, SwapOutcome,
        SystemClock, TokenPairCodec, TokenStore,
        reseal::{body_context, error_context, error_text},
    },
    types::ConnectionKey,
};
use revento_example_service::private_file;
use revento_store_testkit::fixtures;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{
    export_terminal::{Terminal, has_setsid},
    json::{json_lines, lines_of},
    support::{Ended, revento},
};

const CONNECTIONS: u64 = 40;

fn key(byte: u8) -> SealingKey {
    SealingKey::from_bytes([byte; 32])
}

/// The ring of a replica that has the new key as its current one.
fn new_ring() -> KeyRing {
    KeyRing::new(key(2)).with_previous(key(1)).unwrap()
}

/// A store, and the options with which the command finds it.
struct Place {
    options: Vec<String>,
    folder: TempDir,
    tokens: Arc<dyn TokenStore>,
    inbox: Option<Arc<dyn InboxStore>>,
}

impl Place {
    fn new(
        options: &[&str],
        folder: TempDir,
        tokens: Arc<dyn TokenStore>,
        inbox: Option<Arc<dyn InboxStore>>,
    ) -> Self {
        for (name, byte) in [("old.key", 1), ("new.key", 2)] {
            let text = key(byte).to_base64();
            assert!(private_file::write_new(&folder.path().join(name), text.as_bytes()).unwrap());
        }
        Self {
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            folder,
            tokens,
            inbox,
        }
    }

    async fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("service.db");
        let store = SqliteStore::open(&path).await.unwrap();
        let url = format!("sqlite:{}", path.display());
        Self::new(
            &["--store", &url],
            folder,
            Arc::new(store.clone()),
            Some(Arc::new(store)),
        )
    }

    #[cfg(feature = "postgres")]
    async fn postgres() -> Option<Self> {
        let url = server("REVENTO_TEST_POSTGRES")?;
        let schema = fresh();
        let store = PostgresOptions::new(&url)
            .schema(&schema)
            .connect()
            .await
            .unwrap();
        let options = ["--store", &url, "--schema", &schema];
        Some(Self::new(
            &options,
            TempDir::new().unwrap(),
            Arc::new(store.clone()),
            Some(Arc::new(store)),
        ))
    }

    #[cfg(feature = "redis")]
    async fn redis() -> Option<Self> {
        let url = server("REVENTO_TEST_REDIS")?;
        let prefix = fresh();
        let store = RedisOptions::new(&url)
            .prefix(&prefix)
            .trust_the_server()
            .connect()
            .await
            .unwrap();
        let options = ["--store", &url, "--key-prefix", &prefix, "--trust-redis"];
        Some(Self::new(
            &options,
            TempDir::new().unwrap(),
            Arc::new(store),
            None,
        ))
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let group: &[&str] = if arguments[0] == "check" {
            &["ops"]
        } else {
            &["ops", "keys"]
        };
        let mut command = revento(&[group, arguments].concat());
        command.args(&self.options).current_dir(self.folder.path());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = self.command(arguments);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Connections and failed deliveries under the old key.
    async fn fill(&self, connections: u64) {
        let old = KeyRing::new(key(1));
        for number in 0..connections {
            let record = record(&old, &connection(number), 1).await;
            self.tokens.create(&record).await.unwrap();
        }
        let Some(inbox) = &self.inbox else { return };
        for number in 0..10 {
            inbox.insert(&delivery(&old, number).await).await.unwrap();
        }
        let now = SystemClock.now();
        for leased in inbox.lease(now, now, 5).await.unwrap() {
            let context = error_context(&leased.lease.envelope_id);
            let error = error_text(&old.seal(&context, b"no such table").await.unwrap());
            inbox.bury(&leased.lease, now, &error).await.unwrap();
        }
    }

    /// The generation of each connection's pair, which only the new key opens.
    async fn under_the_new_key(&self) -> Vec<u64> {
        let ring = KeyRing::new(key(2));
        let mut generations = Vec::new();
        let mut pages = RecordPages::of_client(self.tokens.as_ref(), "clt_test".into());
        while let Some(page) = pages.next().await.unwrap() {
            for record in page.into_iter().map(|stored| stored.record) {
                let context = TokenPairCodec::context(&record.connection.key);
                let opened = ring
                    .open(&context, record.tokens.as_ref().unwrap())
                    .await
                    .unwrap();
                let (access, _) = TokenPairCodec::decode(&opened.plaintext).unwrap();
                let generation = record.connection.generation;
                assert_eq!(
                    access.expose(),
                    generation.to_string(),
                    "the pair is not that of its generation"
                );
                generations.push(generation);
            }
        }
        generations
    }
}

#[cfg(any(feature = "postgres", feature = "redis"))]
fn server(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: no {variable} (cargo xtask test brings it)");
    }
    url
}

#[cfg(any(feature = "postgres", feature = "redis"))]
fn fresh() -> String {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    format!(
        "revento_ops_{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

fn connection(number: u64) -> ConnectionKey {
    fixtures::connection_key(&format!("evt_{number:03}"))
}

async fn record(ring: &KeyRing, key: &ConnectionKey, generation: u64) -> Record {
    let pair =
        TokenPairCodec::encode(&generation.to_string().as_str().into(), Some(&"refresh".into())).unwrap();
    let mut record = fixtures::record(key.event_id.as_str(), generation);
    record.tokens = Some(ring.seal(&TokenPairCodec::context(key), &pair).await.unwrap());
    record
}

async fn delivery(ring: &KeyRing, number: u64) -> NewDelivery {
    let plain = fixtures::delivery(number);
    NewDelivery {
        body: ring.seal(&body_context(&plain.envelope_id), b"{}").await.unwrap(),
        ..plain
    }
}

/// A replica that refreshes connections one after the other, as long as it may. Returns the generation of each.
async fn refresh_all_the_time(tokens: Arc<dyn TokenStore>, stop: Arc<AtomicBool>) -> Vec<u64> {
    let ring = new_ring();
    let mut generations = vec![1; usize::try_from(CONNECTIONS).unwrap()];
    for number in (0..CONNECTIONS).cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let key = connection(number);
        let stored = tokens.load(&key).await.unwrap().unwrap();
        let now = SystemClock.now();
        let terms = ClaimTerms {
            version: stored.version,
            now,
            until: now.saturating_add(Duration::from_secs(60)),
        };
        let ClaimOutcome::Granted { fence, .. } = tokens.claim(&key, terms).await.unwrap() else {
            continue;
        };
        // The platform has spent the old token now.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let generation = stored.record.connection.generation + 1;
        let next = record(&ring, &key, generation).await;
        let swapped = tokens
            .compare_and_swap(stored.version, &next, Some(fence))
            .await
            .unwrap();
        assert!(
            matches!(swapped, SwapOutcome::Swapped(_)),
            "whoever holds the claim is disturbed"
        );
        generations[usize::try_from(number).unwrap()] = generation;
    }
    generations
}

async fn keys_are_replaced_while_a_service_runs(place: Place) {
    place.fill(CONNECTIONS).await;
    let old = key(1).id().to_owned();
    let new = key(2).id().to_owned();
    let before = json_lines("ops-keys-status", &place.run(&["status", "--json"]).await);
    assert_eq!((before.len(), &before[0]["key_id"]), (1, &old.as_str().into()));
    assert_eq!(before[0]["tokens"], CONNECTIONS);
    let refused = place.run(&["retire", &old, "--json"]).await;
    assert_eq!(refused.code, Some(1));
    assert_eq!(lines_of("ops-keys-retire", &refused.stdout)[0]["can_go"], false);
    let both = ["--key-file", "new.key", "--previous-key-file", "old.key"];
    let reseal = [&["reseal"][..], &both].concat();
    let asked = place.run(&reseal).await;
    assert!(
        asked.code == Some(1) && asked.stderr.contains("--yes"),
        "{}",
        asked.stderr
    );

    let stop = Arc::new(AtomicBool::new(false));
    let service = tokio::spawn(refresh_all_the_time(Arc::clone(&place.tokens), Arc::clone(&stop)));
    let ended = place.run(&[&reseal[..], &["--yes", "--json"]].concat()).await;
    let result = json_lines("ops-keys-reseal", &ended).remove(0);
    stop.store(true, Ordering::Relaxed);
    let generations = service.await.unwrap();
    assert_eq!(
        (&result["failed"], &result["busy"]),
        (&0.into(), &0.into()),
        "{result}"
    );
    assert!(result["resealed"].as_u64().unwrap() > 0, "{result}");

    assert_eq!(place.under_the_new_key().await, generations, "a new pair is lost");
    let after = json_lines(
        "ops-keys-status",
        &place.run(&[&["status", "--json"][..], &both].concat()).await,
    );
    assert_eq!(
        (after.len(), &after[0]["key_id"], &after[0]["role"]),
        (1, &new.as_str().into(), &"current".into())
    );
    for counted in ["tokens", "bodies", "errors"] {
        assert_eq!(after[0][counted], before[0][counted], "{counted}");
    }
    let checked = place.run(&["check", "--json", "--key-file", "new.key"]).await;
    let checked = lines_of("ops-check", &checked.stdout).remove(0);
    let findings = checked["findings"].as_array().unwrap();
    assert!(
        findings.iter().all(|finding| finding["id"] != "keys_do_not_fit"),
        "{checked}"
    );
    // The server is on this machine.
    let ahead = checked["store_clock_ahead_ms"].as_i64();
    assert_eq!(
        ahead.is_some(),
        !place.options[1].starts_with("sqlite:"),
        "{checked}"
    );
    assert!(
        findings.iter().all(|finding| finding["id"] != "store_clock"),
        "{checked}"
    );
    let can_go = place.run(&["retire", &old]).await;
    assert_eq!(can_go.code, Some(0), "{}", can_go.stderr);
    assert!(can_go.stdout.contains("Take the key out"), "{}", can_go.stdout);
    assert!(
        can_go.stdout.contains(&format!("under the key {new}")),
        "{}",
        can_go.stdout
    );
    let by_file = place.run(&["retire", "--key-file", "new.key"]).await;
    assert!(
        by_file.code == Some(1) && by_file.stderr.contains(&new),
        "{}",
        by_file.stderr
    );
    let idle = json_lines(
        "ops-keys-reseal",
        &place.run(&[&reseal[..], &["--json"]].concat()).await,
    )
    .remove(0);
    assert_eq!(idle["resealed"], 0, "nothing is left, so nothing is asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_replaced_in_sqlite() {
    keys_are_replaced_while_a_service_runs(Place::sqlite().await).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn keys_are_replaced_in_postgres() {
    let Some(place) = Place::postgres().await else {
        return;
    };
    keys_are_replaced_while_a_service_runs(place).await;
}

#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread")]
async fn keys_are_replaced_in_redis() {
    let Some(place) = Place::redis().await else { return };
    keys_are_replaced_while_a_service_runs(place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_or_killed_run_is_continued() {
    const MANY: u64 = 400;
    let place = Place::sqlite().await;
    place.fill(MANY).await;
    let reseal = [
        "reseal",
        "--key-file",
        "new.key",
        "--previous-key-file",
        "old.key",
        "--yes",
        "--json",
    ];
    let ring = KeyRing::new(key(2));
    let (first, middle) = (connection(0), connection(MANY / 2));
    for (wait_for, signal) in [(first, Signal::INT), (middle, Signal::KILL)] {
        let mut child = place
            .command(&reseal)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let context = TokenPairCodec::context(&wait_for);
        loop {
            let stored = place.tokens.load(&wait_for).await.unwrap().unwrap();
            if ring
                .open(&context, stored.record.tokens.as_ref().unwrap())
                .await
                .is_ok()
            {
                break;
            }
            assert_eq!(child.try_wait().unwrap(), None, "it ended without {wait_for}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        if signal == Signal::INT {
            let text = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{text}");
            assert!(text.contains("run the same command again"), "{text}");
        }
    }
    // A kill may have left one claim, which expires; until then the connection is busy.
    let result = json_lines("ops-keys-reseal", &place.run(&reseal).await).remove(0);
    let resealed = result["resealed"].as_u64().unwrap();
    assert!(resealed < MANY, "it began again: {result}");
    assert_eq!(
        place.under_the_new_key().await,
        vec![1; usize::try_from(MANY).unwrap()]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l8_ctrl_c_at_the_question_ends_it_and_changes_nothing() {
    if !has_setsid() {
        return;
    }
    let place = Place::sqlite().await;
    place.fill(3).await;
    let files = ["new.key", "old.key"].map(|name| place.folder.path().join(name).display().to_string());
    let mut arguments: Vec<String> = [
        "ops",
        "keys",
        "reseal",
        "--key-file",
        &files[0],
        "--previous-key-file",
        &files[1],
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.extend(place.options.clone());
    let mut terminal = Terminal::start(&arguments, &[]);
    terminal.until(|shown| shown.contains("[y/N]"));
    terminal.press_ctrl_c();
    let (code, rest) = terminal.end();
    assert_ne!(code, Some(0), "{rest}");
    let status = json_lines("ops-keys-status", &place.run(&["status", "--json"]).await);
    assert_eq!((status.len(), &status[0]["key_id"]), (1, &key(1).id().into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_old_key_nothing_is_changed_and_the_key_is_named() {
    let place = Place::sqlite().await;
    place.fill(3).await;
    let third = key(3).to_base64();
    let file = place.folder.path().join("third.key");
    assert!(private_file::write_new(&file, third.as_bytes()).unwrap());
    let wrong = [
        "reseal",
        "--key-file",
        "new.key",
        "--previous-key-file",
        "third.key",
        "--yes",
        "--json",
    ];
    let ended = place.run(&wrong).await;
    assert_eq!(ended.code, Some(1));
    let result = lines_of("ops-keys-reseal", &ended.stdout).remove(0);
    assert_eq!(
        (&result["resealed"], result["failed"].as_u64() > Some(3)),
        (&0.into(), true),
        "{result}"
    );
    assert!(ended.stderr.contains(key(1).id()), "{}", ended.stderr);
    assert!(!ended.stderr.contains(&*key(2).to_base64()), "a key is shown");
    assert!(Path::new(&place.folder.path().join("service.db")).exists());

    // The id of the service's own choice.
    let named = [
        "status",
        "--json",
        "--key-file",
        "2026-05=new.key",
        "--previous-key-file",
        "old.key",
    ];
    let status = json_lines("ops-keys-status", &place.run(&named).await);
    assert_eq!(status[0]["role"], "previous");
}
