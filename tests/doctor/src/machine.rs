//! What the machine gives: the time and randomness.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// The time since 1970.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Unix seconds.
pub(crate) fn now() -> i64 {
    i64::try_from(since_epoch().as_secs()).unwrap_or(i64::MAX)
}

/// Unix milliseconds.
pub(crate) fn now_ms() -> i64 {
    i64::try_from(since_epoch().as_millis()).unwrap_or(i64::MAX)
}

/// Fills a buffer with randomness.
#[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
pub(crate) fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("the operating system gives no randomness")?;
    Ok(bytes)
}

/// A random text of 256 bits for URLs and cookies.
pub(crate) fn random_text() -> anyhow::Result<String> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// A random UUID.
pub(crate) fn random_uuid() -> anyhow::Result<String> {
    Ok(uuid::Builder::from_random_bytes(random()?)
        .into_uuid()
        .to_string())
}

/// A time between half of `longest` and `longest`, so that callers that failed together do not come back together.
pub(crate) fn jittered(longest: Duration) -> Duration {
    let share = random::<1>().map_or(255, |[byte]| u32::from(byte));
    longest / 2 + longest * share / 510
}

/// The SHA-256 digest of a text, in hexadecimal: to look up a secret that is not stored.
pub(crate) fn digest(text: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(text))
}
