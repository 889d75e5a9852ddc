//! Connections that somebody in between closes, answers or reads.

use std::{net::Ipv4Addr, time::Duration};

use revento_core::Timestamp;
use revento_store::{CreateOutcome, InboxStore, Once, TokenStore};
use revento_store_postgres::{OpenError, PostgresStore};
use revento_store_testkit::fixtures::{NOW, connection_key, delivery, record};

use crate::{
    connecting::end_sessions,
    proxy::{Proxy, Tls, own_address, self_signed},
    refused::with,
    server,
};

pub(crate) fn place(url: &str) -> String {
    let (_, place) = url.split_once('@').unwrap();
    place.split_once('/').unwrap().0.to_owned()
}

/// Reads and writes, none of which may fail.
async fn use_it(store: &PostgresStore, number: u64) {
    let id = format!("evt_{number}");
    assert!(store.load(&connection_key(&id)).await.unwrap().is_none());
    let created = store.create(&record(&id, number)).await.unwrap();
    assert!(matches!(created, CreateOutcome::Created(_)), "it was made twice");
    let taken = store.take(&id, NOW, Timestamp::MAX).await.unwrap();
    assert!(taken, "the mark was taken twice");
    store.insert(&delivery(number)).await.unwrap();
    let leased = store.lease(NOW, Timestamp::MAX, 9).await.unwrap();
    assert_eq!(leased.len(), 1);
    assert!(store.complete(&leased[0].lease, NOW).await.unwrap());
}

/// Brings the pool to its full size.
async fn warm(store: &PostgresStore) {
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

#[tokio::test(flavor = "multi_thread")]
async fn h24_sessions_that_the_server_ended_cost_no_call() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let options = server::options(&url, &schema).application_name(&schema);
    let store = options.connect().await.unwrap();
    for number in 0..5 {
        warm(&store).await;
        end_sessions(&url, &schema).await;
        use_it(&store, number).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h24_connections_that_a_balancer_closed_cost_no_call() {
    let Some(url) = server::url() else { return };
    let proxy = Proxy::start(Ipv4Addr::LOCALHOST.into(), place(&url), Tls::Transparent).await;
    let through = with(&url, |parts| parts.1 = proxy.address.to_string());
    let store = server::connect(&through, &server::fresh()).await;
    for number in 0..5 {
        warm(&store).await;
        assert!(proxy.cut() > 0);
        use_it(&store, number).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h20_a_man_in_the_middle_who_says_no_to_tls_hears_nothing() {
    let (Some(url), Some(ip)) = (server::url(), own_address()) else {
        return;
    };
    let proxy = Proxy::start(ip, place(&url), Tls::Refused).await;
    let through = with(&url, |parts| parts.1 = proxy.address.to_string());
    let error = PostgresStore::connect(&through).await.unwrap_err();
    assert!(matches!(error, OpenError::Tls { .. }), "{error:?}");
    assert!(!error.is_transient());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(proxy.heard(), b"", "the store went on");

    // Somebody who knows the network can say so.
    let plain = server::options(&format!("{through}?sslmode=disable"), &server::fresh());
    let error = plain.connect().await.unwrap_err();
    // This proxy takes the first message for the question after TLS.
    assert!(!matches!(error, OpenError::Tls { .. }), "{error:?}");
    let preferred = server::options(&format!("{through}?sslmode=prefer"), &server::fresh());
    preferred.connect().await.unwrap();
    assert!(String::from_utf8_lossy(&proxy.heard()).contains("revento"));
}

#[tokio::test(flavor = "multi_thread")]
async fn h20_a_self_signed_certificate_is_trusted_only_if_the_url_names_it() {
    let (Some(url), Some(ip)) = (server::url(), own_address()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for (names, trusted) in [(ip.to_string(), true), ("other.test".to_owned(), false)] {
        let (tls, certificate) = self_signed(vec![names]);
        let proxy = Proxy::start(ip, place(&url), tls).await;
        let through = with(&url, |parts| parts.1 = proxy.address.to_string());
        let error = PostgresStore::connect(&through).await.unwrap_err();
        assert!(matches!(error, OpenError::Tls { .. }), "{error:?}");
        assert_eq!(proxy.heard(), b"");

        let file = folder.path().join("db.pem");
        std::fs::write(&file, certificate).unwrap();
        let named = format!("{through}?sslrootcert={}", file.display());
        let opened = server::options(&named, &server::fresh()).connect().await;
        if trusted {
            let store = opened.unwrap();
            use_it(&store, 1).await;
        } else {
            let error = opened.unwrap_err();
            assert!(matches!(error, OpenError::Tls { .. }), "{error:?}");
            assert_eq!(proxy.heard(), b"");
        }
    }
}
