//! Trials have to be able to fail.

#[cfg(unix)]
mod crash;
mod simulate;
