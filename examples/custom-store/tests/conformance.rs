//! Each check of the suites is a test of the stores.
#![allow(clippy::print_stdout, reason = "a suite that cannot run says so")]

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use revento_example_custom_store::{MariaDbTokens, RedbStore, SqlStore};
use revento_store::TokenStore;
use revento_store_testkit::{
    BoxError, BudgetStoreSuite, DeletionStoreSuite, Harness, InboxStoreSuite, OnceSuite, StoreTrait, Subject,
    Suite, TokenStoreSuite,
};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, SqlitePool, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

/// A suite whose limit is generous, for machines that build beside it.
fn suite<S>(share: fn(SqlStore) -> Arc<S>) -> Suite<S>
where
    S: StoreTrait + Send + Sync + ?Sized + 'static,
{
    Suite::new(move || subject(share)).time_limit(LIMIT)
}

const LIMIT: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let tokens: TokenStoreSuite = suite(|store| Arc::new(store));
    let inbox: InboxStoreSuite = suite(|store| Arc::new(store));
    let deletions: DeletionStoreSuite = suite(|store| Arc::new(store));
    let budgets: BudgetStoreSuite = suite(|store| Arc::new(store));
    let once: OnceSuite = suite(|store| Arc::new(store));
    let redb = TokenStoreSuite::new(redb).named("redb_token_store");
    let mut harness = Harness::new();
    match std::env::var("REVENTO_TEST_MARIADB") {
        Ok(server) => {
            let mariadb = TokenStoreSuite::new(move || mariadb(server.clone())).named("mariadb_token_store");
            harness = harness.suite(mariadb.time_limit(LIMIT));
        }
        Err(_) => println!("skipped: no MariaDB (cargo xtask test brings it)"),
    }
    harness
        .suite(tokens)
        .suite(inbox)
        .suite(deletions)
        .suite(budgets)
        .suite(once)
        .suite(redb.time_limit(LIMIT))
        .run()
}

/// A new database for one check.
async fn subject<S>(share: fn(SqlStore) -> Arc<S>) -> Result<Subject<S>, BoxError>
where
    S: StoreTrait + Send + Sync + ?Sized + 'static,
{
    let directory = directory()?;
    let path = directory.path().join("store.db");
    let store = share(SqlStore::open(&path).await?);
    let (file, root) = (path.clone(), directory.path().to_owned());
    let open = move || {
        let path = path.clone();
        async move { Ok(share(SqlStore::open(path).await?)) }
    };
    let restart = move || {
        let copy = copy_of(&root, &["store.db", "store.db-wal"]);
        async move { Ok(share(SqlStore::open(copy?.join("store.db")).await?)) }
    };
    Ok(Subject::new(store)
        .with_replicas(open)
        .with_restart(restart)
        .with_dump(move || dump(file.clone()))
        .guarded_by(directory))
}

/// Copies the files of an engine that runs, as its end would leave them.
fn copy_of(directory: &Path, files: &[&str]) -> io::Result<PathBuf> {
    let copy = directory.join("copy");
    fs::create_dir(&copy)?;
    for file in files {
        fs::copy(directory.join(file), copy.join(file))?;
    }
    Ok(copy)
}

/// A directory in memory where there is one: the suites test rules, and no disk.
fn directory() -> io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    }
}

/// What the tables have. The files of an engine may have deleted rows for a while.
async fn dump(file: PathBuf) -> Result<Vec<u8>, BoxError> {
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(file)).await?;
    let rows = "SELECT slot FROM connections UNION ALL SELECT slot FROM deliveries UNION ALL SELECT duty FROM duties";
    let rows: Vec<Vec<u8>> = sqlx::query_scalar(rows).fetch_all(&pool).await?;
    Ok(rows.concat())
}

/// A new database of a server for one check.
async fn mariadb(server: String) -> Result<Subject<dyn TokenStore>, BoxError> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("custom_store_{}_{count}", std::process::id());
    run(&server, format!("CREATE DATABASE {name}")).await?;
    let url = format!("{}/{name}", server.trim_end_matches('/'));
    let store = MariaDbTokens::connect(&url).await?;
    let replicas = move || {
        let url = url.clone();
        async move { Ok(Arc::new(MariaDbTokens::connect(&url).await?) as Arc<dyn TokenStore>) }
    };
    let (at, table) = (server.clone(), format!("{name}.connections"));
    let dump = move || {
        let (at, table) = (at.clone(), table.clone());
        async move {
            let mut connection = MySqlConnection::connect(&at).await?;
            let rows = AssertSqlSafe(format!("SELECT slot FROM {table}"));
            let rows: Vec<Vec<u8>> = sqlx::query_scalar(rows).fetch_all(&mut connection).await?;
            Ok(rows.concat())
        }
    };
    Ok(Subject::tokens(store)
        .with_replicas(replicas)
        .with_dump(dump)
        .with_teardown(move || async move { run(&server, format!("DROP DATABASE {name}")).await }))
}

async fn run(server: &str, sql: String) -> Result<(), BoxError> {
    let mut connection = MySqlConnection::connect(server).await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

async fn redb() -> Result<Subject<dyn TokenStore>, BoxError> {
    let directory = directory()?;
    let path = directory.path().join("tokens.redb");
    let store = RedbStore::open(&path)?;
    // A file of redb's is opened by one process at a time: another handle is a clone.
    let handle = store.clone();
    let replicas = move || std::future::ready(Ok(Arc::new(handle.clone()) as Arc<dyn TokenStore>));
    let root = directory.path().to_owned();
    let restart = move || {
        let copy = copy_of(&root, &["tokens.redb"]);
        async move { Ok(Arc::new(RedbStore::open(copy?.join("tokens.redb"))?) as Arc<dyn TokenStore>) }
    };
    let dump = move || std::future::ready(fs::read(&path).map_err(Into::into));
    Ok(Subject::tokens(store)
        .with_replicas(replicas)
        .with_restart(restart)
        .with_dump(dump)
        .guarded_by(directory))
}
