//! Tests that the trials detect faults.

#[cfg(unix)]
mod crash;
mod inbox;
#[cfg(unix)]
mod replicas;
mod simulate;
