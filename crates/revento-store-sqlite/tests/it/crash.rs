//! `kill -9` at any moment: nothing that was acknowledged is lost.
//!
//! The test starts its own binary again as the child that writes, kills it, and looks at the file.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use revento_store::{CreateOutcome, DeliveryState, InboxStore, StoreError, SwapOutcome, TokenStore};
use revento_store_sqlite::SqliteStore;
use revento_store_testkit::fixtures::{NOW, connection_key, delivery, record};

const FILE: &str = "REVENTO_STORE_SQLITE_CRASH_FILE";
const NAME: &str = "REVENTO_STORE_SQLITE_CRASH_NAME";

/// What the child does: a swap and a delivery by turns, each acknowledged on its standard output.
#[tokio::test]
async fn child() {
    let (Ok(file), Ok(event)) = (std::env::var(FILE), std::env::var(NAME)) else {
        return; // Nobody's child: an ordinary run of all tests.
    };
    let store = SqliteStore::open(file).await.unwrap();
    println!("\nopened");
    let (mut version, mut number) = match store.create(&record(&event, 0)).await.unwrap() {
        CreateOutcome::Created(version) => (version, 0),
        CreateOutcome::AlreadyExists => {
            let stored = store.load(&connection_key(&event)).await.unwrap().unwrap();
            (stored.version, stored.record.connection.generation)
        }
    };
    loop {
        number += 1;
        let SwapOutcome::Swapped(next) = store
            .compare_and_swap(version, &record(&event, number), None)
            .await
            .unwrap()
        else {
            panic!("nobody else writes this key")
        };
        println!("\nswapped {number}");
        version = next;
        store.insert(&in_name(&event, number)).await.unwrap();
        println!("\ninserted {number}");
        if let Some(leased) = store
            .lease(NOW, NOW.saturating_add(Duration::from_secs(60)), 1)
            .await
            .unwrap()
            .pop()
        {
            store.complete(&leased.lease, NOW).await.unwrap();
            println!("\nhandled {}", leased.lease.envelope_id);
        }
    }
}

fn in_name(event: &str, number: u64) -> revento_store::NewDelivery {
    let mut delivery = delivery(number);
    delivery.envelope_id = format!("{event}-{number}").into();
    delivery.delivery_id = delivery.envelope_id.as_str().into();
    delivery
}

fn start(file: &Path, event: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["crash::child", "--exact", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .env(NAME, event)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What a child acknowledged before it was killed.
#[derive(Debug, Default)]
struct Acknowledged {
    swapped: u64,
    inserted: u64,
    handled: Vec<String>,
}

/// Kills the child after so many acknowledgements and a moment more.
fn kill(mut child: Child, lines: usize, moment: Duration) -> Acknowledged {
    let mut output = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let mut acknowledged = Acknowledged::default();
    let mut note = |line: String| match line.split_once(' ') {
        Some(("swapped", number)) => acknowledged.swapped = number.parse().unwrap(),
        Some(("inserted", number)) => acknowledged.inserted = number.parse().unwrap(),
        Some(("handled", id)) => acknowledged.handled.push(id.to_owned()),
        _ => {}
    };
    output
        .by_ref()
        .filter(|line| !line.is_empty())
        .take(lines)
        .for_each(&mut note);
    std::thread::sleep(moment);
    child.kill().unwrap();
    child.wait().unwrap();
    output.for_each(note);
    acknowledged
}

/// Compares what is stored with what this child acknowledged, and those before it (up to `before`).
async fn check(
    store: &SqliteStore,
    event: &str,
    before: u64,
    acknowledged: &Acknowledged,
) -> Result<u64, StoreError> {
    let stored = store
        .load(&connection_key(event))
        .await?
        .map(|stored| stored.record);
    let number = stored.as_ref().map_or(0, |record| record.connection.generation);
    let least = before.max(acknowledged.swapped);
    let expected = least..=least + 1;
    assert!(
        expected.contains(&number),
        "{event}: {acknowledged:?}, and {number} is stored"
    );
    if let Some(stored) = stored {
        assert_eq!(stored, record(event, number), "whole");
    }
    if acknowledged.inserted > 0 {
        let state = store
            .state(&in_name(event, acknowledged.inserted).envelope_id)
            .await?;
        assert!(
            state.is_some(),
            "{event}: {acknowledged:?}, and the delivery is gone"
        );
    }
    for id in &acknowledged.handled {
        assert_eq!(
            store.state(&id.as_str().into()).await?,
            Some(DeliveryState::Done),
            "{id}"
        );
    }
    Ok(number)
}

/// Well spread, and the same in each run.
fn moments(count: u64) -> impl Iterator<Item = (usize, Duration)> {
    (1..=count).map(|step| {
        let spread = step.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        (
            usize::try_from(spread % 40).unwrap(),
            Duration::from_micros(spread % 1500),
        )
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn k23_what_was_acknowledged_survives_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("revento.sqlite");
    let mut number = 0;
    for (lines, moment) in moments(25) {
        let acknowledged = kill(start(&file, "evt_1"), lines, moment);
        let store = SqliteStore::open(&file).await.unwrap();
        number = check(&store, "evt_1", number, &acknowledged).await.unwrap();
        store.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_a_process_that_is_killed_while_opening_leaves_a_file_that_opens() {
    for step in 0..25 {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("revento.sqlite");
        let children = [start(&file, "evt_1"), start(&file, "evt_2")];
        std::thread::sleep(Duration::from_micros(step * 900));
        for child in children {
            kill(child, 0, Duration::ZERO);
        }
        let store = SqliteStore::open(&file).await.unwrap();
        let created = store.create(&record("evt_3", 1)).await.unwrap();
        assert!(matches!(created, CreateOutcome::Created(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k23_processes_that_share_a_file_survive_each_others_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("revento.sqlite");
    let survivor = start(&file, "evt_survivor");
    let mut number = 0;
    for (lines, moment) in moments(12) {
        let acknowledged = kill(start(&file, "evt_victim"), lines, moment);
        let store = SqliteStore::open(&file).await.unwrap();
        number = check(&store, "evt_victim", number, &acknowledged).await.unwrap();
        store.close().await.unwrap();
    }
    let acknowledged = kill(survivor, 100, Duration::ZERO);
    let store = SqliteStore::open(&file).await.unwrap();
    check(&store, "evt_survivor", 0, &acknowledged).await.unwrap();
}
