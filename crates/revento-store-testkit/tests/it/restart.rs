//! Engines that lose something when they end, although every open handle reads it.

use std::{future::ready, sync::Arc};

use revento_store::{
    DeletionStore, InboxStore, Once, TokenStore,
    memory::{MemoryDeletions, MemoryInbox, MemoryOnce, MemoryTokens},
};
use revento_store_testkit::{
    DeletionStoreSuite, InboxStoreSuite, OnceSuite, Report, Subject, TokenStoreSuite,
};

fn assert_found(report: &Report) {
    let failed: Vec<_> = report.failures().map(|finding| finding.name).collect();
    assert_eq!(failed.len(), 1, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn k23_an_engine_that_forgets_when_it_ends_is_found() {
    let suite = TokenStoreSuite::new(|| async {
        let store: Arc<dyn TokenStore> = Arc::new(MemoryTokens::new());
        let same = store.clone();
        Ok(Subject::new(store)
            .with_replicas(move || ready(Ok(same.clone())))
            .with_restart(|| ready(Ok(Arc::new(MemoryTokens::new()) as Arc<dyn TokenStore>))))
    });
    assert_found(&suite.only("k23_nothing_is_lost_by_a_restart").run().await);
    let suite = InboxStoreSuite::new(|| async {
        let store: Arc<dyn InboxStore> = Arc::new(MemoryInbox::new());
        let same = store.clone();
        Ok(Subject::new(store)
            .with_replicas(move || ready(Ok(same.clone())))
            .with_restart(|| ready(Ok(Arc::new(MemoryInbox::new()) as Arc<dyn InboxStore>))))
    });
    assert_found(&suite.only("q2_nothing_is_lost_by_a_restart").run().await);
    let suite = DeletionStoreSuite::new(|| async {
        let store: Arc<dyn DeletionStore> = Arc::new(MemoryDeletions::new());
        let same = store.clone();
        Ok(Subject::new(store)
            .with_replicas(move || ready(Ok(same.clone())))
            .with_restart(|| ready(Ok(Arc::new(MemoryDeletions::new()) as Arc<dyn DeletionStore>))))
    });
    assert_found(&suite.only("q17_nothing_is_lost_by_a_restart").run().await);
    let suite = OnceSuite::new(|| async {
        let store: Arc<dyn Once> = Arc::new(MemoryOnce::new());
        let same = store.clone();
        Ok(Subject::new(store)
            .with_replicas(move || ready(Ok(same.clone())))
            .with_restart(|| ready(Ok(Arc::new(MemoryOnce::new()) as Arc<dyn Once>))))
    });
    assert_found(&suite.only("o21_no_mark_is_lost_by_a_restart").run().await);
}

/// The engine numbers what it finds anew, and a claim is not among it.
#[tokio::test(flavor = "multi_thread")]
async fn k23_an_engine_that_counts_anew_is_found() {
    let suite = TokenStoreSuite::new(|| async {
        let store: Arc<dyn TokenStore> = Arc::new(MemoryTokens::new());
        let (same, before) = (store.clone(), store.clone());
        let restart = move || {
            let before = before.clone();
            async move {
                let after = MemoryTokens::new();
                for stored in before.of_client(&"clt_test".into(), None, usize::MAX).await? {
                    after.create(&stored.record).await?;
                }
                Ok(Arc::new(after) as Arc<dyn TokenStore>)
            }
        };
        Ok(Subject::new(store)
            .with_replicas(move || ready(Ok(same.clone())))
            .with_restart(restart))
    });
    assert_found(&suite.only("k23_nothing_is_lost_by_a_restart").run().await);
}
