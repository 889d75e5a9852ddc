//! The one sending, and what its reply means.

use revento_core::{
    Connection, Reason, RefreshToken, Timestamp,
    claim::{ClaimTerms, Fence},
};

use super::{LoadedConnection, RefreshOutcome, Run, Step, load::Loading, new_pair, swap::Swapping};
use crate::{
    TokenAnswer, TokenPair,
    token::{IssuedTokens, OAuthErrorCode},
};

/// The claim is ours: [`start`](Self::start) the sending, at once.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub struct Sending {
    run: Run,
    snapshot: Box<LoadedConnection>,
    fence: Fence,
    claimed_at: Timestamp,
}

impl Sending {
    pub(super) fn new(run: Run, snapshot: Box<LoadedConnection>, fence: Fence, terms: ClaimTerms) -> Self {
        Self {
            run,
            snapshot,
            fence,
            claimed_at: terms.now,
        }
    }

    /// Begins the sending, if the claim still has enough time for it: a process that was paused must
    /// not send after another has taken over.
    ///
    /// # Errors
    /// The next step, when it is too late: nothing may be sent.
    #[expect(clippy::result_large_err, reason = "the step is the answer, not a failure")]
    pub fn start(self, now: Timestamp) -> Result<InFlight, Step> {
        let timing = &self.run.timing;
        let paused = now >= self.claimed_at.saturating_add(timing.claim_ttl / 2);
        // A clock that has gone back tells nothing about how long the claim still lives.
        let jumped = now.saturating_add(timing.clock_skew) < self.claimed_at;
        match &self.snapshot.tokens {
            Some(tokens) if !paused && !jumped => {
                let tokens = tokens.clone();
                Ok(InFlight {
                    run: self.run,
                    snapshot: self.snapshot,
                    fence: self.fence,
                    sent_at: now,
                    tokens,
                })
            }
            _ => Err(Step::Release(Releasing {
                fence: self.fence,
                then: if self.run.is_out_of_patience(now) {
                    Then::Done(RefreshOutcome::Busy)
                } else {
                    Then::Again(self.run)
                },
            })),
        }
    }
}

/// Send the [`refresh_token`](Self::refresh_token) once, and answer with [`replied`](Self::replied).
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub struct InFlight {
    run: Run,
    snapshot: Box<LoadedConnection>,
    fence: Fence,
    sent_at: Timestamp,
    tokens: TokenPair,
}

/// What came of the sending.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The token endpoint's answer.
    Answered(TokenAnswer),
    /// The request certainly never left.
    NeverSent,
    /// No answer, and the request may have arrived.
    Lost,
}

impl InFlight {
    /// What to send.
    pub fn refresh_token(&self) -> &RefreshToken {
        &self.tokens.refresh
    }

    /// The connection, as it was loaded.
    pub fn connection(&self) -> &Connection {
        &self.snapshot.connection
    }

    /// Whether this sends a token that may have been sent before, because nothing is left to lose.
    pub fn is_deliberate_retry(&self) -> bool {
        self.run.deliberate
    }

    /// What came of it.
    pub fn replied(self, reply: Reply, now: Timestamp) -> Step {
        match reply {
            Reply::Answered(TokenAnswer::Issued(issued)) => self.issued(*issued, now),
            Reply::Answered(TokenAnswer::Refused { error, .. }) if error.is_permanent() => Step::Swap(
                Swapping::ended(self.run, self.snapshot, Reason::RefreshRejected, self.fence, now),
            ),
            Reply::Answered(TokenAnswer::Refused {
                error, description, ..
            }) => self.unspent(refused(error, description), now),
            Reply::NeverSent => self.unspent(RefreshOutcome::Unreachable, now),
            Reply::Answered(TokenAnswer::Unreadable { .. }) | Reply::Lost => Step::Swap(Swapping::doubt(
                self.run,
                self.snapshot,
                Reason::AnswerLost,
                self.fence,
                now,
            )),
        }
    }

    /// The token is as good as before. A caller whose access token still works need not hear of it.
    fn unspent(self, failure: RefreshOutcome, now: Timestamp) -> Step {
        let usable = self.run.is_usable(&self.snapshot.connection, now);
        let then = if usable {
            RefreshOutcome::Use(self.snapshot)
        } else {
            failure
        };
        Step::Release(Releasing {
            fence: self.fence,
            then: Then::Done(then),
        })
    }

    /// Salvage before strictness (T2): the old token is gone, so whatever came is stored first.
    fn issued(self, issued: IssuedTokens, now: Timestamp) -> Step {
        let pair = new_pair::pair(
            &self.snapshot.connection,
            issued,
            self.tokens.refresh,
            self.sent_at,
            now,
        );
        Step::Swap(Swapping::fenced(
            self.run,
            Box::new(pair),
            self.snapshot.version,
            self.fence,
        ))
    }
}

fn refused(error: OAuthErrorCode, description: Option<String>) -> RefreshOutcome {
    RefreshOutcome::Refused { error, description }
}

/// Give the claim back, then go on with [`released`](Self::released), also when the store failed:
/// the claim runs out by itself.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub struct Releasing {
    fence: Fence,
    then: Then,
}

/// What comes after giving a claim back.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
enum Then {
    Done(RefreshOutcome),
    /// Another look: nothing was sent.
    Again(Run),
}

impl Releasing {
    /// The claim to give back.
    pub fn fence(&self) -> Fence {
        self.fence
    }

    /// It is given back.
    pub fn released(self) -> Step {
        match self.then {
            Then::Done(outcome) => Step::Done(outcome),
            Then::Again(run) => Step::Load(Loading::first(run)),
        }
    }
}
