//! The counters of a trial.

use std::collections::BTreeMap;

/// The counters. All but the refreshes have to be zero or have an explanation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// By crash point; `at random` from outside.
    pub(crate) kills: BTreeMap<String, u32>,
    pub(crate) database_kills: u32,
    pub(crate) refreshes: u64,
    /// Tokens that were sent again against the rules.
    pub(crate) families_revoked: u32,
    pub(crate) connections_lost: u32,
    pub(crate) sent_twice: u32,
    pub(crate) used_early: u32,
    /// Sent again by the in-doubt rule.
    pub(crate) tried_again: u32,
    /// Connections whose only copy of a pair died with its process, which no client can prevent.
    pub(crate) orphaned: u32,
    /// Processes that ended without being killed.
    pub(crate) gave_up: u32,
    /// The findings, as text.
    pub(crate) findings: Vec<String>,
    /// The events since they were last taken.
    pub(crate) notes: Vec<String>,
}

impl Tally {
    /// Whether an invariant was broken.
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
