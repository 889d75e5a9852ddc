//! Why a call may not go.

use revento_core::{Timestamp, pacing::LimitedBy};

/// Why a call may not go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    QueueFull {
        waiting: usize,
    },
    TooLong {
        ready_at: Timestamp,
        limited_by: LimitedBy,
    },
}
