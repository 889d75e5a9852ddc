//! The stored connections of an integration.

use std::sync::Arc;

use revento_core::{Connection, ConnectionKey};
use revento_oauth::{Integration, lifecycle::Signal};
use revento_store::{Pages, StoreError};

use crate::{
    lifecycle::Lifecycle, runtime::Runtime, sealed_tokens::SealedTokenStore, session::Sessions,
    tasks::TaskQueue, token_endpoint::TokenEndpoint,
};

/// The connections of one integration.
pub(crate) struct Connections {
    pub(crate) integration: Arc<Integration>,
    pub(crate) tokens: SealedTokenStore,
    pub(crate) token_endpoint: Arc<TokenEndpoint>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) lifecycle: Arc<Lifecycle>,
    pub(crate) tasks: TaskQueue,
    pub(crate) runtime: Runtime,
}

impl Connections {
    pub(crate) async fn load(&self, key: &ConnectionKey) -> Result<Option<Connection>, StoreError> {
        let stored = self.tokens.store().load(key).await?;
        Ok(stored.map(|stored| stored.record.connection))
    }

    pub(crate) async fn list(&self) -> Result<Vec<Connection>, StoreError> {
        let client_id = self.integration.client_id().clone();
        let stored = Pages::of_client(self.tokens.store(), client_id).collect().await?;
        Ok(stored
            .into_iter()
            .map(|stored| stored.record.connection)
            .collect())
    }

    pub(crate) async fn delete(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.tokens.store().remove(key).await?;
        self.sessions.drop_cached(key);
        Ok(())
    }

    pub(crate) async fn confirm_deletion(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.lifecycle.apply(key, &Signal::Deleted).await
    }
}
