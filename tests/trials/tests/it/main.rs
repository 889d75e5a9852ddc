//! Tests that the trials detect faults.

#[cfg(unix)]
mod crash;
mod inbox;
mod mirror;
#[cfg(unix)]
mod replicas;
mod simulate;
