//! Drives the refresh machine: does what a step says and gives it the answer.

use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use revento_core::{Connection, Scopes, Status};
use revento_oauth::{
    TokenAnswer, TokenRequest,
    refresh::{InFlight, Refresh, RefreshOutcome, RefreshReason, Reply, Step, Swapping, Unsaved},
};

use super::{Live, Session, SessionError};
use crate::{ScopesChanged, client::Shared, token_request, words::in_words};

/// How often to try to store a new pair before the callers are told.
const SAVE_PAUSES: [Duration; 3] = [
    Duration::from_millis(50),
    Duration::from_millis(250),
    Duration::from_millis(1000),
];

impl Session {
    /// One run, from the first load to a usable token or a named reason why there is none.
    pub(super) async fn run(
        self: Arc<Self>,
        client: Arc<Shared>,
        why: RefreshReason,
    ) -> Result<Arc<Live>, SessionError> {
        let mut trouble = String::new();
        let mut before = None;
        let mut save_pauses = SAVE_PAUSES.into_iter();
        let unsaved = self.parked().take();
        let mut step = match unsaved {
            Some(unsaved) => unsaved.retry(),
            None => Refresh::start(why, self.timing, client.clock.now()),
        };
        loop {
            step = match step {
                Step::Done(outcome) => {
                    self.compare(&client, before, &outcome);
                    return self.conclude(&client, why, outcome, trouble);
                }
                Step::Unsaved(unsaved) => match save_pauses.next() {
                    Some(pause) => {
                        tokio::time::sleep(pause).await;
                        unsaved.retry()
                    }
                    None => return Err(self.park(unsaved, trouble)),
                },
                step => self.advance(&client, step, &mut trouble, &mut before).await,
            };
        }
    }

    async fn advance(
        &self,
        client: &Shared,
        step: Step,
        trouble: &mut String,
        before: &mut Option<Scopes>,
    ) -> Step {
        let store = client.vault.store();
        match step {
            Step::Load(loading) => match client.vault.load(&self.key).await {
                Ok(found) => loading.loaded(found, client.clock.now()),
                Err(error) => {
                    note(trouble, &error);
                    loading.failed()
                }
            },
            Step::Claim(claiming) => match store.claim(&self.key, claiming.terms()).await {
                Ok(claim) => claiming.claimed(claim, client.clock.now()),
                Err(error) => {
                    note(trouble, &error);
                    claiming.failed(client.clock.now())
                }
            },
            Step::Wait(waiting) => {
                tokio::time::sleep(waiting.until().saturating_since(client.clock.now())).await;
                waiting.over()
            }
            Step::Send(sending) => match sending.start(client.clock.now()) {
                Ok(in_flight) => self.send(client, in_flight, trouble, before).await,
                Err(step) => step,
            },
            Step::Swap(swapping) => self.swap(client, swapping, trouble).await,
            Step::Release(releasing) => {
                if let Err(error) = store.release(&self.key, releasing.fence()).await {
                    tracing::warn!(connection = %self.key, error = in_words(&error), "a claim could not be released; it runs out by itself");
                }
                releasing.released()
            }
            finished @ (Step::Unsaved(_) | Step::Done(_)) => finished,
        }
    }

    async fn send(
        &self,
        client: &Shared,
        in_flight: InFlight,
        trouble: &mut String,
        before: &mut Option<Scopes>,
    ) -> Step {
        let request_id = client.request_id();
        if in_flight.is_deliberate_retry() {
            tracing::warn!(connection = %self.key, %request_id,
                "sending a refresh token whose first outcome is unknown, since nothing is left to lose");
        }
        let request = TokenRequest::refresh(&client.integration, in_flight.refresh_token(), &request_id);
        // A transport bounds its time by itself. One that does not must not outlive the claim.
        let limit = client.timing.claim_ttl / 2;
        let sending = token_request::send(client, "refresh_token", &request_id, request.into_http());
        let reply = match tokio::time::timeout(limit, sending).await {
            Ok(Ok(response)) => Reply::Answered(TokenAnswer::read(&response)),
            Ok(Err(error)) => {
                note(trouble, &error);
                if error.may_have_arrived() {
                    Reply::Lost
                } else {
                    Reply::NeverSent
                }
            }
            Err(_) => {
                *trouble = "the token endpoint did not answer in time".into();
                Reply::Lost
            }
        };
        if let Reply::Answered(TokenAnswer::Unreadable { status, problem }) = &reply {
            *trouble = format!("the token endpoint answered {status}, with {problem}");
        }
        crate::meter::refreshed(reply_name(&reply));
        tracing::info!(connection = %self.key, %request_id, reply = reply_name(&reply), "refresh");
        *before = Some(in_flight.connection().scopes.clone());
        in_flight.replied(reply, client.clock.now())
    }

    async fn swap(&self, client: &Shared, swapping: Swapping, trouble: &mut String) -> Step {
        let (connection, tokens) = (swapping.connection(), swapping.tokens());
        // If the store panics, this is what is left of the connection.
        *self.parked() = swapping.as_unsaved();
        let stored = client
            .vault
            .compare_and_swap(swapping.expected(), connection, tokens, swapping.fence())
            .await;
        *self.parked() = None;
        let now = client.clock.now();
        match stored {
            Ok(answer) => swapping.swapped(answer, now),
            Err(error) => {
                tracing::error!(connection = %self.key, error = in_words(&error), "a connection could not be stored");
                note(trouble, &error);
                swapping.failed(now)
            }
        }
    }

    /// Tells of scopes that the platform has changed with a refresh.
    fn compare(&self, client: &Shared, before: Option<Scopes>, outcome: &RefreshOutcome) {
        let (Some(before), RefreshOutcome::Refreshed(snapshot)) = (before, outcome) else {
            return;
        };
        let connection = snapshot.connection.clone();
        if connection.scopes == before {
            return;
        }
        tracing::warn!(connection = %self.key, %before, after = %connection.scopes,
            "the answer to a refresh names other scopes");
        if let Some(call) = &client.on_scopes_changed {
            call(&ScopesChanged { connection, before });
        }
    }

    fn conclude(
        &self,
        client: &Shared,
        why: RefreshReason,
        outcome: RefreshOutcome,
        trouble: String,
    ) -> Result<Arc<Live>, SessionError> {
        match outcome {
            RefreshOutcome::Use(snapshot) | RefreshOutcome::Refreshed(snapshot) => self
                .keep(&snapshot, client.clock.now())
                .ok_or(SessionError::NotConnected),
            failure => {
                let error = explain(failure, trouble);
                if error.is_transient()
                    && let Some(live) = self.carry_on(why, client.clock.now())
                {
                    tracing::warn!(connection = %self.key, %error, "carrying on with the token at hand");
                    return Ok(live);
                }
                self.forget();
                tracing::warn!(connection = %self.key, %error, "no access token");
                Err(error)
            }
        }
    }

    fn park(&self, unsaved: Unsaved, trouble: String) -> SessionError {
        tracing::error!(connection = %self.key, trouble,
            "a new pair of tokens is in memory only: it is lost if this process ends before the store is back");
        *self.parked() = Some(unsaved);
        SessionError::Unsaved {
            trouble: trouble.into(),
        }
    }

    fn parked(&self) -> MutexGuard<'_, Option<Unsaved>> {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn explain(outcome: RefreshOutcome, trouble: String) -> SessionError {
    let trouble: Box<str> = trouble.into();
    match outcome {
        RefreshOutcome::Ended(connection) => ended(*connection),
        RefreshOutcome::InDoubt { retry_at } => SessionError::InDoubt { retry_at, trouble },
        RefreshOutcome::Busy => SessionError::Busy,
        RefreshOutcome::Refused { error, description } => SessionError::Refused {
            error: error.as_str().into(),
            description,
        },
        RefreshOutcome::Unreachable => SessionError::Unreachable { trouble },
        RefreshOutcome::StoreFailed => SessionError::Store { trouble },
        RefreshOutcome::NotConnected | RefreshOutcome::Use(_) | RefreshOutcome::Refreshed(_) => {
            SessionError::NotConnected
        }
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
        Status::Revoked => SessionError::Revoked { reason, delete_by },
        Status::Deleted => SessionError::NotConnected,
        _ => SessionError::NeedsConsent { reason },
    }
}

fn note(trouble: &mut String, error: &(dyn std::error::Error + 'static)) {
    *trouble = in_words(error);
}

fn reply_name(reply: &Reply) -> &'static str {
    match reply {
        Reply::Answered(TokenAnswer::Issued(_)) => "issued",
        Reply::Answered(TokenAnswer::Refused { .. }) => "refused",
        Reply::Answered(TokenAnswer::Unreadable { .. }) => "unreadable",
        Reply::NeverSent => "never sent",
        Reply::Lost => "lost",
    }
}
