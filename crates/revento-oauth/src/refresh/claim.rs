//! Becoming the one who refreshes, or waiting for whoever is.

use revento_core::{
    Reason, Status, Timestamp,
    claim::{ClaimOutcome, ClaimTerms},
};

use super::{LoadedConnection, RefreshOutcome, Run, Step, load::Loading, send::Sending, swap::Swapping};

/// Claim with these [`terms`](Self::terms), and answer with [`claimed`](Self::claimed) or [`failed`](Self::failed).
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

    /// What to claim.
    pub fn terms(&self) -> ClaimTerms {
        self.terms
    }

    /// The store's answer.
    pub fn claimed(mut self, claim: ClaimOutcome, now: Timestamp) -> Step {
        let usable = self.run.is_usable(&self.snapshot.connection, now);
        match claim {
            // Not even when the access token is at its end is it sent at once: the holder may only be
            // slow, or its clock behind, and a new pair on its way into the store.
            ClaimOutcome::Granted {
                fence,
                abandoned: true,
            } => Step::Swap(Swapping::doubt(
                self.run,
                self.snapshot,
                Reason::HolderGone,
                fence,
                now,
            )),
            ClaimOutcome::Granted { fence, .. } => {
                self.run.deliberate = self.snapshot.connection.status == Status::InDoubt;
                Step::Send(Sending::new(self.run, self.snapshot, fence, self.terms))
            }
            ClaimOutcome::Held { .. } if usable => Step::Done(RefreshOutcome::Use(self.snapshot)),
            ClaimOutcome::Held { .. } | ClaimOutcome::VersionChanged if self.run.is_out_of_patience(now) => {
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

    /// The store did not answer. A claim that was granted after all runs out by itself.
    pub fn failed(self, now: Timestamp) -> Step {
        if self.run.is_usable(&self.snapshot.connection, now) {
            Step::Done(RefreshOutcome::Use(self.snapshot))
        } else {
            Step::Done(RefreshOutcome::StoreFailed)
        }
    }
}

/// Wait [`until`](Self::until), then go on with [`over`](Self::over).
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

    /// The wait is over.
    pub fn over(self) -> Step {
        Step::Load(Loading::first(self.run))
    }
}
