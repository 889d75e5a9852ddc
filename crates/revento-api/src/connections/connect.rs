//! A new connection: the authorization request, and the exchange of the code.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use revento_core::{
    Connection, ConnectionKey, RequestId, StatusReason,
    claim::SwapOutcome,
    error::{ErrorKind, chain},
    text::printable,
};
use revento_oauth::{
    AuthorizationRequest, CodeGrant, StartedAuthorization, TokenAnswer, authorize, exchange::NewConnection,
};
use revento_store::{CreateOutcome, EntropyError};
use zeroize::Zeroizing;

use super::stored::Connections;
use crate::{
    error::{Cause, ConnectError},
    lifecycle::{MAX_SWAP_ATTEMPTS, lost_every_race},
    sealed_tokens::SealedTokenError,
    tasks::Task,
};

/// The pauses between the attempts to reach a store that fails. Meanwhile a browser waits.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(250),
    Duration::from_millis(1000),
    Duration::from_millis(2000),
];

/// A dependency panicked.
#[derive(Debug, thiserror::Error)]
#[error("the store, the sealer or the timer panicked")]
struct Panicked;

impl Connections {
    pub(crate) fn begin(&self, request: &AuthorizationRequest) -> Result<StartedAuthorization, EntropyError> {
        let mut random = Zeroizing::new([0; 64]);
        self.runtime.fill(&mut *random)?;
        Ok(authorize::begin(
            &self.integration,
            request,
            &random,
            self.runtime.now(),
        ))
    }

    pub(crate) async fn finish(self: &Arc<Self>, grant: CodeGrant) -> Result<Connection, ConnectError> {
        // A caller that goes away must not leave tokens that are not stored.
        let connections = Arc::clone(self);
        let connecting = async move { connections.exchange_and_store(grant).await }
            .boxed()
            .shared();
        let watched = connecting.clone();
        let task = Task::new(connecting.clone().map(drop).boxed(), move || {
            watched.peek().is_some()
        });
        self.tasks.push(task);
        connecting.await
    }

    /// Waits for the next connection that [`finish`](Self::finish) stores.
    pub(crate) fn connected(&self) -> impl Future<Output = ()> + Send + '_ {
        // It counts from its creation, before it is polled.
        self.stored.notified()
    }

    async fn exchange_and_store(&self, grant: CodeGrant) -> Result<Connection, ConnectError> {
        self.check_store(&grant).await?;
        let request_id = self.runtime.request_id();
        let new = match AssertUnwindSafe(self.exchange(grant, &request_id))
            .catch_unwind()
            .await
        {
            Ok(Ok(new)) => new,
            Ok(Err(error)) => return Err(logged(error)),
            // The code may be on its way.
            Err(_) => {
                let source = Cause::new(ErrorKind::Internal, Panicked);
                return Err(logged(no_answer(request_id, true, source)));
            }
        };
        let storing = AssertUnwindSafe(self.store_new(new)).catch_unwind();
        let source = match storing.await {
            Ok(Ok(connection)) => {
                self.sessions.drop_cached(&connection.key);
                self.stored.notify_waiters();
                log_connected(&connection, &request_id);
                return Ok(connection);
            }
            Ok(Err(error)) => Cause::new(error.kind(), error),
            Err(_) => Cause::new(ErrorKind::Internal, Panicked),
        };
        tracing::error!(%request_id, error = %chain(&source), "a new connection cannot be stored; its tokens are dropped");
        Err(ConnectError::NotStored { request_id, source })
    }

    /// A store or a sealer that does not work must not cost the code, so both are tried before it is sent.
    async fn check_store(&self, grant: &CodeGrant) -> Result<(), ConnectError> {
        let client_id = self.integration.client_id().clone();
        // The user of a user token is not known yet. Any key shows whether the store works.
        let key = ConnectionKey::installation(client_id, grant.event_id().clone());
        let mut pauses = PAUSES.into_iter();
        loop {
            let checked = AssertUnwindSafe(self.tokens.check(&key)).catch_unwind().await;
            let source = match checked {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) if error.is_transient() => match pauses.next() {
                    Some(pause) => {
                        self.runtime.sleep(pause).await;
                        continue;
                    }
                    None => Cause::new(error.kind(), error),
                },
                Ok(Err(error)) => Cause::new(error.kind(), error),
                Err(_) => Cause::new(ErrorKind::Internal, Panicked),
            };
            tracing::error!(connection = %key, error = %chain(&source), "a code is not sent: its tokens could not be stored");
            return Err(ConnectError::NotStarted { source });
        }
    }

    async fn exchange(
        &self,
        grant: CodeGrant,
        request_id: &RequestId,
    ) -> Result<NewConnection, ConnectError> {
        let sent_at = self.runtime.now();
        let sent = self.token_endpoint.exchange(&grant, request_id).await;
        let response = sent.map_err(|error| {
            let may_have_arrived = error.may_have_taken_effect();
            no_answer(
                request_id.clone(),
                may_have_arrived,
                Cause::new(error.kind(), error),
            )
        })?;
        let answer = TokenAnswer::read(&response);
        grant
            .finish_exchange(&self.integration, answer, sent_at, self.runtime.now())
            .map_err(|source| ConnectError::Exchange {
                request_id: request_id.clone(),
                source,
            })
    }

    /// Stores the connection, over an older one of the same key if there is one. The tokens exist nowhere else, so a failure that
    /// passes and a race that is lost are no end.
    async fn store_new(&self, mut new: NewConnection) -> Result<Connection, SealedTokenError> {
        let mut pauses = PAUSES.into_iter();
        let mut lost = 0;
        loop {
            match self.try_to_store(&mut new).await {
                Ok(true) => return Ok(new.connection),
                Ok(false) if lost < MAX_SWAP_ATTEMPTS => {
                    self.runtime.pause_after_lost_race(lost).await;
                    lost += 1;
                }
                Ok(false) => return Err(lost_every_race("storing a new connection").into()),
                Err(error) if error.is_transient() => match pauses.next() {
                    Some(pause) => self.runtime.sleep(pause).await,
                    None => return Err(error),
                },
                Err(error) => return Err(error),
            }
        }
    }

    /// `false` if another writer was faster.
    async fn try_to_store(&self, new: &mut NewConnection) -> Result<bool, SealedTokenError> {
        let NewConnection { connection, tokens } = new;
        let Some(old) = self.tokens.load_record(&connection.key).await? else {
            let created = self.tokens.create(connection, tokens).await?;
            return Ok(matches!(created, CreateOutcome::Created(_)));
        };
        connection.generation = old.record.connection.generation.saturating_add(1);
        let swap = self
            .tokens
            .compare_and_swap(old.version, connection, Some(tokens), None);
        Ok(matches!(swap.await?, SwapOutcome::Swapped(_)))
    }
}

/// A person sees that it failed, and only the log has the reason.
fn logged(error: ConnectError) -> ConnectError {
    if error.kind() == ErrorKind::Configuration {
        tracing::error!(error = %chain(&error), "a code gave no connection");
    } else {
        tracing::warn!(error = %chain(&error), "a code gave no connection");
    }
    error
}

fn no_answer(request_id: RequestId, may_have_arrived: bool, source: Cause) -> ConnectError {
    ConnectError::NoAnswer {
        request_id,
        may_have_arrived,
        source,
    }
}

fn log_connected(connection: &Connection, request_id: &RequestId) {
    let scopes = connection.scopes.to_string();
    tracing::info!(connection = %connection.key, scopes = %printable(&scopes).whole(), "connected");
    if connection.reason == Some(StatusReason::NoRefreshToken) {
        tracing::warn!(connection = %connection.key, %request_id, until = %connection.access_expires_at,
            "the platform issued no refresh token: the connection needs consent when its access token ends");
    }
}
