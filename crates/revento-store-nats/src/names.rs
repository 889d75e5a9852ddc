//! Names of writes, and tokens of records.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use revento_store::{Entropy, EntropyError, OsEntropy, TextDigest};

/// Makes names that no other write of any replica has.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    instance: Arc<str>,
    count: Arc<AtomicU64>,
}

impl Names {
    pub(crate) fn new() -> Result<Self, EntropyError> {
        let mut instance = [0; 12];
        OsEntropy.fill(&mut instance)?;
        Ok(Self {
            instance: hex::encode(instance).into(),
            count: Arc::default(),
        })
    }

    pub(crate) fn next(&self) -> String {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        format!("{}.{number}", self.instance)
    }
}

/// The last part of a record's subject. A subject has few characters, and an id may be any text: so the token is a digest, and the
/// record has the text.
pub(crate) fn token(text: &str) -> String {
    TextDigest::of(text).to_string()
}

/// A short form of a text that an index compares only.
pub(crate) fn short(text: &str) -> u128 {
    u128::from_be_bytes(TextDigest::of(text).half())
}
