//! The memory stores pass their own suite.

use std::sync::Arc;

use revento_store::{
    BudgetStore, DeletionStore, InboxAdmin, InboxStore, TokenAdmin, TokenStore,
    memory::{MemoryBudgets, MemoryDeletions, MemoryInbox, MemoryTokens},
};
use revento_store_testkit::{
    BudgetStoreSuite, DeletionStoreSuite, InboxAdminSuite, InboxStoreSuite, Subject, TokenAdminSuite,
    TokenStoreSuite,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_token_store_passes() {
    let suite = TokenStoreSuite::new(|| async {
        let store: Arc<dyn TokenStore> = Arc::new(MemoryTokens::new());
        let same = store.clone();
        Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone()))))
    });
    let suite = suite.skip("with_dump", "memory is not at rest");
    suite.run().await.assert_passed();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_inbox_passes() {
    let suite = InboxStoreSuite::new(|| async {
        let store: Arc<dyn InboxStore> = Arc::new(MemoryInbox::new());
        let same = store.clone();
        Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone()))))
    });
    let suite = suite.skip("with_dump", "memory is not at rest");
    suite.run().await.assert_passed();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_stores_answer_operators() {
    let inbox = InboxAdminSuite::new(|| async {
        let store: Arc<dyn InboxAdmin> = Arc::new(MemoryInbox::new());
        let same = store.clone();
        Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone()))))
    });
    inbox.run().await.assert_complete();
    let tokens = TokenAdminSuite::new(|| async {
        let store: Arc<dyn TokenAdmin> = Arc::new(MemoryTokens::new());
        let same = store.clone();
        Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone()))))
    });
    tokens.run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn q17_the_memory_ledger_passes() {
    let suite = DeletionStoreSuite::new(|| async {
        let store: Arc<dyn DeletionStore> = Arc::new(MemoryDeletions::new());
        let same = store.clone();
        Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone()))))
    });
    suite.run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_budgets_pass() {
    let suite = BudgetStoreSuite::new(|| async {
        let store: Arc<dyn BudgetStore> = Arc::new(MemoryBudgets::new());
        let same = store.clone();
        Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone()))))
    });
    suite.run().await.assert_complete();
}
