//! The program, as a process, with a sandbox. Both example services pass the same tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test panics"
)]

#[path = "../../test-support/service/a_restored_backup.rs"]
mod a_restored_backup;
#[path = "../../test-support/service/lives_with_the_platform.rs"]
mod lives_with_the_platform;
#[path = "../../test-support/service/world.rs"]
mod world;

const PROGRAM: &str = env!("CARGO_BIN_EXE_revento-example-service");
