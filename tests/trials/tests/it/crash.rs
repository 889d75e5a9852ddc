//! The crash trial detects a store that breaks its contract.

use std::process::Command;

#[test]
fn t1_processes_without_a_claim_are_found_sending_twice() {
    let output = Command::new(env!("CARGO_BIN_EXE_revento-trials"))
        .args(["crash", "--kills", "1000", "--careless"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("was sent a second time"), "{said}");
}
