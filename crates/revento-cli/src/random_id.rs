//! Random ids.

use anyhow::{Context, Result};
use revento::store::{Entropy, OsEntropy};

/// A UUID of version 4, such as a delivery id (contract §4.1).
pub(crate) fn random_id() -> Result<String> {
    let mut bytes = [0; 16];
    OsEntropy
        .fill(&mut bytes)
        .context("the operating system gave no random bytes")?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
}
