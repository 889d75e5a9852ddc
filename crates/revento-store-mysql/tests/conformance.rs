//! The conformance suites, in a database of its own for each check: on a server with its own defaults, and on one with odd defaults.
//!
//! `cargo xtask test` brings the servers; a suite whose server is missing says so and is left out.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a suite that cannot run says so, and a test may panic"
)]

#[path = "it/server.rs"]
#[allow(dead_code, reason = "the other tests use more of it")]
mod server;

use std::{process::ExitCode, sync::Arc};

use revento_store_mysql::MySqlStore;
use revento_store_testkit::{
    BoxError, BudgetStoreSuite, DeletionStoreSuite, Harness, InboxAdminSuite, InboxStoreSuite, OnceSuite,
    StoreTrait, Subject, Suite, TokenAdminSuite, TokenStoreSuite,
};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _, mysql::MySqlRow};

/// Every value of every row of every table.
async fn dump(url: &str) -> Result<Vec<u8>, BoxError> {
    let mut connection = MySqlConnection::connect(url).await?;
    let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()";
    let tables = sqlx::raw_sql(tables).fetch_all(&mut connection).await?;
    let mut all = Vec::new();
    for table in tables.iter().flat_map(values) {
        let table = String::from_utf8(table)?;
        let rows = sqlx::raw_sql(AssertSqlSafe(format!("SELECT * FROM {table}")));
        let rows = rows.fetch_all(&mut connection).await?;
        all.extend(rows.iter().flat_map(values).flatten());
    }
    connection.close().await?;
    Ok(all)
}

/// The values of a row that are not `NULL`.
fn values(row: &MySqlRow) -> impl Iterator<Item = Vec<u8>> {
    (0..row.len()).filter_map(|place| row.get_unchecked(place))
}

/// Drops the database of a URL.
async fn drop_database(url: String) -> Result<(), BoxError> {
    let (server, name) = url.rsplit_once('/').unwrap();
    let mut connection = MySqlConnection::connect(server).await?;
    let sql = AssertSqlSafe(format!("DROP DATABASE {name}"));
    sqlx::raw_sql(sql).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

async fn subject<S>(server: String, of: fn(MySqlStore) -> Arc<S>) -> Result<Subject<S>, BoxError>
where
    S: StoreTrait + Send + Sync + ?Sized + 'static,
{
    let url = server::database(&server).await;
    let (of_dump, of_teardown) = (url.clone(), url.clone());
    let open = move || {
        let options = server::options(&url);
        async move { Ok(of(options.connect().await?)) }
    };
    let dump = move || {
        let url = of_dump.clone();
        async move { dump(&url).await }
    };
    Ok(Subject::new(open().await?)
        .with_replicas(open)
        .with_dump(dump)
        .with_teardown(move || drop_database(of_teardown)))
}

/// The suites on one server.
struct Suites {
    tokens: TokenStoreSuite,
    inbox: InboxStoreSuite,
    deletions: DeletionStoreSuite,
    once: OnceSuite,
    budgets: BudgetStoreSuite,
    token_admin: TokenAdminSuite,
    inbox_admin: InboxAdminSuite,
}

impl Suites {
    /// `prefix` begins their names.
    fn new(prefix: &str, server: &str) -> Self {
        fn suite<S>(name: String, server: &str, of: fn(MySqlStore) -> Arc<S>) -> Suite<S>
        where
            S: StoreTrait + Send + Sync + ?Sized + 'static,
        {
            let server = server.to_owned();
            let suite = Suite::new(move || subject(server.clone(), of));
            suite.named(name).concurrency(2)
        }
        let name = |of: &str| format!("{prefix}{of}");
        Self {
            tokens: suite(name("token_store"), server, |store| Arc::new(store)),
            inbox: suite(name("inbox_store"), server, |store| Arc::new(store)),
            deletions: suite(name("deletion_store"), server, |store| Arc::new(store)),
            once: suite(name("once"), server, |store| Arc::new(store)),
            budgets: suite(name("budget_store"), server, |store| Arc::new(store)),
            token_admin: suite(name("token_admin"), server, |store| Arc::new(store)),
            inbox_admin: suite(name("inbox_admin"), server, |store| Arc::new(store)),
        }
    }

    fn add_to(self, harness: Harness) -> Harness {
        harness
            .suite(self.tokens)
            .suite(self.inbox)
            .suite(self.deletions)
            .suite(self.once)
            .suite(self.budgets)
            .suite(self.token_admin)
            .suite(self.inbox_admin)
    }
}

fn main() -> ExitCode {
    let mut harness = Harness::new();
    if let Some(server) = server::url() {
        harness = Suites::new("", &server).add_to(harness);
    }
    if let Some(server) = server::odd_url() {
        let too_large = "max_allowed_packet is 2 MiB there, and a larger call is refused";
        let mut suites = Suites::new("odd_defaults_", &server);
        suites.tokens = suites.tokens.skip("k8_large_tokens_survive", too_large);
        suites.inbox = suites.inbox.skip("k8_large_deliveries_survive", too_large);
        harness = suites.add_to(harness);
    }
    harness.run()
}
