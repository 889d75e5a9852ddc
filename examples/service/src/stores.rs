//! The database, as the parts of the SDK see it.

use std::sync::Arc;

use revento::{
    SqliteStore,
    store::{BudgetStore, DeletionStore, InboxStore, Once, TokenStore},
};

/// The stores of one database.
#[derive(Debug, Clone)]
pub struct Stores {
    /// Connections and their sealed tokens.
    pub tokens: Arc<dyn TokenStore>,
    /// Webhooks until they are handled.
    pub inbox: Arc<dyn InboxStore>,
    /// What has to be deleted.
    pub deletions: Arc<dyn DeletionStore>,
    /// Which callbacks were used.
    pub once: Arc<dyn Once>,
    /// What the replicas have spent of the rate budgets. One process alone counts in its memory.
    pub budgets: Option<Arc<dyn BudgetStore>>,
}

impl From<&SqliteStore> for Stores {
    fn from(store: &SqliteStore) -> Self {
        Self {
            tokens: Arc::new(store.clone()),
            inbox: Arc::new(store.clone()),
            deletions: Arc::new(store.clone()),
            once: Arc::new(store.clone()),
            budgets: None,
        }
    }
}
