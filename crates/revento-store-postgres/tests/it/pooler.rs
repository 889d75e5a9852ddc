//! A real PgBouncer between the store and the server. `conformance.rs` runs the suites through it.

use std::collections::BTreeSet;

use revento_core::Timestamp;
use revento_store::{DeliveryState, InboxStore, InsertOutcome, TokenStore};
use revento_store_testkit::fixtures::{NOW, connection_key, delivery, record};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row, postgres::PgConnectOptions,
};

use crate::server;

/// How many sessions of the server the pooler has in transaction mode.
const SESSIONS: usize = 4;

/// Another client of the pooler.
async fn neighbour(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    // The pooler refuses this parameter.
    options.extra_float_digits(None).connect().await.unwrap()
}

/// Runs a question in as many transactions at once as the pooler has sessions, so that each session answers once.
async fn ask_each_session(url: &str, question: &'static str) -> Vec<String> {
    let (mut open, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..SESSIONS {
        let mut connection = neighbour(url).await;
        connection.execute("BEGIN").await.unwrap();
        let row = sqlx::raw_sql(question).fetch_one(&mut connection).await.unwrap();
        answers.push(row.get(0));
        open.push(connection);
    }
    for mut connection in open {
        connection.execute("ROLLBACK").await.unwrap();
        connection.close().await.unwrap();
    }
    answers
}

/// Two tenants and a neighbour that changes the `search_path` of each session share the pooler.
#[tokio::test(flavor = "multi_thread")]
async fn h23_two_schemas_side_by_side_never_mix() {
    let (Some(admin), Some(url)) = (server::url(), server::pooler("TRANSACTION")) else {
        return;
    };
    let schemas = [server::fresh(), server::fresh()];
    let elsewhere = server::fresh();
    let mut admin = PgConnection::connect(&admin).await.unwrap();
    admin
        .execute(AssertSqlSafe(format!("CREATE SCHEMA {elsewhere}")))
        .await
        .unwrap();
    let stores = [
        server::connect(&url, &schemas[0]).await,
        server::connect(&url, &schemas[1]).await,
    ];
    let mut running = Vec::new();
    for (tenant, store) in stores.iter().enumerate() {
        for number in 0..27 {
            let (store, url) = (store.clone(), url.clone());
            let path = format!("SET search_path TO {elsewhere}, public");
            running.push(tokio::spawn(async move {
                neighbour(&url).await.execute(AssertSqlSafe(path)).await.unwrap();
                let id = number * 2 + tenant as u64;
                let inserted = store.insert(&delivery(id)).await.unwrap();
                assert!(
                    matches!(
                        inserted,
                        InsertOutcome::New {
                            delivery_id_reused: false
                        }
                    ),
                    "{inserted:?}"
                );
                store.create(&record(&format!("evt_{id}"), id)).await.unwrap();
            }));
        }
    }
    for call in running {
        call.await.unwrap();
    }
    for (tenant, (store, schema)) in stores.iter().zip(&schemas).enumerate() {
        let count = format!("SELECT count(*), min(delivery_id) FROM {schema}.revento_deliveries");
        let row = sqlx::raw_sql(AssertSqlSafe(count))
            .fetch_one(&mut admin)
            .await
            .unwrap();
        assert_eq!((row.get(0), row.get(1)), (27_i64, format!("dlv_{tenant}")));
        let mut leased = BTreeSet::new();
        for one in store.lease(NOW, Timestamp::MAX, 99).await.unwrap() {
            assert!(store.complete(&one.lease, NOW).await.unwrap());
            leased.insert(one.lease.envelope_id);
        }
        assert_eq!(leased.len(), 27);
        let (own, other) = (tenant, 1 - tenant);
        let state = async |id| store.state(&format!("env_{id}").into()).await.unwrap();
        assert_eq!(state(own).await, Some(DeliveryState::Done));
        assert_eq!(state(other).await, None);
        assert!(
            store
                .load(&connection_key(&format!("evt_{own}")))
                .await
                .unwrap()
                .is_some()
        );
        assert!(
            store
                .load(&connection_key(&format!("evt_{other}")))
                .await
                .unwrap()
                .is_none()
        );
    }
    let strays =
        "SELECT count(*) FROM pg_class WHERE relname LIKE 'revento_%' AND relnamespace = to_regnamespace($1)";
    for schema in [elsewhere.as_str(), "public"] {
        let count: i64 = sqlx::query_scalar(strays)
            .bind(schema)
            .fetch_one(&mut admin)
            .await
            .unwrap();
        assert_eq!(count, 0, "{schema}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h23_no_setting_and_no_statement_of_the_store_stays_in_a_session() {
    let (Some(_), Some(url)) = (server::url(), server::pooler("TRANSACTION")) else {
        return;
    };
    const SETTINGS: &str = "SELECT concat_ws(' ', current_setting('lock_timeout'), current_setting('statement_timeout'),
        current_setting('idle_in_transaction_session_timeout'), current_setting('default_transaction_isolation'),
        (SELECT count(*) FROM pg_prepared_statements),
        (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()))";
    let schema = server::fresh();
    let store = server::connect(&url, &schema).await;
    let calls = (0..40).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            store.insert(&delivery(number)).await.unwrap();
            store.lease(NOW, Timestamp::MAX, 1).await.unwrap();
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    for session in ask_each_session(&url, SETTINGS).await {
        assert_eq!(session, "0 0 0 read committed 0 0");
    }
    let paths = ask_each_session(&url, "SHOW search_path").await;
    assert!(paths.iter().all(|path| !path.contains(&schema)), "{paths:?}");
}
