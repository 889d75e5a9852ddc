//! Days of a mirror: it ends equal to the platform, and one that misses webhooks and reconciliations is found. And it is measured.
#![allow(clippy::unwrap_used, reason = "a helper of a test")]

use std::process::{Command, Output};

fn trial(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_revento-trials"))
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn after_days_of_faults_a_mirror_is_equal_to_the_platform() {
    let output = trial(&["mirror", "--days", "2", "--people", "200"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("revoked: revento-mirror deleted all data"),
        "{said}"
    );
    assert!(
        said.contains("cancellations") && said.contains("crashes"),
        "{said}"
    );
    assert!(said.contains("the mirror is equal to the platform"), "{said}");
}

#[test]
fn a_mirror_that_learns_nothing_is_found_to_differ() {
    let output = trial(&["mirror", "--days", "1", "--people", "50", "--careless"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("rows differ from the platform"), "{said}");
}

#[test]
fn the_mirror_is_measured() {
    let output = trial(&["mirror-bench", "--quick", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let ratios: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    for key in [
        "mirror.full-read-memory.without",
        "mirror.full-read-sqlite.without",
        "mirror.webhook-memory.inbox",
        "mirror.webhook-sqlite.inbox",
    ] {
        let ratio = ratios.get(key).and_then(serde_json::Value::as_f64);
        assert!(ratio.is_some_and(|ratio| ratio > 0.0), "{key} of {ratios:#?}");
    }
}
