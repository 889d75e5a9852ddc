//! Refreshing the tokens of a connection, as a state machine that never sends a one-time refresh token twice by accident.
//!
//! [`Refresh::start`] gives the first [`Step`]. Each step says what to do, takes the answer and gives the next step, until
//! [`Step::Done`]. A caller cannot take steps out of order, because each step is a type of its own that its answer consumes.
//!
//! ```text
//! Load ─▶ still good, or another replica was faster ─▶ Done(Use)
//!   │
//!   ▼
//! Claim ─▶ held by another ─▶ Wait ─▶ Load
//!   │   ─▶ an earlier claim expired: the token may be spent ─▶ Swap(in doubt)
//!   ▼
//! Send ─▶ tokens ─▶ Swap(new pair) ─▶ Done(Refreshed)    not stored ─▶ Unsaved ─▶ Swap …
//!      ─▶ invalid_grant ─▶ Swap(needs consent) ─▶ Done(Ended)
//!      ─▶ never sent, refused ─▶ Release ─▶ Done
//!      ─▶ lost ─▶ Swap(in doubt)
//!
//! Swap(in doubt) ─▶ the access token is valid ─▶ Done(Use), until its end
//!                ─▶ it has expired ─▶ Wait ─▶ Load ─▶ Claim ─▶ Send once more, deliberately
//! ```
//!
//! The rules, by invariant:
//! - **T1** A refresh token is sent only under a claim that the store holds already. After an expired claim that nobody
//!   released, and after a lost answer, the token may be spent: the machine first stores that the connection is *in doubt*.
//!   It sends a token again only if the connection is in doubt, the access token has expired, and a pause has passed in
//!   which the first sender could store its answer.
//! - **T2** A new pair is stored before it is used. If storing fails, [`Unsaved`] keeps the pair.
//! - **T3** Of the failures of a refresh, only `invalid_grant` ends a connection.

mod claim;
mod load;
mod new_pair;
mod outcome;
mod send;
mod swap;
#[cfg(test)]
mod tests;

pub use claim::{Claiming, Waiting};
pub use load::Loading;
pub use outcome::RefreshOutcome;
pub use send::{InFlight, Releasing, Reply, Sending};
pub use swap::{Swapping, Unsaved};

use std::time::Duration;

use revento_core::{Connection, Timestamp, claim::Version, limits};

use crate::TokenPair;

/// The refresh machine.
#[derive(Debug, Clone, Copy)]
pub struct Refresh;

impl Refresh {
    /// Starts a run. `now` is the time of the caller's clock, here and in all steps.
    pub fn start(reason: RefreshReason, timing: Timing, now: Timestamp) -> Step {
        Step::Load(Loading::first(Run {
            reason,
            timing,
            started: now,
            deliberate: false,
        }))
    }
}

/// What the caller does next.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub enum Step {
    /// Load the connection from the store and unseal its tokens.
    Load(Loading),
    /// Claim the right to refresh.
    Claim(Claiming),
    /// Wait, then continue.
    Wait(Waiting),
    /// Send the refresh token.
    Send(Sending),
    /// Seal the tokens and store the connection by compare-and-swap.
    Swap(Swapping),
    /// Release the claim.
    Release(Releasing),
    /// The store did not take a new pair. Alert the operators, keep this value, and retry.
    Unsaved(Unsaved),
    /// The run is over.
    Done(RefreshOutcome),
}

/// Why a run is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefreshReason {
    /// A caller needs a token that is valid for a while.
    TokenRequested,
    /// The platform answered `token_expired` to the access token of this generation. Its word counts, not the caller's clock
    /// (contract §3.5).
    TokenRejected {
        /// The generation of the refused token.
        generation: u64,
    },
}

/// The durations of the machine. The defaults fit the contract.
///
/// ```
/// use std::time::Duration;
/// use revento_oauth::refresh::Timing;
///
/// let timing = Timing::default().claim_ttl(Duration::from_secs(90));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Timing {
    /// How long before its end an access token is refreshed: 10 minutes. A refresh in doubt does no harm in this time
    /// (invariant T1).
    pub lead_time: Duration,
    /// How long before its end an access token counts as expired: 10 seconds. Clocks differ, and requests take time.
    pub clock_skew: Duration,
    /// How long a claim is valid: one minute. It must be more than twice the longest time that the transport takes for a
    /// request.
    pub claim_ttl: Duration,
    /// How often to look whether another replica has finished: every 100 ms.
    pub poll_interval: Duration,
    /// How long to wait for another replica: 30 seconds.
    pub max_wait: Duration,
    /// How long to wait before a refresh token in doubt is sent again: 5 seconds. In this time the replica that sent it
    /// first can store the new pair, even if it is slow or its clock is behind.
    pub doubt_pause: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lead_time: Duration::from_secs(600),
            clock_skew: Duration::from_secs(10),
            claim_ttl: Duration::from_secs(60),
            poll_interval: Duration::from_millis(100),
            max_wait: Duration::from_secs(30),
            doubt_pause: Duration::from_secs(5),
        }
    }
}

impl Timing {
    /// Sets how long before its end an access token is refreshed.
    #[must_use]
    pub const fn lead_time(mut self, lead_time: Duration) -> Self {
        self.lead_time = lead_time;
        self
    }

    /// Sets how long before its end an access token counts as expired.
    #[must_use]
    pub const fn clock_skew(mut self, clock_skew: Duration) -> Self {
        self.clock_skew = clock_skew;
        self
    }

    /// Sets how long a claim is valid.
    #[must_use]
    pub const fn claim_ttl(mut self, claim_ttl: Duration) -> Self {
        self.claim_ttl = claim_ttl;
        self
    }

    /// Sets how often to look whether another replica has finished.
    #[must_use]
    pub const fn poll_interval(mut self, poll_interval: Duration) -> Self {
        self.poll_interval = poll_interval;
        self
    }

    /// Sets how long to wait for another replica.
    #[must_use]
    pub const fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Sets how long to wait before a refresh token in doubt is sent again.
    #[must_use]
    pub const fn doubt_pause(mut self, doubt_pause: Duration) -> Self {
        self.doubt_pause = doubt_pause;
        self
    }

    /// The lead time for this connection. A token with a shorter lifetime than the contract's is refreshed after half of
    /// it at the earliest, or each new token would be refreshed at once. When the pair was issued shows only if its refresh token
    /// has the contract's lifetime; otherwise the lead time is not shortened.
    pub fn lead_time_for(&self, connection: &Connection) -> Duration {
        if connection.refresh_expires_at >= connection.consent_expires_at {
            // The end of the consent cut this lifetime short, so it does not show when the pair was issued.
            return self.lead_time;
        }
        let issued_at = connection
            .refresh_expires_at
            .saturating_sub(limits::REFRESH_TOKEN_LIFETIME);
        match connection.access_expires_at.saturating_since(issued_at) {
            Duration::ZERO => self.lead_time,
            lifetime => self.lead_time.min(lifetime / 2),
        }
    }
}

/// A connection from the store, with its tokens unsealed.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub struct LoadedConnection {
    /// The version of the record.
    pub version: Version,
    /// The connection.
    pub connection: Connection,
    /// The tokens; `None` if the connection has ended.
    pub tokens: Option<TokenPair>,
}

/// The state of a run that all steps share.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
struct Run {
    reason: RefreshReason,
    timing: Timing,
    started: Timestamp,
    /// Whether this run sends a token in doubt again.
    deliberate: bool,
}

impl Run {
    /// Whether the platform refused the access token of this generation. A lower generation is another token, too: a
    /// connection that was removed and created again starts at 1.
    fn is_rejected(&self, connection: &Connection) -> bool {
        matches!(self.reason, RefreshReason::TokenRejected { generation } if connection.generation == generation)
    }

    /// Whether the access token is valid now.
    fn is_usable(&self, connection: &Connection, now: Timestamp) -> bool {
        !self.is_rejected(connection)
            && now.saturating_add(self.timing.clock_skew) < connection.access_expires_at
    }

    /// Whether the access token is valid for longer than the lead time.
    fn is_fresh(&self, connection: &Connection, now: Timestamp) -> bool {
        let lead = self.timing.lead_time_for(connection);
        self.is_usable(connection, now) && now.saturating_add(lead) < connection.access_expires_at
    }

    fn has_waited_enough(&self, now: Timestamp) -> bool {
        now >= self.started.saturating_add(self.timing.max_wait)
    }
}
