//! The conformance suite, in a database of its own for each check.

use std::sync::Arc;

use revento_store::{BudgetStore, DeletionStore, InboxAdmin, InboxStore, Once, TokenAdmin, TokenStore};
use revento_store_testkit::{
    BoxError, BudgetStoreSuite, CheckOutcome, DeletionStoreSuite, InboxAdminSuite, InboxStoreSuite,
    OnceSuite, Report, Subject, TokenAdminSuite, TokenStoreSuite,
};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _, mysql::MySqlRow};

use crate::server;

/// Every value of every row of a table.
async fn dump(url: &str, table: &str) -> Result<Vec<u8>, BoxError> {
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

fn passed_in_full(report: &Report) {
    report.assert_passed();
    for finding in report.findings() {
        assert_eq!(finding.outcome, CheckOutcome::Passed, "{}", finding.name);
    }
}

pub(crate) async fn token_store(server: String) {
    let suite = TokenStoreSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let place = url.clone();
            let open = move || {
                let options = server::options(&place);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn TokenStore>) }
            };
            let dump = move || {
                let url = url.clone();
                async move { dump(&url, "revento_connections").await }
            };
            Ok(Subject::tokens(store).with_replicas(open).with_dump(dump))
        }
    });
    passed_in_full(&suite.run().await);
}

pub(crate) async fn token_admin(server: String) {
    let suite = TokenAdminSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let open = move || {
                let options = server::options(&url);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn TokenAdmin>) }
            };
            Ok(Subject::token_admin(store).with_replicas(open))
        }
    });
    passed_in_full(&suite.run().await);
}

pub(crate) async fn inbox_store(server: String) {
    let suite = InboxStoreSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let place = url.clone();
            let open = move || {
                let options = server::options(&place);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn InboxStore>) }
            };
            let dump = move || {
                let url = url.clone();
                async move { dump(&url, "revento_deliveries").await }
            };
            Ok(Subject::inbox(store).with_replicas(open).with_dump(dump))
        }
    });
    passed_in_full(&suite.run().await);
}

pub(crate) async fn inbox_admin(server: String) {
    let suite = InboxAdminSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let open = move || {
                let options = server::options(&url);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn InboxAdmin>) }
            };
            Ok(Subject::inbox_admin(store).with_replicas(open))
        }
    });
    passed_in_full(&suite.run().await);
}

pub(crate) async fn deletion_store(server: String) {
    let suite = DeletionStoreSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let open = move || {
                let options = server::options(&url);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn DeletionStore>) }
            };
            Ok(Subject::deletions(store).with_replicas(open))
        }
    });
    passed_in_full(&suite.run().await);
}

pub(crate) async fn budget_store(server: String) {
    let suite = BudgetStoreSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let open = move || {
                let options = server::options(&url);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn BudgetStore>) }
            };
            Ok(Subject::budgets(store).with_replicas(open))
        }
    });
    passed_in_full(&suite.run().await);
}

pub(crate) async fn once_store(server: String) {
    let suite = OnceSuite::new(move || {
        let server = server.clone();
        async move {
            let url = server::database(&server).await;
            let store = server::options(&url).connect().await?;
            let open = move || {
                let options = server::options(&url);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn Once>) }
            };
            Ok(Subject::once(store).with_replicas(open))
        }
    });
    passed_in_full(&suite.run().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_store_suite_passes() {
    let Some(server) = server::url() else { return };
    token_store(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_for_operators_of_tokens_passes() {
    let Some(server) = server::url() else { return };
    token_admin(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_suite_passes() {
    let Some(server) = server::url() else { return };
    inbox_store(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_for_operators_of_an_inbox_passes() {
    let Some(server) = server::url() else { return };
    inbox_admin(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q17_the_ledger_suite_passes() {
    let Some(server) = server::url() else { return };
    deletion_store(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o21_the_use_once_suite_passes() {
    let Some(server) = server::url() else { return };
    once_store(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a17_the_budget_store_suite_passes() {
    let Some(server) = server::url() else { return };
    budget_store(server).await;
}
