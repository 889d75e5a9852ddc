//! Real servers that replicas share. `cargo xtask test` starts them; without one a test prints a line and passes.

#![allow(clippy::print_stdout, reason = "a test that cannot run says so")]

use std::sync::Arc;

use async_trait::async_trait;
use revento_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite, StoreError};
use revento_store_postgres::PostgresOptions;
use revento_store_redis::RedisOptions;

use super::live::Wire;

pub(crate) fn server(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: no {variable} (cargo xtask test brings it)");
    }
    url
}

/// A name that no other test uses.
fn fresh(test: &str) -> String {
    format!("revento_{test}_{}", std::process::id())
}

pub(crate) async fn redis(url: &str, test: &str) -> Arc<dyn BudgetStore> {
    let options = RedisOptions::new(url).prefix(fresh(test)).trust_the_server();
    Arc::new(options.connect().await.unwrap())
}

pub(crate) async fn postgres(url: &str, test: &str) -> Arc<dyn BudgetStore> {
    let options = PostgresOptions::new(url).schema(fresh(test)).max_connections(3);
    Arc::new(options.connect().await.unwrap())
}

/// A budget store that counts as in flight while it works.
#[derive(Debug)]
pub(crate) struct OnTheWire {
    pub(crate) wire: Arc<Wire>,
    pub(crate) store: Arc<dyn BudgetStore>,
}

#[async_trait]
impl BudgetStore for OnTheWire {
    async fn compare_and_swap(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, StoreError> {
        let _in_flight = self.wire.mark_in_flight();
        self.store.compare_and_swap(write).await
    }
}
