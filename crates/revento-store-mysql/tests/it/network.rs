//! Connections that somebody in between closes, answers or reads.

use std::{net::Ipv4Addr, time::Duration};

use revento_core::Timestamp;
use revento_store::{CreateOutcome, Once, TokenStore};
use revento_store_mysql::{MySqlStore, OpenError};
use revento_store_testkit::fixtures::{NOW, connection_key, record};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _};

use crate::{
    proxy::{Proxy, Tls, own_address, self_signed},
    server::{self, place, through},
};

/// Reads and writes, none of which may fail.
async fn use_it(store: &MySqlStore, number: u64) {
    let id = format!("evt_{number}");
    assert!(store.load(&connection_key(&id)).await.unwrap().is_none());
    let created = store.create(&record(&id, number)).await.unwrap();
    assert!(matches!(created, CreateOutcome::Created(_)), "it was made twice");
    let taken = store.take(&id, NOW, Timestamp::MAX).await.unwrap();
    assert!(taken, "the mark was taken twice");
}

/// Brings the pool to its full size.
async fn warm(store: &MySqlStore) {
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.load(&connection_key("evt")).await.unwrap() })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
}

/// Ends all sessions that use a database, as a restart of the server does.
async fn end_sessions(url: &str) {
    let (server, database) = url.rsplit_once('/').unwrap();
    let mut admin = MySqlConnection::connect(server).await.unwrap();
    let sessions = format!("SELECT id FROM information_schema.processlist WHERE db = '{database}'");
    let sessions = sqlx::raw_sql(AssertSqlSafe(sessions)).fetch_all(&mut admin).await;
    for session in sessions.unwrap() {
        let kill = format!("KILL {}", session.get_unchecked::<i64, _>(0));
        // It may have ended by itself.
        let _ = sqlx::raw_sql(AssertSqlSafe(kill)).execute(&mut admin).await;
    }
    admin.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn h24_sessions_that_the_server_ended_cost_no_call() {
    let Some(server) = server::url() else { return };
    let url = server::database(&server).await;
    let store = server::connect(&url).await;
    for number in 0..5 {
        warm(&store).await;
        end_sessions(&url).await;
        use_it(&store, number).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h24_connections_that_a_balancer_closed_cost_no_call() {
    let Some(server) = server::url() else { return };
    let url = server::database(&server).await;
    let proxy = Proxy::start(Ipv4Addr::LOCALHOST.into(), place(&url), Tls::Transparent).await;
    let store = server::connect(&through(&url, proxy.address)).await;
    for number in 0..5 {
        warm(&store).await;
        assert!(proxy.cut() > 0);
        use_it(&store, number).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h20_a_man_in_the_middle_who_says_no_to_tls_hears_nothing() {
    let (Some(server), Some(ip)) = (server::url(), own_address()) else {
        return;
    };
    let url = server::database(&server).await;
    let proxy = Proxy::start(ip, place(&url), Tls::Refused).await;
    let through = through(&url, proxy.address);
    let error = MySqlStore::connect(&through).await.unwrap_err();
    assert!(matches!(error, OpenError::Tls { .. }), "{error:?}");
    assert!(!error.is_transient());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(proxy.heard(), b"", "the store went on");

    // Somebody who knows the network can say so.
    for mode in ["disabled", "preferred"] {
        let plain = server::options(&format!("{through}?ssl-mode={mode}"));
        plain.connect().await.unwrap();
    }
    assert!(String::from_utf8_lossy(&proxy.heard()).contains("revento"));
}

#[tokio::test(flavor = "multi_thread")]
async fn h20_a_self_signed_certificate_is_trusted_only_if_the_url_names_it() {
    let (Some(server), Some(ip)) = (server::url(), own_address()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for (names, trusted) in [(ip.to_string(), true), ("other.test".to_owned(), false)] {
        let url = server::database(&server).await;
        let (tls, certificate) = self_signed(vec![names]);
        let proxy = Proxy::start(ip, place(&url), tls).await;
        let through = through(&url, proxy.address);
        let error = MySqlStore::connect(&through).await.unwrap_err();
        assert!(matches!(error, OpenError::Tls { .. }), "{error:?}");
        assert_eq!(proxy.heard(), b"");

        let file = folder.path().join("db.pem");
        std::fs::write(&file, certificate).unwrap();
        let named = format!("{through}?ssl-ca={}", file.display());
        let opened = server::options(&named).connect().await;
        if trusted {
            use_it(&opened.unwrap(), 1).await;
        } else {
            let error = opened.unwrap_err();
            assert!(matches!(error, OpenError::Tls { .. }), "{error:?}");
            assert_eq!(proxy.heard(), b"");
        }
    }
}
