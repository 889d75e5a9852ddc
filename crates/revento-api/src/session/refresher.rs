//! Drives the refresh machine ([`revento_oauth::refresh`]): does what a step says and gives the machine the answer.

use std::{sync::Arc, time::Duration};

use revento_core::{
    Connection, ConnectionStatus, RequestId, Scopes,
    error::{ErrorKind, chain},
    text::printable,
};
use revento_oauth::{
    TokenAnswer,
    refresh::{InFlight, Refresh, RefreshOutcome, RefreshReason, Reply, Step, Swapping, Timing, Unsaved},
};

use super::{
    cached_token::{CachedToken, TokenAge},
    scopes_changed::{OnScopesChanged, ScopesChanged},
    token_cache::TokenCache,
};
use crate::{
    error::{Cause, SendError, SessionError},
    http::metrics,
    runtime::Runtime,
    sealed_tokens::SealedTokenStore,
    token_endpoint::TokenEndpoint,
};

/// The pauses between the attempts to store that the platform rejected a refresh token. While the store does not have that, another
/// replica sends the rejected token once more as soon as the claim has ended. The pauses are short against a claim.
const REJECTION_PAUSES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1500),
];

/// The pauses between the attempts to store a new pair, before the callers get an error.
const SAVE_PAUSES: [Duration; 3] = [
    Duration::from_millis(50),
    Duration::from_millis(250),
    Duration::from_millis(1000),
];

/// What all refreshes of a client use.
pub(crate) struct Refresher {
    pub(crate) tokens: SealedTokenStore,
    pub(crate) token_endpoint: Arc<TokenEndpoint>,
    pub(crate) runtime: Runtime,
    pub(crate) timing: Timing,
    pub(crate) on_scopes_changed: Option<OnScopesChanged>,
}

/// The token endpoint's answer is neither tokens nor an error.
#[derive(Debug, thiserror::Error)]
#[error("the token endpoint answered {status}, with {problem}")]
struct UnreadableAnswer {
    status: u16,
    problem: String,
}

impl Refresher {
    /// One refresh, from the first load to a usable token or to the reason why there is none.
    pub(super) async fn run(
        &self,
        cache: &TokenCache,
        reason: RefreshReason,
    ) -> Result<Arc<CachedToken>, SessionError> {
        cache.unfinished().sent = None;
        // The pair stays there until it is stored: a panic before must not lose it.
        let unsaved = cache.unfinished().unsaved.clone();
        let step = match unsaved {
            Some(unsaved) => unsaved.retry(),
            None => Refresh::start(reason, cache.timing(self.timing), self.runtime.now()),
        };
        let run = Run {
            refresher: self,
            cache,
            reason,
            cause: None,
            request_id: None,
            scopes_before: None,
        };
        run.drive(step).await
    }
}

/// One refresh under way.
struct Run<'r> {
    refresher: &'r Refresher,
    cache: &'r TokenCache,
    reason: RefreshReason,
    /// What failed last.
    cause: Option<Cause>,
    /// The id of the refresh request.
    request_id: Option<RequestId>,
    scopes_before: Option<Scopes>,
}

impl Run<'_> {
    async fn drive(mut self, mut step: Step) -> Result<Arc<CachedToken>, SessionError> {
        let mut save_pauses = SAVE_PAUSES.into_iter();
        loop {
            step = match step {
                Step::Done(outcome) => {
                    self.cache.unfinished().unsaved = None;
                    self.report_changed_scopes(&outcome);
                    return self.conclude(outcome);
                }
                Step::Unsaved(unsaved) => match save_pauses.next() {
                    Some(pause) => {
                        self.refresher.runtime.sleep(pause).await;
                        unsaved.retry()
                    }
                    None => return Err(self.keep_unsaved(unsaved)),
                },
                step => self.advance(step).await,
            };
        }
    }

    async fn advance(&mut self, step: Step) -> Step {
        let (tokens, runtime) = (&self.refresher.tokens, &self.refresher.runtime);
        let key = &self.cache.key;
        match step {
            Step::Load(loading) => match tokens.load(key).await {
                Ok(found) => loading.loaded(found, runtime.now()),
                Err(error) => {
                    self.failed(error.kind(), error);
                    loading.failed()
                }
            },
            Step::Claim(claiming) => match tokens.store().claim(key, claiming.terms()).await {
                Ok(claim) => claiming.claimed(claim, runtime.now()),
                Err(error) => {
                    self.failed(ErrorKind::Storage, error);
                    claiming.failed(runtime.now())
                }
            },
            Step::Wait(waiting) => {
                let pause = waiting.until().saturating_since(runtime.now());
                runtime.sleep(pause).await;
                waiting.over()
            }
            Step::Send(sending)
                if self.cache.unfinished().rejected == Some(sending.connection().generation) =>
            {
                sending.rejected_before(runtime.now())
            }
            Step::Send(sending) => match sending.start(runtime.now()) {
                Ok(in_flight) => self.send(in_flight).await,
                Err(step) => step,
            },
            Step::Swap(swapping) => self.swap(swapping).await,
            Step::Release(releasing) => {
                if let Err(error) = tokens.store().release(key, releasing.fence()).await {
                    tracing::warn!(connection = %key, error = %chain(&error), "a claim cannot be released; it expires by itself");
                }
                releasing.released()
            }
            finished @ (Step::Unsaved(_) | Step::Done(_)) => finished,
        }
    }

    async fn send(&mut self, in_flight: InFlight) -> Step {
        let runtime = &self.refresher.runtime;
        let request_id = runtime.request_id();
        if in_flight.is_deliberate_retry() {
            tracing::warn!(connection = %self.cache.key, %request_id,
                "sending a refresh token again whose first outcome is unknown: the access token has expired");
        }
        self.request_id = Some(request_id.clone());
        self.cache.unfinished().sent = Some(request_id.clone());
        // A transport without a time limit of its own must not outlive the claim.
        let limit = self.refresher.timing.claim_ttl / 2;
        let endpoint = &self.refresher.token_endpoint;
        let sent = endpoint
            .refresh(in_flight.refresh_token(), &request_id, limit)
            .await;
        let reply = self.reply(sent);
        metrics::refresh_done(reply_name(&reply));
        tracing::info!(connection = %self.cache.key, %request_id, reply = reply_name(&reply), "refresh");
        self.scopes_before = Some(in_flight.connection().scopes.clone());
        in_flight.replied(reply, self.refresher.runtime.now())
    }

    fn reply(&mut self, sent: Result<http::Response<bytes::Bytes>, SendError>) -> Reply {
        let answer = match sent {
            Ok(response) => TokenAnswer::read(&response),
            Err(error) => {
                let may_have_arrived = error.may_have_taken_effect();
                self.failed(error.kind(), error);
                return if may_have_arrived {
                    Reply::Lost
                } else {
                    self.cache.unfinished().sent = None;
                    Reply::NeverSent
                };
            }
        };
        if let TokenAnswer::Unreadable { status, problem } = &answer {
            let error = UnreadableAnswer {
                status: status.as_u16(),
                problem: problem.clone(),
            };
            self.failed(ErrorKind::Platform, error);
        }
        Reply::Answered(answer)
    }

    async fn swap(&mut self, swapping: Swapping) -> Step {
        let (connection, tokens) = (swapping.connection(), swapping.tokens());
        // If the store panics, this is the only copy of the new pair.
        if let Some(unsaved) = swapping.as_unsaved() {
            self.cache.unfinished().unsaved = Some(unsaved);
        }
        let pauses: &[Duration] = if swapping.is_rejection() {
            &REJECTION_PAUSES
        } else {
            &[]
        };
        let mut pauses = pauses.iter();
        let stored = loop {
            let stored = self
                .refresher
                .tokens
                .compare_and_swap(swapping.expected(), connection, tokens, swapping.fence())
                .await;
            match (&stored, pauses.next()) {
                (Err(_), Some(pause)) => self.refresher.runtime.sleep(*pause).await,
                _ => break stored,
            }
        };
        let now = self.refresher.runtime.now();
        match stored {
            Ok(outcome) => swapping.swapped(outcome, now),
            Err(error) => {
                tracing::error!(connection = %self.cache.key, error = %chain(&error), "a connection cannot be stored");
                self.failed(error.kind(), error);
                if swapping.is_rejection() {
                    self.cache.unfinished().rejected = Some(swapping.connection().generation);
                }
                swapping.failed(now)
            }
        }
    }

    /// Reports scopes that the platform has changed with a refresh.
    fn report_changed_scopes(&mut self, outcome: &RefreshOutcome) {
        let (Some(before), RefreshOutcome::Refreshed(loaded)) = (self.scopes_before.take(), outcome) else {
            return;
        };
        let connection = loaded.connection.clone();
        if connection.scopes == before {
            return;
        }
        tracing::warn!(connection = %self.cache.key, before = %printable(&before.to_string()).whole(),
            after = %printable(&connection.scopes.to_string()).whole(),
            "the answer to a refresh names other scopes");
        if let Some(callback) = &self.refresher.on_scopes_changed {
            callback(&ScopesChanged::new(connection, before));
        }
    }

    fn conclude(self, outcome: RefreshOutcome) -> Result<Arc<CachedToken>, SessionError> {
        let now = self.refresher.runtime.now();
        let (cache, reason) = (self.cache, self.reason);
        let timing = cache.timing(self.refresher.timing);
        match outcome {
            RefreshOutcome::Use(loaded) => cache
                .store(&loaded, TokenAge::Stored, &timing, now)
                .ok_or(SessionError::NotConnected),
            RefreshOutcome::Refreshed(loaded) => cache
                .store(&loaded, TokenAge::JustIssued, &timing, now)
                .ok_or(SessionError::NotConnected),
            failure => {
                let error = self.explain(failure);
                if error.is_transient()
                    && let Some(token) = cache.still_usable(reason, now)
                {
                    tracing::warn!(connection = %cache.key, error = %chain(&error), "the cached access token is used on");
                    return Ok(token);
                }
                cache.clear();
                tracing::warn!(connection = %cache.key, error = %chain(&error), "no access token");
                Err(error)
            }
        }
    }

    fn explain(self, outcome: RefreshOutcome) -> SessionError {
        let (request_id, source) = (self.request_id, self.cause);
        match outcome {
            RefreshOutcome::Ended(connection) => ended(*connection),
            RefreshOutcome::InDoubt { retry_at } => SessionError::InDoubt {
                retry_at,
                request_id,
                source,
            },
            RefreshOutcome::Busy => SessionError::Busy,
            RefreshOutcome::Refused { error, description } => SessionError::Refused {
                error: error.as_str().into(),
                description,
                request_id,
            },
            RefreshOutcome::Unreachable => SessionError::Unreachable { request_id, source },
            // The request is out, and the store does not have that. When the claim ends, the connection is in doubt.
            RefreshOutcome::StoreFailed if self.cache.unfinished().sent.is_some() => SessionError::InDoubt {
                retry_at: self
                    .refresher
                    .runtime
                    .now()
                    .saturating_add(self.refresher.timing.claim_ttl),
                request_id,
                source,
            },
            RefreshOutcome::StoreFailed => match source {
                Some(cause) if cause.kind() == ErrorKind::Sealing => {
                    SessionError::Sealing { source: Some(cause) }
                }
                source => SessionError::Store { source },
            },
            RefreshOutcome::NotConnected | RefreshOutcome::Use(_) | RefreshOutcome::Refreshed(_) => {
                SessionError::NotConnected
            }
        }
    }

    fn keep_unsaved(self, unsaved: Unsaved) -> SessionError {
        self.cache.unfinished().unsaved = Some(unsaved);
        metrics::pair_not_saved();
        let error = SessionError::Unsaved {
            request_id: self.request_id,
            source: self.cause,
        };
        tracing::error!(connection = %self.cache.key, error = %chain(&error),
            "a new token pair is in memory only: it is lost if this process ends before the store works again");
        error
    }

    fn failed(&mut self, kind: ErrorKind, error: impl std::error::Error + Send + Sync + 'static) {
        self.cause = Some(Cause::new(kind, error));
    }
}

fn ended(connection: Connection) -> SessionError {
    let Connection {
        status,
        reason,
        delete_by,
        ..
    } = connection;
    match status {
        ConnectionStatus::Revoked => SessionError::Revoked { reason, delete_by },
        ConnectionStatus::Deleted => SessionError::NotConnected,
        _ => SessionError::NeedsConsent { reason },
    }
}

/// All that [`reply_name`] returns. *Rejected* ends the connection, *refused* does not.
pub(crate) const REPLIES: &[&str] = &[
    "issued",
    "rejected",
    "refused",
    "unreadable",
    "never_sent",
    "lost",
];

fn reply_name(reply: &Reply) -> &'static str {
    match reply {
        Reply::Answered(TokenAnswer::Issued(_)) => "issued",
        Reply::Answered(TokenAnswer::Refused { error, .. }) if error.is_permanent() => "rejected",
        Reply::Answered(TokenAnswer::Refused { .. }) => "refused",
        Reply::Answered(TokenAnswer::Unreadable { .. }) => "unreadable",
        Reply::NeverSent => "never_sent",
        Reply::Lost => "lost",
    }
}
