//! `revento verify` and `revento sign`: webhooks by hand, without a platform and without the network.

mod captured;
pub(crate) mod secrets;
pub(crate) mod sign;
pub(crate) mod verify;

use std::{
    fs,
    io::{self, Read},
    path::Path,
    time::SystemTime,
};

use anyhow::{Context, Result};
use revento::Timestamp;

/// Reads a file, or standard input for `-`.
pub(crate) fn read_input(path: &Path) -> Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .context("cannot read standard input")?;
        return Ok(bytes);
    }
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Reads a time on the command line: Unix seconds or ISO 8601 in UTC.
fn parse_time(text: &str) -> Result<i64, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    text.parse::<Timestamp>()
        .map(|time| time.unix_seconds())
        .map_err(|_| "give Unix seconds, or a time such as 2026-05-09T14:22:31Z".into())
}

fn now() -> i64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
