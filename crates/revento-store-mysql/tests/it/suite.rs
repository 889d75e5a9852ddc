//! The conformance suite, in a database of its own for each check: on a server with its own defaults, and on one with odd defaults.

use std::{sync::Arc, time::Duration};

use revento_store::{BudgetStore, DeletionStore, InboxAdmin, InboxStore, Once, TokenAdmin, TokenStore};
use revento_store_testkit::{
    BoxError, BudgetStoreSuite, DeletionStoreSuite, InboxAdminSuite, InboxStoreSuite, OnceSuite, Subject,
    TokenAdminSuite, TokenStoreSuite,
};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _, mysql::MySqlRow};

use crate::server;

/// How long a check may take: it creates tables, on a machine that runs other tests as well.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// Every value of every row of a table.
pub(crate) async fn dump(url: &str, table: &str) -> Result<Vec<u8>, BoxError> {
    let mut connection = MySqlConnection::connect(url).await?;
    let rows = sqlx::raw_sql(AssertSqlSafe(format!("SELECT * FROM {table}")));
    let rows = rows.fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(rows.iter().flat_map(values).collect())
}

fn values(row: &MySqlRow) -> Vec<u8> {
    let values = (0..row.len()).map(|place| row.get_unchecked::<Option<Vec<u8>>, _>(place));
    values.flatten().flatten().collect()
}

fn token_store(server: String) -> TokenStoreSuite {
    TokenStoreSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let (place, dumped) = (url.clone(), url.clone());
            let open = move || {
                let options = server::options(&place);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn TokenStore>) }
            };
            let dump = move || {
                let url = dumped.clone();
                async move { dump(&url, "revento_connections").await }
            };
            let subject = Subject::tokens(store).with_replicas(open).with_dump(dump);
            Ok(subject.with_teardown(|| server::drop_database(url)))
        }
    })
    .time_limit(TIME_LIMIT)
}

fn token_admin(server: String) -> TokenAdminSuite {
    TokenAdminSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let place = url.clone();
            let open = move || {
                let options = server::options(&place);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn TokenAdmin>) }
            };
            let subject = Subject::token_admin(store).with_replicas(open);
            Ok(subject.with_teardown(|| server::drop_database(url)))
        }
    })
    .time_limit(TIME_LIMIT)
}

fn inbox_store(server: String) -> InboxStoreSuite {
    InboxStoreSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let (place, dumped) = (url.clone(), url.clone());
            let open = move || {
                let options = server::options(&place);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn InboxStore>) }
            };
            let dump = move || {
                let url = dumped.clone();
                async move { dump(&url, "revento_deliveries").await }
            };
            let subject = Subject::inbox(store).with_replicas(open).with_dump(dump);
            Ok(subject.with_teardown(|| server::drop_database(url)))
        }
    })
    .time_limit(TIME_LIMIT)
}

fn inbox_admin(server: String) -> InboxAdminSuite {
    InboxAdminSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let place = url.clone();
            let open = move || {
                let options = server::options(&place);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn InboxAdmin>) }
            };
            let subject = Subject::inbox_admin(store).with_replicas(open);
            Ok(subject.with_teardown(|| server::drop_database(url)))
        }
    })
    .time_limit(TIME_LIMIT)
}

fn deletion_store(server: String) -> DeletionStoreSuite {
    DeletionStoreSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let place = url.clone();
            let open = move || {
                let options = server::options(&place);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn DeletionStore>) }
            };
            let subject = Subject::deletions(store).with_replicas(open);
            Ok(subject.with_teardown(|| server::drop_database(url)))
        }
    })
    .time_limit(TIME_LIMIT)
}

fn budget_store(server: String) -> BudgetStoreSuite {
    BudgetStoreSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let place = url.clone();
            let open = move || {
                let options = server::options(&place);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn BudgetStore>) }
            };
            let subject = Subject::budgets(store).with_replicas(open);
            Ok(subject.with_teardown(|| server::drop_database(url)))
        }
    })
    .time_limit(TIME_LIMIT)
}

fn once_store(server: String) -> OnceSuite {
    OnceSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let place = url.clone();
            let open = move || {
                let options = server::options(&place);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn Once>) }
            };
            let subject = Subject::once(store).with_replicas(open);
            Ok(subject.with_teardown(|| server::drop_database(url)))
        }
    })
    .time_limit(TIME_LIMIT)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_store_suite_passes() {
    let Some(server) = server::url() else { return };
    token_store(server).run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_for_operators_of_tokens_passes() {
    let Some(server) = server::url() else { return };
    token_admin(server).run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_suite_passes() {
    let Some(server) = server::url() else { return };
    inbox_store(server).run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_for_operators_of_an_inbox_passes() {
    let Some(server) = server::url() else { return };
    inbox_admin(server).run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn q17_the_ledger_suite_passes() {
    let Some(server) = server::url() else { return };
    deletion_store(server).run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn o21_the_use_once_suite_passes() {
    let Some(server) = server::url() else { return };
    once_store(server).run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn a17_the_budget_store_suite_passes() {
    let Some(server) = server::url() else { return };
    budget_store(server).run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suites_pass_whatever_the_defaults_of_the_server_are() {
    let Some(server) = server::odd_url() else { return };
    let too_large = "max_allowed_packet is 2 MiB there, and a larger call is refused";
    let tokens = token_store(server.clone()).skip("k8_large_tokens_survive", too_large);
    tokens.run().await.assert_passed();
    token_admin(server.clone()).run().await.assert_complete();
    let inbox = inbox_store(server.clone()).skip("k8_large_deliveries_survive", too_large);
    inbox.run().await.assert_passed();
    inbox_admin(server.clone()).run().await.assert_complete();
    deletion_store(server.clone()).run().await.assert_complete();
    once_store(server.clone()).run().await.assert_complete();
    budget_store(server).run().await.assert_complete();
}
