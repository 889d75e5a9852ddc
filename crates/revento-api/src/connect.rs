//! A code for a stored connection.

use futures_util::FutureExt;
use revento_core::{Connection, RequestId, claim::SwapOutcome};
use revento_oauth::{CodeGrant, ExchangeError, TokenAnswer, TokenRequest, exchange::NewConnection};
use revento_store::CreateOutcome;

use crate::{Client, token_request, vault::VaultError, words::in_words};

/// How often a swap that lost a race is tried again. Each loss means that somebody else has won.
const RACES: usize = 16;

/// The code gave no stored connection. It is spent or useless: the human has to consent again.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The platform refused, or answered with something that must not be stored.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// No answer came. Whether the platform issued tokens is unknown; a code is never sent twice.
    #[error("the code could not be exchanged ({trouble}): connect again (request {request_id})")]
    NoAnswer {
        /// What happened.
        trouble: String,
        /// The request's id.
        request_id: RequestId,
    },
    /// The tokens came and could not be stored. They are dropped.
    #[error("the connection could not be stored ({trouble}): connect again when the store is back")]
    NotStored {
        /// What happened.
        trouble: String,
    },
}

impl Client {
    /// Exchanges a code and stores the connection, over an older one of the same key if there is one.
    /// What was granted is in `scopes`; it can be less than what was asked for.
    ///
    /// # Errors
    /// When the platform refused, gave no answer, or the store failed.
    pub async fn connect(&self, grant: CodeGrant) -> Result<Connection, ConnectError> {
        // A browser that goes away must not leave tokens behind that nobody has stored.
        let client = self.clone();
        let flight = async move { client.exchange_and_store(grant).await }
            .boxed()
            .shared();
        self.shared.backlog.see_through(flight.clone().map(drop).boxed());
        flight.await
    }

    async fn exchange_and_store(&self, grant: CodeGrant) -> Result<Connection, ConnectError> {
        let new = self.exchange(grant).await?;
        let connection = self
            .store_new(new)
            .await
            .map_err(|error| ConnectError::NotStored {
                trouble: in_words(&error),
            })?;
        self.session(&connection.key).forget();
        tracing::info!(connection = %connection.key, scopes = %connection.scopes, "connected");
        Ok(connection)
    }

    async fn exchange(&self, grant: CodeGrant) -> Result<NewConnection, ConnectError> {
        let shared = &self.shared;
        let request_id = shared.request_id();
        let request = TokenRequest::exchange(&shared.integration, &grant, &request_id);
        let sent_at = shared.clock.now();
        let response = token_request::send(shared, "authorization_code", &request_id, request.into_http())
            .await
            .map_err(|error| ConnectError::NoAnswer {
                trouble: in_words(&error),
                request_id,
            })?;
        let answer = TokenAnswer::read(&response);
        Ok(grant.finish_exchange(&shared.integration, answer, sent_at, shared.clock.now())?)
    }

    async fn store_new(&self, new: NewConnection) -> Result<Connection, VaultError> {
        let NewConnection {
            mut connection,
            tokens,
        } = new;
        let vault = &self.shared.vault;
        for _ in 0..RACES {
            match vault.store().load(&connection.key).await? {
                None => {
                    if let CreateOutcome::Created(_) = vault.create(&connection, &tokens).await? {
                        return Ok(connection);
                    }
                }
                Some(old) => {
                    connection.generation = old.record.connection.generation.saturating_add(1);
                    let swapped = vault
                        .compare_and_swap(old.version, &connection, Some(&tokens), None)
                        .await?;
                    if let SwapOutcome::Swapped(_) = swapped {
                        return Ok(connection);
                    }
                }
            }
        }
        Err(revento_store::StoreError::new(
            revento_store::StoreErrorKind::Unavailable,
            "storing a new connection",
            "it was changed by others again and again",
        )
        .into())
    }
}

impl Client {
    /// Forgets an organizer's or participant's connection altogether, tokens and all. The platform is
    /// not told: it has no such call.
    ///
    /// # Errors
    /// When the store cannot tell whether it is removed.
    pub async fn forget(&self, key: &revento_core::ConnectionKey) -> Result<(), revento_store::StoreError> {
        self.shared.vault.store().remove(key).await?;
        self.session(key).forget();
        Ok(())
    }
}
