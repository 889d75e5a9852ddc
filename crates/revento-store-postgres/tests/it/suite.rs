//! The conformance suite, in a schema of its own for each check.

use std::sync::Arc;

use revento_store::{BudgetStore, DeletionStore, InboxAdmin, InboxStore, Once, TokenAdmin, TokenStore};
use revento_store_testkit::{
    BoxError, BudgetStoreSuite, DeletionStoreSuite, InboxAdminSuite, InboxStoreSuite, OnceSuite, Subject,
    TokenAdminSuite, TokenStoreSuite,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::server;

/// Every row of every table, as text.
async fn dump(url: &str, schema: &str) -> Result<Vec<u8>, BoxError> {
    let mut connection = PgConnection::connect(url).await?;
    let mut all = String::new();
    for table in ["revento_connections", "revento_deliveries"] {
        let sql = format!("SELECT coalesce(string_agg(t::text, '\n'), '') FROM {schema}.{table} AS t");
        let rows: String = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut connection)
            .await?;
        all.push_str(&rows);
    }
    connection.close().await?;
    Ok(all.into_bytes())
}

/// A suite for the stores that an URL leads to. `admin` leads to the same database, and past a pooler.
pub(crate) async fn token_store(url: String, admin: String) {
    let suite = TokenStoreSuite::new(move || {
        let (url, admin) = (url.clone(), admin.clone());
        async move {
            let schema = server::fresh();
            let store = server::options(&url, &schema).connect().await?;
            let place = (url.clone(), schema.clone());
            let open = move || {
                let options = server::options(&place.0, &place.1);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn TokenStore>) }
            };
            let dump = move || {
                let (url, schema) = (admin.clone(), schema.clone());
                async move { dump(&url, &schema).await }
            };
            Ok(Subject::tokens(store).with_replicas(open).with_dump(dump))
        }
    });
    suite.run().await.assert_complete();
}

pub(crate) async fn inbox_store(url: String, admin: String) {
    let suite = InboxStoreSuite::new(move || {
        let (url, admin) = (url.clone(), admin.clone());
        async move {
            let schema = server::fresh();
            let store = server::options(&url, &schema).connect().await?;
            let place = (url.clone(), schema.clone());
            let open = move || {
                let options = server::options(&place.0, &place.1);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn InboxStore>) }
            };
            let dump = move || {
                let (url, schema) = (admin.clone(), schema.clone());
                async move { dump(&url, &schema).await }
            };
            Ok(Subject::inbox(store).with_replicas(open).with_dump(dump))
        }
    });
    suite.run().await.assert_complete();
}

pub(crate) async fn for_operators(url: String) {
    let place = url.clone();
    let inbox = InboxAdminSuite::new(move || {
        let url = place.clone();
        async move {
            let schema = server::fresh();
            let store = server::options(&url, &schema).connect().await?;
            let open = move || {
                let options = server::options(&url, &schema);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn InboxAdmin>) }
            };
            Ok(Subject::inbox_admin(store).with_replicas(open))
        }
    });
    inbox.run().await.assert_complete();
    let tokens = TokenAdminSuite::new(move || {
        let url = url.clone();
        async move {
            let schema = server::fresh();
            let store = server::options(&url, &schema).connect().await?;
            let open = move || {
                let options = server::options(&url, &schema);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn TokenAdmin>) }
            };
            Ok(Subject::token_admin(store).with_replicas(open))
        }
    });
    tokens.run().await.assert_complete();
}

pub(crate) async fn deletion_store(url: String) {
    let suite = DeletionStoreSuite::new(move || {
        let url = url.clone();
        async move {
            let schema = server::fresh();
            let store = server::options(&url, &schema).connect().await?;
            let open = move || {
                let options = server::options(&url, &schema);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn DeletionStore>) }
            };
            Ok(Subject::deletions(store).with_replicas(open))
        }
    });
    suite.run().await.assert_complete();
}

pub(crate) async fn budget_store(url: String) {
    let suite = BudgetStoreSuite::new(move || {
        let url = url.clone();
        async move {
            let name = server::fresh();
            let store = server::options(&url, &name).connect().await?;
            let open = move || {
                let options = server::options(&url, &name);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn BudgetStore>) }
            };
            Ok(Subject::budgets(store).with_replicas(open))
        }
    });
    suite.run().await.assert_complete();
}

pub(crate) async fn once_store(url: String) {
    let suite = OnceSuite::new(move || {
        let url = url.clone();
        async move {
            let schema = server::fresh();
            let store = server::options(&url, &schema).connect().await?;
            let open = move || {
                let options = server::options(&url, &schema);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn Once>) }
            };
            Ok(Subject::once(store).with_replicas(open))
        }
    });
    suite.run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_store_suite_passes() {
    let Some(url) = server::url() else { return };
    token_store(url.clone(), url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_suite_passes() {
    let Some(url) = server::url() else { return };
    inbox_store(url.clone(), url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suites_for_operators_pass() {
    let Some(url) = server::url() else { return };
    for_operators(url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q17_the_ledger_suite_passes() {
    let Some(url) = server::url() else { return };
    deletion_store(url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o21_the_use_once_suite_passes() {
    let Some(url) = server::url() else { return };
    once_store(url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a17_the_budget_store_suite_passes() {
    let Some(url) = server::url() else { return };
    budget_store(url).await;
}
