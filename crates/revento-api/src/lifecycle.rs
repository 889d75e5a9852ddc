//! What ends connections (contract §2.6, invariant T8).

use std::sync::Arc;

use revento_core::{ConnectionKey, claim::SwapOutcome, text::printable};
use revento_oauth::lifecycle::{self, Signal};
use revento_store::{Record, StoreError, StoreErrorReason, Stored};

use crate::{runtime::Runtime, sealed_tokens::SealedTokenStore, session::Sessions};

/// How often a swap that lost a race is repeated. In each race another writer has won, so this is no matter of luck but the number
/// of writers of one record at the same time.
pub(crate) const MAX_SWAP_ATTEMPTS: u32 = 1000;

/// Applies signals to stored connections.
pub(crate) struct Lifecycle {
    tokens: SealedTokenStore,
    sessions: Arc<Sessions>,
    runtime: Runtime,
}

impl Lifecycle {
    pub(crate) fn new(tokens: SealedTokenStore, sessions: Arc<Sessions>, runtime: Runtime) -> Self {
        Self {
            tokens,
            sessions,
            runtime,
        }
    }

    /// Applies a signal to one connection by compare-and-swap.
    pub(crate) async fn apply(&self, key: &ConnectionKey, signal: &Signal) -> Result<(), StoreError> {
        let store = self.tokens.store();
        for lost in 0..MAX_SWAP_ATTEMPTS {
            let Some(Stored { version, record }) = self.tokens.load_record(key).await? else {
                return Ok(());
            };
            let Some(connection) = lifecycle::apply(&record.connection, signal, self.runtime.now()) else {
                return Ok(());
            };
            let tokens = record.tokens.filter(|_| connection.status.is_live());
            let next = Record { connection, tokens };
            if let SwapOutcome::Swapped(_) = store.compare_and_swap(version, &next, None).await? {
                self.sessions.drop_cached(key);
                tracing::warn!(connection = %key, status = %next.connection.status,
                    reason = next.connection.reason.as_ref().map(|reason| tracing::field::display(printable(reason.as_str()))),
                    delete_by = next.connection.delete_by.map(tracing::field::display), "connection changed");
                return Ok(());
            }
            self.runtime.pause_after_lost_race(lost).await;
        }
        Err(lost_every_race("ending a connection"))
    }

    /// The platform answered `token_revoked` to the access token of this generation (contract §3.5). A newer consent
    /// may have come since: then the old token has ended, and the connection has not.
    pub(crate) async fn token_revoked(&self, key: &ConnectionKey, generation: u64) -> Result<(), StoreError> {
        let stored = self.tokens.load_record(key).await;
        self.sessions.drop_cached(key);
        if let Ok(Some(stored)) = &stored
            && stored.record.connection.generation > generation
        {
            return Ok(());
        }
        self.apply(key, &Signal::TokenRevoked).await
    }
}

/// Other writers changed the record before each swap.
pub(crate) fn lost_every_race(doing: &'static str) -> StoreError {
    StoreError::write(
        StoreErrorReason::Unavailable,
        doing,
        "other writers changed the record before each swap",
    )
}
