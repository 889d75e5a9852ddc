//! Tests that the trials detect faults.

#[cfg(unix)]
mod crash;
mod inbox;
mod simulate;
