//! The tables and their versions.

use revento_core::Timestamp;
use revento_store::Once as _;
use revento_store_mysql::{MySqlStore, OpenError};

use crate::server;

#[tokio::test(flavor = "multi_thread")]
async fn q20_many_replicas_create_the_tables_at_once() {
    let Some(server) = server::url() else { return };
    let url = server::database(&server).await;
    let replicas = (0..8).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { server::connect(&url).await })
    });
    let replicas: Vec<_> = replicas.collect();
    let (now, until) = (Timestamp::from_unix_micros(0), Timestamp::from_unix_micros(1));
    let mut taken = 0;
    for replica in replicas {
        let store = replica.await.unwrap();
        taken += u32::from(store.take("mark", now, until).await.unwrap());
    }
    assert_eq!(taken, 1);
}

#[tokio::test]
async fn q20_tables_of_a_newer_version_are_refused() {
    let Some(server) = server::url() else { return };
    let url = server::database(&server).await;
    server::connect(&url).await.close().await;
    server::run(&url, "UPDATE revento_schema SET version = 1000 WHERE id = 1").await;
    let refused = MySqlStore::connect(&url).await.map(drop).unwrap_err();
    assert!(
        matches!(refused, OpenError::TooNew { found: 1000, .. }),
        "{refused:?}"
    );
}

#[tokio::test]
async fn q20_without_migrations_nothing_is_created() {
    let Some(server) = server::url() else { return };
    let url = server::database(&server).await;
    let opened = server::options(&url).without_migrations().connect().await;
    let refused = opened.map(drop).unwrap_err();
    assert!(
        matches!(refused, OpenError::TooOld { found: 0, .. }),
        "{refused:?}"
    );
    // Nothing is in the way of an application's own table.
    server::run(&url, "CREATE TABLE revento_once (mine INTEGER)").await;
    let refused = MySqlStore::connect(&url).await.map(drop).unwrap_err();
    assert!(
        matches!(&refused, OpenError::ForeignTable { table } if table == "revento_once"),
        "{refused:?}"
    );
}
