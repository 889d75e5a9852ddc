//! Many replicas, and connections that end.

use revento_core::Timestamp;
use revento_store::{
    CreateOutcome, DeletionStore, DeliveryState, InboxStore, InsertOutcome, Lease, NewDelivery,
    StoreErrorReason, TokenStore,
};
use revento_store_postgres::{OpenError, PostgresStore};
use revento_store_testkit::fixtures::{NOW, connection_key, deletion_duty, delivery, record};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::server;

#[tokio::test(flavor = "multi_thread")]
async fn k17_many_replicas_connect_to_an_empty_database_at_once() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let replicas: Vec<_> = (0..15)
        .map(|number| {
            let options = server::options(&url, &schema).max_connections(1);
            tokio::spawn(async move {
                let store = options.connect().await?;
                let created = store.create(&record("evt_1", number)).await?;
                store.close().await;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(created)
            })
        })
        .collect();
    let mut created = 0;
    for replica in replicas {
        created += usize::from(replica.await.unwrap().unwrap() != CreateOutcome::AlreadyExists);
    }
    assert_eq!(created, 1);
}

#[tokio::test]
async fn k20_names_of_schemas_keep_their_case() {
    let Some(url) = server::url() else { return };
    let schema = format!("{}_\"Mixed\"", server::fresh());
    let store = server::connect(&url, &schema).await;
    store.create(&record("evt_1", 1)).await.unwrap();
    let again = server::connect(&url, &schema).await;
    assert!(again.load(&connection_key("evt_1")).await.unwrap().is_some());
    let other = server::connect(&url, &schema.to_lowercase()).await;
    assert!(other.load(&connection_key("evt_1")).await.unwrap().is_none());
}

/// Ends all sessions of a store, as a restart of the server does, and waits until they have ended.
pub(crate) async fn end_sessions(url: &str, name: &str) {
    let mut admin = PgConnection::connect(url).await.unwrap();
    let end = format!(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
         WHERE application_name = '{name}' AND pid <> pg_backend_pid()"
    );
    admin.execute(AssertSqlSafe(end)).await.unwrap();
    admin.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn k16_connections_that_ended_are_replaced() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let store = server::options(&url, &schema)
        .application_name(&schema)
        .connect()
        .await
        .unwrap();
    store.create(&record("evt_1", 1)).await.unwrap();

    end_sessions(&url, &schema).await;
    assert!(store.load(&connection_key("evt_1")).await.unwrap().is_some());
    store.close().await;
    assert_eq!(
        store.load(&connection_key("evt_1")).await.unwrap_err().reason(),
        StoreErrorReason::Unavailable
    );
}

#[tokio::test]
async fn migrations_can_be_run_by_somebody_else() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let mut admin = PgConnection::connect(&url).await.unwrap();
    admin
        .execute(AssertSqlSafe(format!(
            "CREATE SCHEMA {schema}; SET search_path TO {schema}"
        )))
        .await
        .unwrap();
    let without = || server::options(&url, &schema).without_migrations().connect();
    let error = without().await.unwrap_err();
    let known = PostgresStore::MIGRATIONS.len();
    assert_eq!(
        revento_core::error::chain(&error).to_string(),
        format!(
            "the tables have schema 0, and schema {known} is needed: let a role with the rights run the migrations, by starting \
             the service in the version of this program once, or use a program of the service's version"
        )
    );

    for migration in PostgresStore::MIGRATIONS {
        admin.execute(*migration).await.unwrap();
    }
    let version = format!(
        "CREATE TABLE revento_schema (version BIGINT NOT NULL); INSERT INTO revento_schema VALUES ({known})"
    );
    admin.execute(AssertSqlSafe(version)).await.unwrap();
    let store = without().await.unwrap();
    assert!(matches!(
        store.create(&record("evt_1", 1)).await.unwrap(),
        CreateOutcome::Created(_)
    ));
}

#[tokio::test]
async fn k7_columns_that_a_newer_version_has_added_are_no_trouble() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    // One connection, so that each statement meets what it was prepared for.
    let options = server::options(&url, &schema).max_connections(1);
    let store = options.connect().await.unwrap();
    store.create(&record("evt_1", 1)).await.unwrap();
    // Now the statement is prepared.
    let before = store.load(&connection_key("evt_1")).await.unwrap().unwrap();
    for number in 1..=2 {
        store.insert(&delivery(number)).await.unwrap();
        store.record(&deletion_duty(number)).await.unwrap();
    }
    let lease = || store.lease(NOW, Timestamp::MAX, 1);
    assert_eq!(lease().await.unwrap().len(), 1);
    assert_eq!(store.open_duties(9).await.unwrap().len(), 2);
    let known = store.duty(&"env_1".into()).await.unwrap();
    assert!(known.is_some() && store.buried(None, 9).await.unwrap().is_empty());
    let mut admin = PgConnection::connect(&url).await.unwrap();
    for table in ["connections", "deliveries", "deletions"] {
        let newer = format!("ALTER TABLE {schema}.revento_{table} ADD COLUMN more TEXT NOT NULL DEFAULT 'x'");
        admin.execute(AssertSqlSafe(newer)).await.unwrap();
    }
    let leased = lease().await.unwrap().remove(0).lease;
    assert!(store.bury(&leased, NOW, "").await.unwrap());
    assert_eq!(store.buried(None, 9).await.unwrap().len(), 1);
    assert_eq!(store.open_duties(9).await.unwrap().len(), 2);
    assert_eq!(store.duty(&"env_1".into()).await.unwrap(), known);
    assert!(store.record(&deletion_duty(3)).await.unwrap());
    let stored = store.load(&connection_key("evt_1")).await.unwrap();
    assert_eq!(stored.unwrap(), before);
    store.create(&record("evt_2", 1)).await.unwrap();
}

/// Somebody has made an index by hand that a migration makes.
#[tokio::test]
async fn q20_tables_whose_migration_fails_are_as_they_were_and_can_be_used_once_the_cause_is_gone() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let by_hand = format!("CREATE SCHEMA {schema}; SET search_path TO {schema}");
    admin.execute(AssertSqlSafe(by_hand)).await.unwrap();
    for migration in &PostgresStore::MIGRATIONS[..3] {
        admin.execute(*migration).await.unwrap();
    }
    admin
        .execute(
            "CREATE TABLE revento_schema (version BIGINT NOT NULL); INSERT INTO revento_schema VALUES (3);
             CREATE INDEX revento_deliveries_to_expunge ON revento_deliveries (at)",
        )
        .await
        .unwrap();
    for _ in 0..2 {
        let error = server::options(&url, &schema).connect().await.unwrap_err();
        assert!(
            matches!(error, OpenError::NotMigrated { version: 4, .. }),
            "{error:?}"
        );
        let text = revento_core::error::chain(&error).to_string();
        assert!(
            text.contains("cannot be brought to schema 4, and are as they were"),
            "{text}"
        );
        assert!(
            text.contains("\"revento_deliveries_to_expunge\" already exists"),
            "{text}"
        );
    }
    let half: bool = sqlx::query_scalar("SELECT to_regclass('revento_deliveries_buried') IS NOT NULL")
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert!(!half, "a part of the migration stayed");
    admin
        .execute("DROP INDEX revento_deliveries_to_expunge")
        .await
        .unwrap();
    let store = server::connect(&url, &schema).await;
    assert_eq!(store.expunge(Timestamp::MAX).await.unwrap(), 0);
}

#[tokio::test]
async fn q3_a_delivery_is_completed_in_a_foreign_transaction_at_read_committed_only() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let store = server::connect(&url, &schema).await;
    store.insert(&delivery(1)).await.unwrap();
    let lease = store.lease(NOW, Timestamp::MAX, 1).await.unwrap().remove(0).lease;
    // Its search_path does not have the store's schema.
    let mut own = PgConnection::connect(&url).await.unwrap();
    for (level, fence, expected) in [
        ("SERIALIZABLE", lease.fence, None),
        ("REPEATABLE READ", lease.fence, None),
        ("READ COMMITTED", lease.fence - 1, Some(false)),
        ("READ COMMITTED", lease.fence, Some(true)),
        ("READ COMMITTED", lease.fence, Some(false)),
    ] {
        let begin = format!("BEGIN ISOLATION LEVEL {level}");
        own.execute(AssertSqlSafe(begin)).await.unwrap();
        let held = Lease {
            fence,
            ..lease.clone()
        };
        let completion = store.completion(&held, NOW);
        let query = sqlx::query(AssertSqlSafe(completion.sql))
            .bind(completion.envelope_id)
            .bind(completion.fence)
            .bind(completion.at);
        let row = query.fetch_optional(&mut own).await;
        if let (None, Err(error)) = (expected, &row) {
            let text = error.to_string();
            assert!(
                text.contains(&format!("READ COMMITTED only, and not at {level}")),
                "{text}"
            );
        }
        assert_eq!(row.ok().map(|row| row.is_some()), expected, "{level}");
        own.execute("COMMIT").await.unwrap();
    }
    assert_eq!(
        store.state(&lease.envelope_id).await.unwrap(),
        Some(DeliveryState::Done)
    );
}

/// Version 6 kept ids of up to 2704 bytes as they were.
#[tokio::test]
async fn h25_long_ids_of_an_older_version_are_found_after_the_migration() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let by_hand = format!("CREATE SCHEMA {schema}; SET search_path TO {schema}");
    admin.execute(AssertSqlSafe(by_hand)).await.unwrap();
    for migration in &PostgresStore::MIGRATIONS[..6] {
        admin.execute(*migration).await.unwrap();
    }
    // The 192nd byte is in the middle of a character.
    let long = format!("a{}", "é".repeat(600));
    let key = revento_core::ConnectionKey::installation("clt_test".into(), long.as_str().into());
    let rows = format!(
        "CREATE TABLE revento_schema (version BIGINT NOT NULL); INSERT INTO revento_schema VALUES (6);
         SELECT revento_insert('{long}', '{long}', 'event.published', '{long}', 0, 0, 'body', 'digest');
         SELECT revento_insert('env_1', 'dlv_1', 'event.published', '{long}', 0, 0, 'body', 'digest');
         INSERT INTO revento_deletions (envelope_id, occurred_at, deadline_at) VALUES ('{long}', 0, 0);
         INSERT INTO revento_connections (key, client_id, event_id, status, status_since, scopes, generation, consented_at,
             access_expires_at, refresh_expires_at, consent_expires_at, live, version)
             VALUES ('{key}', 'clt_test', '{long}', 'connected', 0, '', 1, 0, 0, 0, 0, TRUE, 1)"
    );
    admin.execute(AssertSqlSafe(rows)).await.unwrap();

    let store = server::connect(&url, &schema).await;
    let stored = store.load(&key).await.unwrap().unwrap();
    assert_eq!(stored.record.connection.key, key);
    let of_event = store
        .of_event(&"clt_test".into(), &long.as_str().into(), None, 9)
        .await;
    assert_eq!(of_event.unwrap(), [stored]);
    let duty = store.duty(&long.as_str().into()).await.unwrap().unwrap();
    assert_eq!(duty.envelope_id.as_str(), long);
    let again = NewDelivery {
        envelope_id: long.as_str().into(),
        ordering_key: long.clone(),
        ..delivery(1)
    };
    let inserted = store.insert(&again).await.unwrap();
    assert!(matches!(inserted, InsertOutcome::Known { .. }), "{inserted:?}");
    // The second one of the ordering key waits behind the first.
    let leased = store.lease(NOW, Timestamp::MAX, 9).await.unwrap();
    assert_eq!(leased.len(), 1);
    assert_eq!(leased[0].lease.envelope_id.as_str(), long);
    assert_eq!(leased[0].delivery_id.as_str(), long);
    assert!(store.complete(&leased[0].lease, NOW).await.unwrap());
    assert_eq!(store.lease(NOW, Timestamp::MAX, 9).await.unwrap().len(), 1);
}
