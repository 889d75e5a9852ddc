//! The memory stores pass their own suite.

use std::sync::Arc;

use revento_store::{
    BudgetStore, DeletionStore, InboxStore, TokenStore,
    memory::{MemoryBudgets, MemoryDeletions, MemoryInbox, MemoryTokens},
};
use revento_store_testkit::{
    BudgetStoreSuite, CheckOutcome, DeletionStoreSuite, InboxAdminSuite, InboxStoreSuite, Report, Subject,
    TokenAdminSuite, TokenStoreSuite,
};

/// The checks that did not run, where none has failed.
fn skipped(report: &Report) -> Vec<&'static str> {
    let findings = report.findings().iter();
    findings
        .filter(|finding| finding.outcome != CheckOutcome::Passed)
        .map(|finding| finding.name)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_token_store_passes() {
    let suite = TokenStoreSuite::new(|| async {
        let store: Arc<dyn TokenStore> = Arc::new(MemoryTokens::new());
        let same = store.clone();
        Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone()))))
    });
    let report = suite.run().await;
    report.assert_passed();
    assert_eq!(skipped(&report), ["k21_no_plaintext_is_at_rest"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_inbox_passes() {
    let suite = InboxStoreSuite::new(|| async {
        let store: Arc<dyn InboxStore> = Arc::new(MemoryInbox::new());
        let same = store.clone();
        Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone()))))
    });
    suite.run().await.assert_passed();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_stores_answer_operators() {
    let inbox = InboxAdminSuite::new(|| async { Ok(Subject::inbox_admin(MemoryInbox::new())) });
    let report = inbox.run().await;
    report.assert_passed();
    assert!(skipped(&report).is_empty());
    let tokens = TokenAdminSuite::new(|| async { Ok(Subject::token_admin(MemoryTokens::new())) });
    let report = tokens.run().await;
    report.assert_passed();
    assert!(skipped(&report).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn q17_the_memory_ledger_passes() {
    let suite = DeletionStoreSuite::new(|| async {
        let store: Arc<dyn DeletionStore> = Arc::new(MemoryDeletions::new());
        let same = store.clone();
        Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone()))))
    });
    let report = suite.run().await;
    report.assert_passed();
    assert!(skipped(&report).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_budgets_pass() {
    let suite = BudgetStoreSuite::new(|| async {
        let store: Arc<dyn BudgetStore> = Arc::new(MemoryBudgets::new());
        let same = store.clone();
        Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone()))))
    });
    let report = suite.run().await;
    report.assert_passed();
    assert!(skipped(&report).is_empty());
}
