//! The machine's clock and randomness, and HMAC.

use std::time::{Duration, Instant, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

#[expect(
    clippy::disallowed_methods,
    reason = "the doctor measures real time, here and nowhere else"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Unix time.
#[expect(
    clippy::disallowed_methods,
    reason = "the doctor signs webhooks with the real time, here and nowhere else"
)]
pub(crate) fn unix_now() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

/// Lowercase hex of HMAC-SHA256 over the parts.
pub(crate) fn hmac_hex(key: &[u8], parts: &[&[u8]]) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    for part in parts {
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

/// A small deterministic generator (SplitMix64): the same seed gives the same examination.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A UUID of version 4.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let time = (high & 0xffff_ffff_ffff_0fff) | 0x4000;
        let node = (low & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            time >> 32,
            (time >> 16) & 0xffff,
            time & 0xffff,
            node >> 48,
            node & 0xffff_ffff_ffff
        )
    }
}
