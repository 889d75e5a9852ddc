//! The server that the tests were given.

use std::sync::atomic::{AtomicU32, Ordering};

use revento_store_postgres::{PostgresOptions, PostgresStore};

/// Its URL; says that the test is skipped when there is none.
pub(crate) fn url() -> Option<String> {
    variable("REVENTO_TEST_POSTGRES", "PostgreSQL")
}

/// The URL of a pooler in front of it, in transaction mode or in session mode.
pub(crate) fn pooler(mode: &str) -> Option<String> {
    variable(&format!("REVENTO_TEST_PGBOUNCER_{mode}"), "PgBouncer")
}

fn variable(name: &str, engine: &str) -> Option<String> {
    let url = std::env::var(name).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: no {engine} (cargo xtask test brings it)");
    }
    url
}

/// A schema's name that nobody has used.
pub(crate) fn fresh() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("revento_test_{}_{count}", std::process::id())
}

pub(crate) fn options(url: &str, schema: &str) -> PostgresOptions {
    PostgresOptions::new(url).schema(schema).max_connections(5)
}

pub(crate) async fn connect(url: &str, schema: &str) -> PostgresStore {
    options(url, schema).connect().await.unwrap()
}
