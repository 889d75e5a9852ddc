//! Staying below a token's three budgets (contract §3.6, invariant C1), as a machine: the caller says what time it
//! is and what the platform answered, the machine says whether a call may go or when to ask again.
//!
//! ```
//! use revento_core::{limits, pacing::{Budget, Ruling, Told}, Timestamp};
//!
//! let mut budget = Budget::new(limits::INSTALLATION_BUDGETS);
//! let now = Timestamp::from_unix_seconds(1_778_336_551);
//! let Ruling::Go(ticket) = budget.ask(now) else { panic!("nothing is spent yet") };
//! // … the call is made and answered …
//! let told = Told::read(200, "", |_header| None, now);
//! budget.done(ticket, now, &told);
//! ```
//!
//! # Why it gets no 429
//! The platform counts a call at some moment between its sending and its answer. The machine counts it from its answer
//! on, and while it is under way it counts as well: so whatever the network does, the platform forgets a call no later
//! than the machine does. That costs one round trip in each window.
//!
//! # What it believes
//! The platform's headers, over its own counting: a smaller rest (somebody else uses the token, or this process has
//! just started), a larger one, another limit. `X-RateLimit-Reset` is taken relative to the answer's `Date`, so that a
//! skewed clock does no harm; one that lies in the past or further away than its window is long makes the header
//! suspect, and costs a short pause only.
//!
//! # When replicas cannot share it for a while
//! Each goes its own way ([`Budget::part`]): it counts what it spends itself and learns of the others from the
//! platform's headers, so that a few calls at most are refused. Afterwards each brings home what it has spent
//! ([`Budget::rejoined`]), and nothing of what the headers said, which would count the others twice.

mod apart;
mod budget;
mod bytes;
mod log;
#[cfg(test)]
mod tests;
mod told;

use std::time::Duration;

pub use self::{
    budget::{Budget, Left, Ruling, Ticket, Wait, Why},
    told::{Outcome, Told, retry_after},
};
use crate::{TokenKind, limits};

/// The budgets of one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Limits {
    /// Calls in a rolling hour.
    pub per_hour: u32,
    /// Calls in any 60 seconds.
    pub per_minute: u32,
    /// Calls under way at once.
    pub in_flight: u32,
    /// By how much the clocks of those who share the budget may differ; each window is taken to be longer by it.
    /// In tenths of a second, rounded up.
    pub slack: Duration,
}

impl Limits {
    /// Limits of one process. None of them may be zero; a zero is taken as one.
    pub const fn new(per_hour: u32, per_minute: u32, in_flight: u32) -> Self {
        const fn one(number: u32) -> u32 {
            if number == 0 { 1 } else { number }
        }
        Self {
            per_hour: one(per_hour),
            per_minute: one(per_minute),
            in_flight: one(in_flight),
            slack: Duration::ZERO,
        }
    }

    /// The contract's limits for a kind of token (§3.6).
    pub const fn of(kind: TokenKind) -> Self {
        match kind {
            TokenKind::Installation => limits::INSTALLATION_BUDGETS,
            TokenKind::User => limits::USER_BUDGETS,
        }
    }

    /// The same for replicas whose clocks differ by up to this.
    #[must_use]
    pub const fn with_slack(mut self, slack: Duration) -> Self {
        self.slack = slack;
        self
    }
}
