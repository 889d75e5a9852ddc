//! Counters and settings: numbers by name.

use serde::{Deserialize, Serialize};

/// A counter that only grows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Counter {
    pub(crate) name: String,
    pub(crate) value: u64,
}

/// A setting of the sandbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) value: i64,
}
