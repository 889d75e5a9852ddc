//! What trials count.

use std::collections::BTreeMap;

/// What is counted. Everything but the refreshes has to be explained, or has to be nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// By crash point; `at random` from outside.
    pub(crate) kills: BTreeMap<String, u32>,
    pub(crate) database_kills: u32,
    pub(crate) refreshes: u64,
    /// By a token that was sent again though it should not have been.
    pub(crate) families_revoked: u32,
    pub(crate) connections_lost: u32,
    pub(crate) sent_twice: u32,
    pub(crate) used_early: u32,
    /// Sent again by the in-doubt rule.
    pub(crate) tried_again: u32,
    /// Nobody has the only copy of a pair: no client can help that.
    pub(crate) orphaned: u32,
    /// Processes that ended without being killed.
    pub(crate) gave_up: u32,
    /// What was found, in words.
    pub(crate) findings: Vec<String>,
    /// What was seen since somebody last took these.
    pub(crate) notes: Vec<String>,
}

impl Tally {
    /// Whether something has happened that must not.
    pub(crate) fn is_spoilt(&self) -> bool {
        let bad = [
            self.families_revoked,
            self.connections_lost,
            self.sent_twice,
            self.used_early,
            self.gave_up,
        ];
        bad.iter().any(|count| *count > 0)
    }

    pub(crate) fn kills(&self) -> u32 {
        self.kills.values().sum()
    }
}
