//! The token store behind the sealer: records in, opened snapshots out.

use std::sync::Arc;

use revento_core::{
    Connection, ConnectionKey,
    claim::{Fence, SwapOutcome, Version},
};
use revento_oauth::{TokenPair, refresh::LoadedConnection};
use revento_store::{CreateOutcome, Record, SealError, Sealed, Sealer, StoreError, TokenStore};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub(crate) struct Vault {
    store: Arc<dyn TokenStore>,
    sealer: Arc<dyn Sealer>,
}

/// A record could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the stored tokens cannot be opened: {0}")]
    Seal(#[from] SealError),
    #[error("the stored tokens open, but are in no format that this version knows")]
    Format,
}

/// The plaintext of a sealed pair. Short names: it is written once an hour and read by nobody.
#[derive(Serialize, Deserialize)]
struct Plain<'a> {
    a: &'a str,
    r: &'a str,
}

impl Vault {
    pub(crate) fn new(store: Arc<dyn TokenStore>, sealer: Arc<dyn Sealer>) -> Self {
        Self { store, sealer }
    }

    pub(crate) fn store(&self) -> &dyn TokenStore {
        &*self.store
    }

    pub(crate) async fn load(&self, key: &ConnectionKey) -> Result<Option<LoadedConnection>, VaultError> {
        let Some(stored) = self.store.load(key).await? else {
            return Ok(None);
        };
        let Record { connection, tokens } = stored.record;
        let tokens = match tokens {
            Some(sealed) => Some(self.open(key, &sealed).await?),
            None => None,
        };
        Ok(Some(LoadedConnection {
            version: stored.version,
            connection,
            tokens,
        }))
    }

    pub(crate) async fn create(
        &self,
        connection: &Connection,
        tokens: &TokenPair,
    ) -> Result<CreateOutcome, VaultError> {
        let record = self.record(connection, Some(tokens)).await?;
        Ok(self.store.create(&record).await?)
    }

    pub(crate) async fn compare_and_swap(
        &self,
        expected: Version,
        connection: &Connection,
        tokens: Option<&TokenPair>,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, VaultError> {
        let record = self.record(connection, tokens).await?;
        Ok(self.store.compare_and_swap(expected, &record, fence).await?)
    }

    async fn record(
        &self,
        connection: &Connection,
        tokens: Option<&TokenPair>,
    ) -> Result<Record, VaultError> {
        let tokens = match tokens {
            Some(pair) => Some(self.seal(&connection.key, pair).await?),
            None => None,
        };
        Ok(Record {
            connection: connection.clone(),
            tokens,
        })
    }

    async fn seal(&self, key: &ConnectionKey, pair: &TokenPair) -> Result<Sealed, VaultError> {
        let plain = Plain {
            a: pair.access.expose(),
            r: pair.refresh.expose(),
        };
        let bytes = Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| VaultError::Format)?);
        Ok(self.sealer.seal(&context(key), &bytes).await?)
    }

    async fn open(&self, key: &ConnectionKey, sealed: &Sealed) -> Result<TokenPair, VaultError> {
        let opened = self.sealer.open(&context(key), sealed).await?;
        let plain: Plain<'_> = serde_json::from_slice(&opened.plaintext).map_err(|_| VaultError::Format)?;
        Ok(TokenPair {
            access: plain.a.into(),
            refresh: plain.r.into(),
        })
    }
}

/// What binds a sealed pair to its record.
fn context(key: &ConnectionKey) -> String {
    format!("revento/tokens/{key}")
}
