//! The conformance suites, under a prefix of its own for each check.
//!
//! `cargo xtask test` brings a server; without one the suites say so and are left out.

#![allow(clippy::print_stdout, reason = "a suite that cannot run says so")]

#[path = "it/server.rs"]
mod server;

use std::{process::ExitCode, sync::Arc};

use redis::{AsyncCommands, Client, aio::MultiplexedConnection};
use revento_store::{TokenAdmin, TokenStore};
use revento_store_redis::RedisStore;
use revento_store_testkit::{
    BoxError, BudgetStoreSuite, Harness, OnceSuite, StoreTrait, Subject, Suite, TokenAdminSuite,
    TokenStoreSuite, fixtures,
};

async fn connection(url: &str) -> Result<MultiplexedConnection, BoxError> {
    Ok(Client::open(url)?.get_multiplexed_async_connection().await?)
}

async fn keys(connection: &mut MultiplexedConnection, prefix: &str) -> Result<Vec<Vec<u8>>, BoxError> {
    Ok(connection.keys(format!("{{{prefix}}}:*")).await?)
}

/// Every key under the prefix, as the server would write it to its disk.
async fn dump(url: &str, prefix: &str) -> Result<Vec<u8>, BoxError> {
    let mut connection = connection(url).await?;
    let mut all = Vec::new();
    for key in keys(&mut connection, prefix).await? {
        all.extend_from_slice(&key);
        all.extend(
            redis::cmd("DUMP")
                .arg(&key)
                .query_async::<Vec<u8>>(&mut connection)
                .await?,
        );
    }
    Ok(all)
}

async fn remove(url: &str, prefix: &str) -> Result<(), BoxError> {
    let mut connection = connection(url).await?;
    for key in keys(&mut connection, prefix).await? {
        connection.del::<_, ()>(&key).await?;
    }
    Ok(())
}

async fn subject<S>(url: String, of: fn(RedisStore) -> Arc<S>) -> Result<Subject<S>, BoxError>
where
    S: StoreTrait + Send + Sync + ?Sized + 'static,
{
    let prefix = server::fresh();
    let (of_dump, of_teardown) = ((url.clone(), prefix.clone()), (url.clone(), prefix.clone()));
    let open = move || {
        let options = server::options(&url, &prefix);
        async move { Ok(of(options.connect().await?)) }
    };
    let dump = move || {
        let (url, prefix) = of_dump.clone();
        async move { dump(&url, &prefix).await }
    };
    Ok(Subject::new(open().await?)
        .with_replicas(open)
        .with_dump(dump)
        .with_teardown(move || async move { remove(&of_teardown.0, &of_teardown.1).await }))
}

fn suite<S>(url: &str, of: fn(RedisStore) -> Arc<S>) -> Suite<S>
where
    S: StoreTrait + Send + Sync + ?Sized + 'static,
{
    let url = url.to_owned();
    Suite::new(move || subject(url.clone(), of)).concurrency(2)
}

/// A prefix that means something else in a pattern, beside one that it would match.
fn token_admin(url: String) -> TokenAdminSuite {
    TokenAdminSuite::new(move || {
        let url = url.clone();
        async move {
            let prefix = server::fresh();
            let other = server::options(&url, &format!("{prefix}xx")).connect().await?;
            other.create(&fixtures::record("evt_1", 1)).await?;
            let options = server::options(&url, &format!("{prefix}*"));
            let store = options.clone().connect().await?;
            let open = move || {
                let options = options.clone();
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn TokenAdmin>) }
            };
            Ok(Subject::token_admin(store)
                .with_replicas(open)
                .with_teardown(move || async move {
                    remove(&url, &format!("{prefix}xx")).await?;
                    remove(&url, &format!("{prefix}[*]")).await
                }))
        }
    })
}

fn main() -> ExitCode {
    let Some(url) = server::url() else {
        return Harness::new().run();
    };
    let tokens: TokenStoreSuite = suite(&url, |store| Arc::new(store));
    let once: OnceSuite = suite(&url, |store| Arc::new(store));
    let budgets: BudgetStoreSuite = suite(&url, |store| Arc::new(store));
    Harness::new()
        .suite(tokens)
        .suite(once)
        .suite(budgets)
        .suite(token_admin(url))
        .run()
}
