//! A seed reproduces its world, and a faulty store makes the simulation fail.

use std::io;
use std::process::{Command, Output};

fn simulate(arguments: &[&str]) -> io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_revento-trials"))
        .arg("simulate")
        .args(arguments)
        .output()
}

#[test]
fn the_same_seed_is_the_same_world() {
    let [first, second] = [(); 2].map(|()| simulate(&["--seed", "7"]).unwrap());
    assert!(first.status.success(), "{first:?}");
    let story = String::from_utf8_lossy(&first.stdout);
    assert!(
        story.contains("crashes") && story.contains("sends token"),
        "{story}"
    );
    assert_eq!(story, String::from_utf8_lossy(&second.stdout));
}

#[test]
fn t1_replicas_without_a_claim_are_found_sending_twice() {
    let output = simulate(&["--seed", "0", "--careless"]).unwrap();
    let story = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{story}");
    assert!(story.contains("was sent a second time"), "{story}");
}
