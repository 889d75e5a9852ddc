//! Claiming the right to refresh, or waiting for another replica.

use revento_core::{
    ConnectionStatus, StatusReason, Timestamp,
    claim::{ClaimOutcome, ClaimTerms},
};

use super::{LoadedConnection, RefreshOutcome, Run, Step, load::Loading, send::Sending, swap::Swapping};

/// Claim the connection by these [`terms`](Self::terms), and answer with [`claimed`](Self::claimed) or
/// [`failed`](Self::failed).
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub struct Claiming {
    run: Run,
    snapshot: Box<LoadedConnection>,
    terms: ClaimTerms,
}

impl Claiming {
    pub(super) fn new(run: Run, snapshot: LoadedConnection, now: Timestamp) -> Self {
        let until = now.saturating_add(run.timing.claim_ttl);
        let terms = ClaimTerms {
            version: snapshot.version,
            now,
            until,
        };
        Self {
            run,
            snapshot: Box::new(snapshot),
            terms,
        }
    }

    /// The terms of the claim.
    pub fn terms(&self) -> ClaimTerms {
        self.terms
    }

    /// Takes the store's answer.
    pub fn claimed(mut self, claim: ClaimOutcome, now: Timestamp) -> Step {
        let usable = self.run.is_usable(&self.snapshot.connection, now);
        match claim {
            // The token is not sent at once, even if the access token has expired: the earlier holder may be slow, or
            // its clock behind, and about to store a new pair.
            ClaimOutcome::Granted {
                fence,
                abandoned: true,
            } => Step::Swap(Swapping::doubt(
                self.run,
                self.snapshot,
                StatusReason::HolderGone,
                fence,
                now,
            )),
            ClaimOutcome::Granted { fence, .. } => {
                self.run.deliberate = self.snapshot.connection.status == ConnectionStatus::InDoubt;
                Step::Send(Sending::new(self.run, self.snapshot, fence, self.terms))
            }
            ClaimOutcome::Held { .. } if usable => Step::Done(RefreshOutcome::Use(self.snapshot)),
            ClaimOutcome::Held { .. } | ClaimOutcome::VersionChanged if self.run.has_waited_enough(now) => {
                Step::Done(RefreshOutcome::Busy)
            }
            ClaimOutcome::Held { until } => {
                let poll = now.saturating_add(self.run.timing.poll_interval);
                Step::Wait(Waiting {
                    run: self.run,
                    until: until.min(poll),
                })
            }
            ClaimOutcome::VersionChanged => Step::Load(Loading::first(self.run)),
        }
    }

    /// The store failed. If it granted the claim all the same, the claim expires.
    pub fn failed(self, now: Timestamp) -> Step {
        if self.run.is_usable(&self.snapshot.connection, now) {
            Step::Done(RefreshOutcome::Use(self.snapshot))
        } else {
            Step::Done(RefreshOutcome::StoreFailed)
        }
    }
}

/// Wait [`until`](Self::until) this time, then continue with [`over`](Self::over).
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub struct Waiting {
    pub(super) run: Run,
    pub(super) until: Timestamp,
}

impl Waiting {
    /// The end of the wait.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// Continues after the wait.
    pub fn over(self) -> Step {
        Step::Load(Loading::first(self.run))
    }
}
