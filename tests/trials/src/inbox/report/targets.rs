//! What the inbox is meant to reach.

use std::fmt;

/// A bound of a ratio.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    pub(super) fn is_reached(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(bound) => ratio >= bound,
            Self::AtMost(bound) => ratio <= bound,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(f, "≥ {bound}"),
            Self::AtMost(bound) => write!(f, "≤ {bound}"),
        }
    }
}

/// The bounds of accepting, for the pairs that have one.
pub(super) fn accepting(ours: &str, peer: &str) -> Option<Target> {
    match (ours, peer) {
        ("accept-sqlite-1", "sqlite-by-hand-1") => Some(Target::AtLeast(0.7)),
        ("accept-sqlite-64", "sqlite-by-hand-64") | ("accept-postgres-64", "postgres-unnest-64") => {
            Some(Target::AtLeast(0.8))
        }
        _ => None,
    }
}
