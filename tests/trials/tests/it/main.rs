//! Tests that the trials detect faults.

#[cfg(unix)]
mod crash;
mod simulate;
