//! Pages of a list (contract §3.3).

use serde::Deserialize;

/// One page as it came.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Page<T> {
    /// The items; an empty page may still have a successor.
    pub data: Vec<T>,
    /// The opaque mark of the next page.
    #[serde(default)]
    pub next_cursor: Option<String>,
    /// Whether there is a next page: the canonical signal, whatever `next_cursor` says.
    pub has_more: bool,
}
