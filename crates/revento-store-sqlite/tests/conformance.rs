//! The conformance suites, on a file of its own for each check.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use revento_store_sqlite::SqliteStore;
use revento_store_testkit::{
    BoxError, DeletionStoreSuite, Harness, InboxAdminSuite, InboxStoreSuite, OnceSuite, StoreTrait, Subject,
    Suite, TokenAdminSuite, TokenStoreSuite,
};

/// Every byte of every file of the directory: the database, its log and its index.
fn files(directory: &Path) -> Result<Vec<u8>, BoxError> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(directory)? {
        bytes.extend(fs::read(entry?.path())?);
    }
    Ok(bytes)
}

/// Copies the database as the end of its process would leave it. The index of its log is made anew.
fn after_a_crash(directory: &Path) -> Result<PathBuf, BoxError> {
    let copy = directory.join("after_a_crash");
    fs::create_dir(&copy)?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let is_index = entry.file_name().to_string_lossy().ends_with("-shm");
        if entry.file_type()?.is_file() && !is_index {
            fs::copy(entry.path(), copy.join(entry.file_name()))?;
        }
    }
    Ok(copy.join("revento.sqlite"))
}

async fn subject<S>(of: fn(SqliteStore) -> Arc<S>) -> Result<Subject<S>, BoxError>
where
    S: StoreTrait + Send + Sync + ?Sized + 'static,
{
    let directory = tempfile::tempdir()?;
    let (root, path) = (
        directory.path().to_owned(),
        directory.path().join("revento.sqlite"),
    );
    let open = move || {
        let path = path.clone();
        async move { Ok(of(SqliteStore::open(path).await?)) }
    };
    let crashed = directory.path().to_owned();
    let restart = move || {
        let files = after_a_crash(&crashed);
        async move { Ok(of(SqliteStore::open(files?).await?)) }
    };
    Ok(Subject::new(open().await?)
        .with_replicas(open)
        .with_restart(restart)
        .with_dump(move || std::future::ready(files(&root)))
        .guarded_by(directory))
}

/// Most of a check is waiting for the disk.
fn suite<S>(of: fn(SqliteStore) -> Arc<S>) -> Suite<S>
where
    S: StoreTrait + Send + Sync + ?Sized + 'static,
{
    Suite::new(move || subject(of)).concurrency(4)
}

fn main() -> ExitCode {
    let tokens: TokenStoreSuite = suite(|store| Arc::new(store));
    let inbox: InboxStoreSuite = suite(|store| Arc::new(store));
    let deletions: DeletionStoreSuite = suite(|store| Arc::new(store));
    let once: OnceSuite = suite(|store| Arc::new(store));
    let token_admin: TokenAdminSuite = suite(|store| Arc::new(store));
    let inbox_admin: InboxAdminSuite = suite(|store| Arc::new(store));
    Harness::new()
        .suite(tokens)
        .suite(inbox)
        .suite(deletions)
        .suite(once)
        .suite(token_admin)
        .suite(inbox_admin)
        .run()
}
