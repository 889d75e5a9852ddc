//! The store forgets nothing when its file is opened again. The conformance suite is in `conformance.rs`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use revento_core::Timestamp;
use revento_example_custom_token_store::RedbStore;
use revento_store::TokenStore;

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
