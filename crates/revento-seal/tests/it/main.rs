//! Tests of sealing. They rely on the cipher for secrecy and test everything else.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod keys;
mod reseal;
mod ring;
mod rotation;
mod unsealed;

use revento_seal::SealingKey;
use revento_store::{SealError, Sealed, Sealer};

const CONTEXT: &str = "clt_1/evt_1";
const SECRET: &[u8] = b"rev_refresh_planted";

fn key(byte: u8) -> SealingKey {
    SealingKey::from_bytes([byte; 32])
}

/// Returns the error of opening; panics if the bytes open.
async fn refusal(sealer: &dyn Sealer, context: &str, bytes: &[u8]) -> SealError {
    match sealer.open(context, &Sealed::from_bytes(bytes)).await {
        Ok(_) => panic!("{} bytes opened that must not", bytes.len()),
        Err(error) => error,
    }
}
