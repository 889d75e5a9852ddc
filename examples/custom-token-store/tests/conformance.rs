//! The store passes the conformance suite. Each check is a test: `cargo test --test conformance -- --list`.

use std::{process::ExitCode, sync::Arc};

use revento_example_custom_token_store::RedbStore;
use revento_store::TokenStore;
use revento_store_testkit::{BoxError, Harness, Subject, TokenStoreSuite};

/// A store in a file of its own.
async fn subject() -> Result<Subject<dyn TokenStore>, BoxError> {
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
}

fn main() -> ExitCode {
    // The stores share nothing, so several checks may run at once.
    let tokens = TokenStoreSuite::new(subject).concurrency(4);
    Harness::new().suite(tokens).run()
}
