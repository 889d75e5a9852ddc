//! The conformance suite, in a schema of its own for each check.

use std::sync::Arc;

use revento_store::{DeletionStore, InboxStore, TokenStore};
use revento_store_testkit::{
    BoxError, CheckOutcome, DeletionStoreSuite, InboxStoreSuite, Report, Subject, TokenStoreSuite,
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

fn passed_in_full(report: &Report) {
    report.assert_passed();
    for finding in report.findings() {
        assert_eq!(finding.outcome, CheckOutcome::Passed, "{}", finding.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_store_suite_passes() {
    let Some(url) = server::url() else { return };
    let suite = TokenStoreSuite::new(move || {
        let url = url.clone();
        async move {
            let schema = server::fresh();
            let store = server::options(&url, &schema).connect().await?;
            let place = (url.clone(), schema.clone());
            let open = move || {
                let options = server::options(&place.0, &place.1);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn TokenStore>) }
            };
            let dump = move || {
                let (url, schema) = (url.clone(), schema.clone());
                async move { dump(&url, &schema).await }
            };
            Ok(Subject::tokens(store).with_replicas(open).with_dump(dump))
        }
    });
    passed_in_full(&suite.run().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_suite_passes() {
    let Some(url) = server::url() else { return };
    let suite = InboxStoreSuite::new(move || {
        let url = url.clone();
        async move {
            let schema = server::fresh();
            let store = server::options(&url, &schema).connect().await?;
            let place = (url.clone(), schema.clone());
            let open = move || {
                let options = server::options(&place.0, &place.1);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn InboxStore>) }
            };
            let dump = move || {
                let (url, schema) = (url.clone(), schema.clone());
                async move { dump(&url, &schema).await }
            };
            Ok(Subject::inbox(store).with_replicas(open).with_dump(dump))
        }
    });
    passed_in_full(&suite.run().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn q17_the_ledger_suite_passes() {
    let Some(url) = server::url() else { return };
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
    passed_in_full(&suite.run().await);
}
