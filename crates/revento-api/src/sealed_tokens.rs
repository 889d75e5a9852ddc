//! The token store behind the sealer: it takes and gives opened token pairs. Uses no other module of this crate.

use std::sync::Arc;

use revento_core::{
    Connection, ConnectionKey,
    claim::{Fence, SwapOutcome, Version},
    error::ErrorKind,
};
use revento_oauth::{TokenPair, refresh::LoadedConnection};
use revento_store::{
    CreateOutcome, Record, SealError, Sealed, Sealer, StoreError, Stored, TokenPairCodec,
    TokenPairFormatError, TokenStore,
};

/// Seals token pairs before the store sees them (invariant T6). Clones share the store.
#[derive(Debug, Clone)]
pub(crate) struct SealedTokenStore {
    store: Arc<dyn TokenStore>,
    sealer: Arc<dyn Sealer>,
}

/// A record cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealedTokenError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the token pair cannot be sealed or opened")]
    Seal(#[from] SealError),
    #[error(transparent)]
    Format(#[from] TokenPairFormatError),
}

impl SealedTokenError {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(_) | Self::Format(_) => ErrorKind::Storage,
            Self::Seal(_) => ErrorKind::Sealing,
        }
    }

    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Seal(error) => error.is_transient(),
            Self::Format(_) => false,
        }
    }
}

impl SealedTokenStore {
    pub(crate) fn new(store: Arc<dyn TokenStore>, sealer: Arc<dyn Sealer>) -> Self {
        Self { store, sealer }
    }

    /// The store itself, for what needs no tokens.
    pub(crate) fn store(&self) -> &dyn TokenStore {
        &*self.store
    }

    /// A record with its tokens sealed. A read that failed for a passing reason is repeated once: the store may have found out only
    /// now that its connection was closed.
    pub(crate) async fn load_record(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        match self.store.load(key).await {
            Err(error) if error.is_transient() => self.store.load(key).await,
            result => result,
        }
    }

    /// Finds out whether a record of this key could be read and sealed now.
    pub(crate) async fn check(&self, key: &ConnectionKey) -> Result<(), SealedTokenError> {
        self.load_record(key).await?;
        let sample = TokenPair {
            access: "sample".into(),
            refresh: None,
        };
        self.seal(key, &sample).await.map(drop)
    }

    pub(crate) async fn load(
        &self,
        key: &ConnectionKey,
    ) -> Result<Option<LoadedConnection>, SealedTokenError> {
        let Some(stored) = self.load_record(key).await? else {
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
    ) -> Result<CreateOutcome, SealedTokenError> {
        let record = self.record(connection, Some(tokens)).await?;
        Ok(self.store.create(&record).await?)
    }

    pub(crate) async fn compare_and_swap(
        &self,
        expected: Version,
        connection: &Connection,
        tokens: Option<&TokenPair>,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, SealedTokenError> {
        let record = self.record(connection, tokens).await?;
        Ok(self.store.compare_and_swap(expected, &record, fence).await?)
    }

    async fn record(
        &self,
        connection: &Connection,
        tokens: Option<&TokenPair>,
    ) -> Result<Record, SealedTokenError> {
        let tokens = match tokens {
            Some(pair) => Some(self.seal(&connection.key, pair).await?),
            None => None,
        };
        Ok(Record {
            connection: connection.clone(),
            tokens,
        })
    }

    async fn seal(&self, key: &ConnectionKey, pair: &TokenPair) -> Result<Sealed, SealedTokenError> {
        let plaintext = TokenPairCodec::encode(&pair.access, pair.refresh.as_ref())?;
        Ok(self
            .sealer
            .seal(&TokenPairCodec::context(key), &plaintext)
            .await?)
    }

    async fn open(&self, key: &ConnectionKey, sealed: &Sealed) -> Result<TokenPair, SealedTokenError> {
        let opened = self.sealer.open(&TokenPairCodec::context(key), sealed).await?;
        let (access, refresh) = TokenPairCodec::decode(&opened.plaintext)?;
        Ok(TokenPair { access, refresh })
    }
}
