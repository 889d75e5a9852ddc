//! Two replicas of a service share a database, and behave as one.
//!
//! `cargo xtask test` brings PostgreSQL; without it these tests say so and pass.

use std::process::{Command, Output};

#[expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot run says so"
)]
fn replicas(arguments: &[&str]) -> Option<Output> {
    let url = std::env::var("REVENTO_TEST_POSTGRES").ok();
    let Some(url) = url.filter(|url| !url.is_empty()) else {
        eprintln!("skipped: no PostgreSQL (cargo xtask test brings it)");
        return None;
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_revento-trials"));
    command.args(["replicas", "--postgres-url", &url]).args(arguments);
    Some(command.output().unwrap())
}

#[test]
fn o21_two_replicas_of_a_service_behave_as_one() {
    let Some(output) = replicas(&[]) else { return };
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    assert_eq!(said.matches(" yes\n").count(), 9, "each step holds: {said}");
}

#[test]
fn o21_replicas_without_common_marks_are_found_sending_a_code_twice() {
    let Some(output) = replicas(&["--careless"]) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("1 sent again") && said.contains(" NO\n"), "{said}");
}
