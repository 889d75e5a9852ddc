//! A new connection: the authorization request, and the exchange of the code.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use revento_core::{
    Connection, RequestId, StatusReason,
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

/// The store or the sealer panicked.
#[derive(Debug, thiserror::Error)]
#[error("the store or the sealer panicked")]
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

    async fn exchange_and_store(&self, grant: CodeGrant) -> Result<Connection, ConnectError> {
        let request_id = self.runtime.request_id();
        let new = self.exchange(grant, &request_id).await?;
        let storing = AssertUnwindSafe(self.store_new(new)).catch_unwind();
        let source = match storing.await {
            Ok(Ok(connection)) => {
                self.sessions.drop_cached(&connection.key);
                tracing::info!(connection = %connection.key, scopes = %printable(&connection.scopes.to_string()).whole(), "connected");
                if connection.reason == Some(StatusReason::NoRefreshToken) {
                    tracing::warn!(connection = %connection.key, %request_id, until = %connection.access_expires_at,
                        "the platform issued no refresh token: the connection needs consent when its access token ends");
                }
                return Ok(connection);
            }
            Ok(Err(error)) => Cause::new(error.kind(), error),
            Err(_) => Cause::new(ErrorKind::Internal, Panicked),
        };
        tracing::error!(%request_id, error = %chain(&source), "a new connection cannot be stored; its tokens are dropped");
        Err(ConnectError::NotStored { request_id, source })
    }

    async fn exchange(
        &self,
        grant: CodeGrant,
        request_id: &RequestId,
    ) -> Result<NewConnection, ConnectError> {
        let sent_at = self.runtime.now();
        let sent = self.token_endpoint.exchange(&grant, request_id).await;
        let response = sent.map_err(|error| ConnectError::NoAnswer {
            request_id: request_id.clone(),
            may_have_arrived: error.may_have_taken_effect(),
            source: Cause::new(error.kind(), error),
        })?;
        let answer = TokenAnswer::read(&response);
        grant
            .finish_exchange(&self.integration, answer, sent_at, self.runtime.now())
            .map_err(|source| ConnectError::Exchange {
                request_id: request_id.clone(),
                source,
            })
    }

    /// Stores the connection, over an older one of the same key if there is one.
    async fn store_new(&self, new: NewConnection) -> Result<Connection, SealedTokenError> {
        let NewConnection {
            mut connection,
            tokens,
        } = new;
        for _ in 0..MAX_SWAP_ATTEMPTS {
            match self.tokens.store().load(&connection.key).await? {
                None => {
                    let outcome = self.tokens.create(&connection, &tokens).await?;
                    if let CreateOutcome::Created(_) = outcome {
                        return Ok(connection);
                    }
                }
                Some(old) => {
                    connection.generation = old.record.connection.generation.saturating_add(1);
                    let swapped = self
                        .tokens
                        .compare_and_swap(old.version, &connection, Some(&tokens), None)
                        .await?;
                    if let SwapOutcome::Swapped(_) = swapped {
                        return Ok(connection);
                    }
                }
            }
        }
        Err(lost_every_race("storing a new connection").into())
    }
}
