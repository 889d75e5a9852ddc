//! A process that is killed has lost nothing that it reported as stored.
//!
//! The test starts its own binary again as the process that writes.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use revento_example_custom_store::SqlStore;
use revento_store::{SwapOutcome, TokenStore};
use revento_store_testkit::fixtures::{connection_key, record};

const FILE: &str = "CUSTOM_STORE_FILE";

/// The process that writes. It reports each number when it is stored.
#[tokio::test]
async fn writer() {
    let Ok(file) = std::env::var(FILE) else {
        return; // An ordinary run of all tests.
    };
    let store = SqlStore::open(file).await.unwrap();
    store.create(&record("evt_1", 0)).await.unwrap(); // Or it exists.
    loop {
        let found = store.load(&connection_key("evt_1")).await.unwrap().unwrap();
        let number = found.record.connection.generation + 1;
        let next = record("evt_1", number);
        let swapped = store.compare_and_swap(found.version, &next, None).await;
        assert!(matches!(swapped.unwrap(), SwapOutcome::Swapped(_)));
        println!("\nstored {number}");
    }
}

/// Kills a writer after so many reports, and returns the last number that it reported.
fn kill_after(reports: usize, file: &Path) -> u64 {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["killed::writer", "--exact", "--nocapture"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(writer.stdout.take().unwrap());
    let lines = output.lines().map_while(Result::ok);
    let mut stored = lines.filter_map(|line| line.strip_prefix("stored ")?.parse().ok());
    let reported = stored.nth(reports - 1).unwrap();
    writer.kill().unwrap();
    writer.wait().unwrap();
    stored.last().unwrap_or(reported)
}

#[tokio::test]
async fn k23_a_killed_process_loses_nothing_that_it_reported() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.db");
    for reports in 1..=10 {
        let reported = kill_after(reports, &file);
        let store = SqlStore::open(&file).await.unwrap();
        let found = store.load(&connection_key("evt_1")).await.unwrap().unwrap();
        // The call that was under way when the process died has happened completely or not at all.
        let number = found.record.connection.generation;
        assert!(
            [reported, reported + 1].contains(&number),
            "{reported}, and {number} is stored"
        );
        assert_eq!(found.record, record("evt_1", number));
    }
}
