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

/// What a replica leaves that was killed in the middle.
#[tokio::test(flavor = "multi_thread")]
async fn q20_a_migration_that_was_killed_is_continued_when_its_claim_has_ended() {
    let Some(server) = server::url() else { return };
    let url = server::database(&server).await;
    server::connect(&url).await.close().await;
    let killed = "DROP TABLE revento_budgets, revento_deletions;
        UPDATE revento_schema SET version = 0, claimed_by = x'0102030405060708',
            claimed_until = TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP()) + 2 WHERE id = 1";
    server::run(&url, killed).await;
    let store = server::connect(&url).await;
    assert!(
        revento_store::DeletionStore::open_duties(&store, 1)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn k16_a_table_without_transactions_is_refused() {
    let Some(server) = server::url() else { return };
    let url = server::database(&server).await;
    server::connect(&url).await.close().await;
    server::run(&url, "ALTER TABLE revento_deletions ENGINE = MyISAM").await;
    let refused = MySqlStore::connect(&url).await.map(drop).unwrap_err();
    assert!(
        matches!(&refused, OpenError::ForeignTable { table } if table == "revento_deletions"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn each_refusal_has_a_kind_and_shows_no_password() {
    let Some(server) = server::url() else { return };
    let url = server::database(&server).await;
    let (_, place) = url.split_once('@').unwrap();
    let (host, database) = place.split_once('/').unwrap();
    let refusal = async |url: String| {
        let error = MySqlStore::connect(url).await.map(drop).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("planted"), "{error:?}");
        error
    };
    let error = refusal(format!("mysql://nobody:planted@{host}/{database}")).await;
    assert!(matches!(error, OpenError::Denied { .. }), "{error:?}");
    let error = refusal(format!("{url}_missing")).await;
    assert!(matches!(error, OpenError::NoDatabase { .. }), "{error:?}");
    let error = refusal(format!("mysql://revento:planted@127.0.0.1:1/{database}")).await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");

    let user = format!("reader_{}", std::process::id());
    let account = format!(
        "CREATE USER '{user}'@'%' IDENTIFIED BY 'planted'; GRANT SELECT ON {database}.* TO '{user}'@'%'"
    );
    server::run(&url, &account).await;
    let reader = format!("mysql://{user}:planted@{host}/{database}");
    let error = refusal(reader.clone()).await;
    assert!(matches!(error, OpenError::NotAllowed { .. }), "{error:?}");
    // Somebody else has run the migrations: no more rights are needed.
    server::connect(&url).await.close().await;
    MySqlStore::connect(reader).await.unwrap();
    server::run(&url, &format!("DROP USER '{user}'@'%'")).await;
}
