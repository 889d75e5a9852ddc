//! The stored connections of an integration.

use std::sync::Arc;

use futures_core::stream::BoxStream;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use revento_core::{Connection, ConnectionKey};
use revento_oauth::{Integration, lifecycle::Signal};
use revento_store::StoreError;
use tokio::sync::Notify;

use crate::{
    lifecycle::Lifecycle, runtime::Runtime, sealed_tokens::SealedTokenStore, session::Sessions,
    tasks::TaskQueue, token_endpoint::TokenEndpoint,
};

/// How many connections one question to the store asks for.
const PAGE: usize = 200;

/// How far a list of connections is read.
struct ListPosition {
    after: Option<ConnectionKey>,
    is_at_end: bool,
}

/// The connections of one integration.
pub(crate) struct Connections {
    pub(crate) integration: Arc<Integration>,
    pub(crate) tokens: SealedTokenStore,
    pub(crate) token_endpoint: Arc<TokenEndpoint>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) lifecycle: Arc<Lifecycle>,
    pub(crate) tasks: TaskQueue,
    pub(crate) runtime: Runtime,
    /// Wakes those who wait for a connection that this process stores.
    pub(crate) stored: Notify,
}

impl Connections {
    pub(crate) async fn load(&self, key: &ConnectionKey) -> Result<Option<Connection>, StoreError> {
        let stored = self.tokens.load_record(key).await?;
        Ok(stored.map(|stored| stored.record.connection))
    }

    /// The connections in the order of their keys, with one page in memory.
    pub(crate) fn list(self: &Arc<Self>) -> BoxStream<'static, Result<Connection, StoreError>> {
        let begin = ListPosition {
            after: None,
            is_at_end: false,
        };
        let pages = stream::try_unfold((Arc::clone(self), begin), |(connections, from)| async move {
            if from.is_at_end {
                return Ok(None);
            }
            let (client_id, store) = (connections.integration.client_id(), connections.tokens.store());
            let page = store.of_client(client_id, from.after.as_ref(), PAGE).await?;
            let next = ListPosition {
                after: page.last().map(|stored| stored.record.connection.key.clone()),
                is_at_end: page.len() < PAGE,
            };
            let page = page.into_iter().map(|stored| Ok(stored.record.connection));
            Ok(Some((stream::iter(page), (connections, next))))
        });
        pages.try_flatten().boxed()
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
