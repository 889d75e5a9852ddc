//! Budgets against a platform that counts by the contract, over a network that delays.

mod bytes;
mod headers;
mod hour;
mod merge;
mod platform;
mod refusals;
mod runs;
mod waits;

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{
    Timestamp,
    limits::{self, RateLimits},
};

const START: i64 = 1_778_336_551_000_000;
const SECOND: i64 = 1_000_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(START + micros)
}

fn seconds(wait: &Wait, now: i64) -> u64 {
    wait.until.saturating_since(at(now)).as_secs()
}
