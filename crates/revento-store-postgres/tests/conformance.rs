//! The conformance suites, in a schema of its own for each check: directly, and through a pooler in each of its modes.
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

use revento_store_postgres::PostgresStore;
use revento_store_testkit::{
    BoxError, BudgetStoreSuite, DeletionStoreSuite, Harness, InboxAdminSuite, InboxStoreSuite, OnceSuite,
    StoreTrait, Subject, Suite, TokenAdminSuite, TokenStoreSuite,
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Where the stores of a suite connect.
#[derive(Clone)]
struct Place {
    url: String,
    /// Leads to the same database, past a pooler.
    admin: String,
}

/// Every row of every table, as text.
async fn dump(url: &str, schema: &str) -> Result<Vec<u8>, BoxError> {
    let mut connection = PgConnection::connect(url).await?;
    let mut all = String::new();
    let tables: Vec<String> = sqlx::query_scalar("SELECT tablename FROM pg_tables WHERE schemaname = $1")
        .bind(schema)
        .fetch_all(&mut connection)
        .await?;
    for table in tables {
        let sql = format!("SELECT coalesce(string_agg(t::text, '\n'), '') FROM {schema}.{table} AS t");
        let rows: String = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut connection)
            .await?;
        all.push_str(&rows);
    }
    connection.close().await?;
    Ok(all.into_bytes())
}

async fn remove(url: &str, schema: &str) -> Result<(), BoxError> {
    let mut connection = PgConnection::connect(url).await?;
    let sql = format!("DROP SCHEMA IF EXISTS {schema} CASCADE");
    connection.execute(AssertSqlSafe(sql)).await?;
    connection.close().await?;
    Ok(())
}

async fn subject<S>(place: Place, of: fn(PostgresStore) -> Arc<S>) -> Result<Subject<S>, BoxError>
where
    S: StoreTrait + Send + Sync + ?Sized + 'static,
{
    let Place { url, admin } = place;
    let schema = server::fresh();
    let (of_dump, of_teardown) = ((admin.clone(), schema.clone()), (admin, schema.clone()));
    let open = move || {
        let options = server::options(&url, &schema);
        async move { Ok(of(options.connect().await?)) }
    };
    let dump = move || {
        let (url, schema) = of_dump.clone();
        async move { dump(&url, &schema).await }
    };
    Ok(Subject::new(open().await?)
        .with_replicas(open)
        .with_dump(dump)
        .with_teardown(move || async move { remove(&of_teardown.0, &of_teardown.1).await }))
}

/// All suites on one place. `prefix` begins their names.
fn add(harness: Harness, prefix: &str, place: &Place) -> Harness {
    fn suite<S>(name: String, place: &Place, of: fn(PostgresStore) -> Arc<S>) -> Suite<S>
    where
        S: StoreTrait + Send + Sync + ?Sized + 'static,
    {
        let place = place.clone();
        let suite = Suite::new(move || subject(place.clone(), of));
        suite.named(name).concurrency(2)
    }
    let name = |of: &str| format!("{prefix}{of}");
    let tokens: TokenStoreSuite = suite(name("token_store"), place, |store| Arc::new(store));
    let inbox: InboxStoreSuite = suite(name("inbox_store"), place, |store| Arc::new(store));
    let deletions: DeletionStoreSuite = suite(name("deletion_store"), place, |store| Arc::new(store));
    let once: OnceSuite = suite(name("once"), place, |store| Arc::new(store));
    let budgets: BudgetStoreSuite = suite(name("budget_store"), place, |store| Arc::new(store));
    let token_admin: TokenAdminSuite = suite(name("token_admin"), place, |store| Arc::new(store));
    let inbox_admin: InboxAdminSuite = suite(name("inbox_admin"), place, |store| Arc::new(store));
    harness
        .suite(tokens)
        .suite(inbox)
        .suite(deletions)
        .suite(once)
        .suite(budgets)
        .suite(token_admin)
        .suite(inbox_admin)
}

/// The suites pass through a pooler, too.
fn h23_add_pooler(harness: Harness, mode: &str, admin: &str) -> Harness {
    let Some(url) = server::pooler(mode) else {
        return harness;
    };
    let admin = admin.to_owned();
    let prefix = format!("pooler_in_{}_mode_", mode.to_lowercase());
    add(harness, &prefix, &Place { url, admin })
}

fn main() -> ExitCode {
    let Some(url) = server::url() else {
        return Harness::new().run();
    };
    let admin = url.clone();
    let mut harness = add(
        Harness::new(),
        "",
        &Place {
            url,
            admin: admin.clone(),
        },
    );
    for mode in ["TRANSACTION", "SESSION"] {
        harness = h23_add_pooler(harness, mode, &admin);
    }
    harness.run()
}
