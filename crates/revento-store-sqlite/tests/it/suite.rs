//! The conformance suite, on a file of its own for each check.

use std::{fs, path::Path, sync::Arc};

use revento_store::{DeletionStore, InboxStore, Once, TokenStore};
use revento_store_sqlite::SqliteStore;
use revento_store_testkit::{
    BoxError, DeletionStoreSuite, InboxAdminSuite, InboxStoreSuite, OnceSuite, Subject, TokenAdminSuite,
    TokenStoreSuite,
};

/// Every byte of every file of the directory: the database, its log and its index.
fn files(directory: &Path) -> Result<Vec<u8>, BoxError> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(directory)? {
        bytes.extend(fs::read(entry?.path())?);
    }
    Ok(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_store_suite_passes() {
    let suite = TokenStoreSuite::new(|| async {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("revento.sqlite");
        let root = directory.path().to_owned();
        let store = SqliteStore::open(&path).await?;
        let open = move || {
            let path = path.clone();
            async move { Ok(Arc::new(SqliteStore::open(path).await?) as Arc<dyn TokenStore>) }
        };
        let dump = move || std::future::ready(files(&root));
        Ok(Subject::tokens(store)
            .with_replicas(open)
            .with_dump(dump)
            .guarded_by(directory))
    });
    suite.run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_suite_passes() {
    let suite = InboxStoreSuite::new(|| async {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("revento.sqlite");
        let root = directory.path().to_owned();
        let store = SqliteStore::open(&path).await?;
        let open = move || {
            let path = path.clone();
            async move { Ok(Arc::new(SqliteStore::open(path).await?) as Arc<dyn InboxStore>) }
        };
        let dump = move || std::future::ready(files(&root));
        Ok(Subject::inbox(store)
            .with_replicas(open)
            .with_dump(dump)
            .guarded_by(directory))
    });
    suite.run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suites_for_operators_pass() {
    async fn store() -> Result<(SqliteStore, tempfile::TempDir), BoxError> {
        let directory = tempfile::tempdir()?;
        let store = SqliteStore::open(directory.path().join("revento.sqlite")).await?;
        Ok((store, directory))
    }
    let inbox = InboxAdminSuite::new(|| async {
        let (store, directory) = store().await?;
        Ok(Subject::inbox_admin(store).guarded_by(directory))
    });
    inbox.run().await.assert_complete();
    let tokens = TokenAdminSuite::new(|| async {
        let (store, directory) = store().await?;
        Ok(Subject::token_admin(store).guarded_by(directory))
    });
    tokens.run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn q17_the_ledger_suite_passes() {
    let suite = DeletionStoreSuite::new(|| async {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("revento.sqlite");
        let store = SqliteStore::open(&path).await?;
        let open = move || {
            let path = path.clone();
            async move { Ok(Arc::new(SqliteStore::open(path).await?) as Arc<dyn DeletionStore>) }
        };
        Ok(Subject::deletions(store)
            .with_replicas(open)
            .guarded_by(directory))
    });
    suite.run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn o21_the_use_once_suite_passes() {
    let suite = OnceSuite::new(|| async {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("revento.sqlite");
        let store = SqliteStore::open(&path).await?;
        let open = move || {
            let path = path.clone();
            async move { Ok(Arc::new(SqliteStore::open(path).await?) as Arc<dyn Once>) }
        };
        Ok(Subject::once(store).with_replicas(open).guarded_by(directory))
    });
    suite.run().await.assert_complete();
}
