//! The conformance suites, with streams of their own for each check.

use std::sync::Arc;

use revento_store::{BudgetStore, DeletionStore, InboxAdmin, InboxStore, Once, TokenAdmin, TokenStore};
use revento_store_testkit::{
    BudgetStoreSuite, DeletionStoreSuite, InboxAdminSuite, InboxStoreSuite, OnceSuite, Subject,
    TokenAdminSuite, TokenStoreSuite,
};

use crate::server::Servers;

/// Makes the suite of a trait: a new store for each check, with replicas and a dump.
macro_rules! suite {
    ($servers:expr, $suite:ident, $of:ident) => {{
        let servers: Servers = $servers;
        $suite::new(move || {
            let servers = servers.clone();
            async move {
                let (store, guard) = servers.fresh().await?;
                let (one, other) = (guard.streams(), guard.streams());
                let open = move || {
                    let streams = one.clone();
                    async move { Ok(Arc::new(streams.open().await?) as Arc<_>) }
                };
                let dump = move || {
                    let streams = other.clone();
                    async move { streams.dump().await }
                };
                let subject: Subject<dyn $of> = Subject::new(Arc::new(store));
                Ok(subject.with_replicas(open).with_dump(dump).guarded_by(guard))
            }
        })
    }};
}

async fn tokens(servers: Servers) {
    suite!(servers, TokenStoreSuite, TokenStore)
        .run()
        .await
        .assert_complete();
}

async fn token_admin(servers: Servers) {
    suite!(servers, TokenAdminSuite, TokenAdmin)
        .run()
        .await
        .assert_complete();
}

async fn inbox(servers: Servers) {
    suite!(servers, InboxStoreSuite, InboxStore)
        .run()
        .await
        .assert_complete();
}

async fn inbox_admin(servers: Servers) {
    suite!(servers, InboxAdminSuite, InboxAdmin)
        .run()
        .await
        .assert_complete();
}

async fn deletions(servers: Servers) {
    suite!(servers, DeletionStoreSuite, DeletionStore)
        .run()
        .await
        .assert_complete();
}

async fn once(servers: Servers) {
    suite!(servers, OnceSuite, Once).run().await.assert_complete();
}

async fn budgets(servers: Servers) {
    suite!(servers, BudgetStoreSuite, BudgetStore)
        .run()
        .await
        .assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_store_suite_passes() {
    let Some(servers) = Servers::one() else { return };
    tokens(servers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_for_token_operators_passes() {
    let Some(servers) = Servers::one() else { return };
    token_admin(servers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_store_suite_passes() {
    let Some(servers) = Servers::one() else { return };
    inbox(servers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_for_inbox_operators_passes() {
    let Some(servers) = Servers::one() else { return };
    inbox_admin(servers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q17_the_deletion_store_suite_passes() {
    let Some(servers) = Servers::one() else { return };
    deletions(servers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o21_the_suite_for_use_once_marks_passes() {
    let Some(servers) = Servers::one() else { return };
    once(servers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a17_the_budget_store_suite_passes() {
    let Some(servers) = Servers::one() else { return };
    budgets(servers).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn every_suite_passes_on_a_cluster() {
    let Some((cluster, _one)) = crate::server::one_cluster().await else {
        return;
    };
    let servers = Servers { urls: cluster.urls() };
    tokens(servers.clone()).await;
    token_admin(servers.clone()).await;
    inbox(servers.clone()).await;
    inbox_admin(servers.clone()).await;
    deletions(servers.clone()).await;
    once(servers.clone()).await;
    budgets(servers).await;
}
