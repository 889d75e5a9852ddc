//! The store passes the suite, and forgets nothing when its file is opened again.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use revento_core::Timestamp;
use revento_example_custom_token_store::RedbStore;
use revento_store::TokenStore;
use revento_store_testkit::{Subject, TokenStoreSuite};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_passes_the_suite() {
    let suite = TokenStoreSuite::new(|| async {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("tokens.redb");
        let store = RedbStore::open(&path)?;
        // A file of redb's is opened by one process at a time: another handle is a clone.
        let handle = store.clone();
        let replicas = move || std::future::ready(Ok(Arc::new(handle.clone()) as Arc<dyn TokenStore>));
        let dump = move || std::future::ready(std::fs::read(&path).map_err(Into::into));
        Ok(Subject::tokens(store)
            .with_replicas(replicas)
            .with_dump(dump)
            .guarded_by(directory))
    });
    suite.run().await.assert_complete();
}

#[tokio::test]
async fn a_file_can_be_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.redb");
    for _ in 0..3 {
        let store = RedbStore::open(&path).unwrap();
        assert!(
            store
                .due(&"clt_1".into(), Timestamp::MAX, None, 10)
                .await
                .unwrap()
                .is_empty()
        );
    }
}
