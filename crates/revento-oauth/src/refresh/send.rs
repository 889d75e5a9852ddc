//! Sending the refresh token once, and reading the reply.

use revento_core::{
    Connection, RefreshToken, StatusReason, Timestamp,
    claim::{ClaimTerms, Fence},
};

use super::{LoadedConnection, RefreshOutcome, Run, Step, load::Loading, new_pair, swap::Swapping};
use crate::{
    TokenAnswer,
    token::{IssuedTokens, OAuthErrorCode, SentToken},
};

/// The claim is granted: [`start`](Self::start) the sending at once.
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

    /// The connection as it was loaded.
    pub fn connection(&self) -> &Connection {
        &self.snapshot.connection
    }

    /// Stores the end of the connection instead of sending. For a caller who knows that the platform has rejected this refresh token
    /// for good, and could not store that (invariant T1).
    pub fn rejected_before(self, now: Timestamp) -> Step {
        Step::Swap(Swapping::ended(
            self.run,
            self.snapshot,
            StatusReason::RefreshRejected,
            Some(self.fence),
            now,
        ))
    }

    /// Starts the sending, if the claim is valid for long enough. A process that was paused must not send after another
    /// replica has taken over.
    ///
    /// # Errors
    /// It is too late to send. The error is the next step.
    #[expect(clippy::result_large_err, reason = "the step is the answer, not a failure")]
    pub fn start(self, now: Timestamp) -> Result<InFlight, Step> {
        let timing = &self.run.timing;
        let paused = now >= self.claimed_at.saturating_add(timing.claim_ttl / 2);
        // A clock that went back does not show how long the claim is still valid.
        let jumped = now.saturating_add(timing.clock_skew) < self.claimed_at;
        let refresh_token = self
            .snapshot
            .tokens
            .as_ref()
            .and_then(|tokens| tokens.refresh.clone());
        match refresh_token {
            Some(refresh_token) if !paused && !jumped => Ok(InFlight {
                run: self.run,
                snapshot: self.snapshot,
                fence: self.fence,
                sent_at: now,
                refresh_token: SentToken(refresh_token),
            }),
            _ => Err(Step::Release(Releasing {
                fence: self.fence,
                then: if self.run.has_waited_enough(now) {
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
    refresh_token: SentToken,
}

/// The result of the sending.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The token endpoint answered.
    Answered(TokenAnswer),
    /// The request was certainly not sent.
    NeverSent,
    /// There is no answer, and the request may have arrived.
    Lost,
}

impl InFlight {
    /// The refresh token to send.
    pub fn refresh_token(&self) -> &RefreshToken {
        &self.refresh_token.0
    }

    /// The connection as it was loaded.
    pub fn connection(&self) -> &Connection {
        &self.snapshot.connection
    }

    /// Whether the token is in doubt and is sent again, because the access token has expired.
    pub fn is_deliberate_retry(&self) -> bool {
        self.run.deliberate
    }

    /// Takes the result of the sending.
    pub fn replied(self, reply: Reply, now: Timestamp) -> Step {
        match reply {
            Reply::Answered(TokenAnswer::Issued(issued)) => self.issued(*issued, now),
            Reply::Answered(TokenAnswer::Refused { error, .. }) if error.is_permanent() => {
                Step::Swap(Swapping::ended(
                    self.run,
                    self.snapshot,
                    StatusReason::RefreshRejected,
                    Some(self.fence),
                    now,
                ))
            }
            Reply::Answered(TokenAnswer::Refused {
                error, description, ..
            }) => self.unspent(refused(error, description), now),
            Reply::NeverSent => self.unspent(RefreshOutcome::Unreachable, now),
            Reply::Answered(TokenAnswer::Unreadable { .. }) | Reply::Lost => Step::Swap(Swapping::doubt(
                self.run,
                self.snapshot,
                StatusReason::AnswerLost,
                self.fence,
                now,
            )),
        }
    }

    /// The refresh token is not spent. If the access token is valid, the caller gets it instead of the failure.
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

    /// Store the tokens before checking the rest of the answer (invariant T2): the old token is spent, so the new pair is stored first.
    fn issued(self, issued: IssuedTokens, now: Timestamp) -> Step {
        let pair = new_pair::pair(
            &self.snapshot.connection,
            issued,
            self.refresh_token.0,
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

/// Release the claim, then continue with [`released`](Self::released), also if the store failed: the claim then expires.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub struct Releasing {
    fence: Fence,
    then: Then,
}

/// What follows the release of a claim.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
enum Then {
    Done(RefreshOutcome),
    /// Start again, because nothing was sent.
    Again(Run),
}

impl Releasing {
    /// The claim to release.
    pub fn fence(&self) -> Fence {
        self.fence
    }

    /// Continues after the release.
    pub fn released(self) -> Step {
        match self.then {
            Then::Done(outcome) => Step::Done(outcome),
            Then::Again(run) => Step::Load(Loading::first(run)),
        }
    }
}
