//! Consents whose store fails, or is shared by many.

use std::sync::Arc;

use futures_util::future::join_all;
use revento_api::{Client, ConnectError};
use revento_core::{ConnectionKey, error::ErrorKind};
use revento_store::{TokenStore, memory::MemoryTokens};
use revento_store_postgres::PostgresOptions;
use revento_store_redis::RedisOptions;
use revento_store_sqlite::SqliteStore;

use crate::support::{EVENT, World, consent, engines::server};

#[tokio::test(start_paused = true)]
async fn h24_one_failed_load_costs_no_consent() {
    // Each call of the check before the exchange, and of the storing after it.
    for failures in 1..=8 {
        let world = World::connected().await;
        world.store.fail_next(failures);
        let connection = world
            .client
            .finish_authorization(consent(&world.client))
            .await
            .unwrap();
        assert_eq!(connection.generation, 2, "{failures}");
        assert_eq!(world.platform.exchanges(), 2, "the code is sent once");
        assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));
    }
}

#[tokio::test(start_paused = true)]
async fn h24_a_store_that_is_down_does_not_cost_the_code() {
    let world = World::connected().await;
    world.store.down(true);
    let error = world
        .client
        .finish_authorization(consent(&world.client))
        .await
        .unwrap_err();
    assert!(matches!(error, ConnectError::NotStarted { .. }), "{error}");
    assert_eq!(
        (error.kind(), error.may_have_taken_effect()),
        (ErrorKind::Storage, false)
    );
    assert!(error.request_id().is_none() && error.endpoint().is_none());
    assert_eq!(world.platform.exchanges(), 1, "only the first consent");
}

#[tokio::test(start_paused = true)]
async fn h24_storing_is_repeated_after_the_exchange() {
    let world = World::connected().await;
    world.store.swaps_fail(true);
    let connecting = world.client.finish_authorization(consent(&world.client));
    let repaired = async {
        while world.platform.exchanges() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        world.store.swaps_fail(false);
    };
    let (connected, ()) = futures_util::future::join(connecting, repaired).await;
    assert_eq!(connected.unwrap().generation, 2);
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));

    world.store.swaps_fail(true);
    let error = world
        .client
        .finish_authorization(consent(&world.client))
        .await
        .unwrap_err();
    assert!(matches!(error, ConnectError::NotStored { .. }), "{error}");
    assert!(error.may_have_taken_effect());
}

/// Consents of one event that come at the same time to replicas of one store.
async fn at_once(stores: Vec<Arc<dyn TokenStore>>) {
    const CONSENTS: u64 = 24;

    let world = World::connected().await;
    let replica = |number: u64| -> Client {
        let store = Arc::clone(&stores[usize::try_from(number).unwrap() % stores.len()]);
        world.configured(|builder| builder.store(store))
    };
    let replicas: Vec<_> = (0..CONSENTS).map(replica).collect();
    let consents = replicas
        .iter()
        .map(|client| client.finish_authorization(consent(client)));
    let connected = join_all(consents).await;
    let mut generations: Vec<_> = connected
        .into_iter()
        .map(|done| done.unwrap().generation)
        .collect();
    generations.sort_unstable();
    assert_eq!(
        generations,
        (1..=CONSENTS).collect::<Vec<_>>(),
        "each replaced another"
    );
    let key = ConnectionKey::installation("client".into(), EVENT.into());
    let stored = stores[0].load(&key).await.unwrap().unwrap();
    assert_eq!(stored.record.connection.generation, CONSENTS);
}

#[tokio::test]
async fn h24_k13_many_consents_of_one_event_at_once_all_end_well_in_memory() {
    at_once(vec![Arc::new(MemoryTokens::new())]).await;
}

#[tokio::test]
async fn h24_k13_many_consents_of_one_event_at_once_all_end_well_in_sqlite() {
    let file = std::env::temp_dir().join(format!("revento_consents_{}.db", std::process::id()));
    let mut stores: Vec<Arc<dyn TokenStore>> = Vec::new();
    for _ in 0..3 {
        stores.push(Arc::new(SqliteStore::open(&file).await.unwrap()));
    }
    at_once(stores).await;
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
}

#[tokio::test]
async fn h24_k13_many_consents_of_one_event_at_once_all_end_well_in_postgres() {
    let Some(url) = server("REVENTO_TEST_POSTGRES") else {
        return;
    };
    let schema = format!("revento_consents_{}", std::process::id());
    let mut stores: Vec<Arc<dyn TokenStore>> = Vec::new();
    for _ in 0..3 {
        let options = PostgresOptions::new(&url).schema(&schema).max_connections(3);
        stores.push(Arc::new(options.connect().await.unwrap()));
    }
    at_once(stores).await;
}

#[tokio::test]
async fn h24_k13_many_consents_of_one_event_at_once_all_end_well_in_redis() {
    let Some(url) = server("REVENTO_TEST_REDIS") else {
        return;
    };
    let prefix = format!("revento_consents_{}", std::process::id());
    let mut stores: Vec<Arc<dyn TokenStore>> = Vec::new();
    for _ in 0..3 {
        let options = RedisOptions::new(&url).prefix(&prefix).trust_the_server();
        stores.push(Arc::new(options.connect().await.unwrap()));
    }
    at_once(stores).await;
}
