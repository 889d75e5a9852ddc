//! Servers and streams that are refused.

use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use revento_store::{CreateOutcome, TokenStore};
use revento_store_nats::{NatsOptions, NatsStore, OpenError};
use revento_store_testkit::fixtures::{connection_key, record};

use crate::server::{Servers, fresh_prefix};

#[tokio::test]
async fn a_url_that_is_none() {
    for url in [
        "",
        "planted",
        "http://planted@x",
        "nats://planted@h:port",
        "nats://planted@h,",
    ] {
        let error = NatsStore::connect(url).await.unwrap_err();
        assert!(matches!(error, OpenError::BadUrl), "{url}: {error:?}");
        assert!(!format!("{error:?} {error}").contains("planted"));
    }
    let options = NatsOptions::new("nats://localhost").credentials("planted");
    let error = options.connect().await.unwrap_err();
    assert!(matches!(error, OpenError::BadUrl), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("planted"));
}

#[tokio::test]
async fn h20_another_machine_needs_tls() {
    let error = NatsStore::connect("nats://planted@nats.invalid")
        .await
        .unwrap_err();
    assert!(matches!(error, OpenError::PlainText), "{error:?}");
}

#[tokio::test]
async fn a_prefix_that_no_stream_can_have() {
    for prefix in ["", "a.b", "a b", "*", ">"] {
        let options = NatsOptions::new("nats://localhost").prefix(prefix);
        let error = options.connect().await.unwrap_err();
        assert!(matches!(error, OpenError::BadPrefix), "{prefix:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for scheme in ["nats", "tls"] {
        let url = format!("{scheme}://planted@{closed}");
        let error = NatsStore::connect(url).await.unwrap_err();
        assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("planted"));
    }
}

#[tokio::test]
async fn k23_a_single_server_has_to_be_trusted() {
    let Some(servers) = Servers::one() else { return };
    let error = NatsStore::connect(&servers.urls).await.unwrap_err();
    assert!(matches!(error, OpenError::NotDurable), "{error:?}");
}

/// Changes a setting.
type Spoil = fn(&mut Config);

/// Streams that somebody has created with other settings.
#[tokio::test]
async fn k23_a_stream_that_can_lose_records_is_refused() {
    let Some(servers) = Servers::one() else { return };
    let context = servers.context().await.unwrap();
    let good = |prefix: &str| Config {
        name: format!("{prefix}_tokens"),
        subjects: vec![format!("{prefix}.tokens.*")],
        max_messages_per_subject: 1,
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        num_replicas: 1,
        ..Config::default()
    };
    let spoil: [(&str, Spoil); 4] = [
        ("storage", |config| config.storage = StorageType::Memory),
        ("max-msgs-per-subject", |config| {
            config.max_messages_per_subject = 5
        }),
        ("max-age", |config| {
            config.max_age = std::time::Duration::from_secs(60)
        }),
        ("discard", |config| config.discard = DiscardPolicy::Old),
    ];
    for (name, spoil) in spoil {
        let prefix = fresh_prefix();
        let mut config = good(&prefix);
        spoil(&mut config);
        context.create_stream(config).await.unwrap();
        let error = servers.options(&prefix).connect().await.unwrap_err();
        let is_named = matches!(&error, OpenError::StreamSetting { setting, .. } if *setting == name);
        assert!(is_named, "{name}: {error:?}");
    }
    // A stream that an operator has created is used.
    let prefix = fresh_prefix();
    context.create_stream(good(&prefix)).await.unwrap();
    let store = servers.options(&prefix).connect().await.unwrap();
    let created = store.create(&record("evt_1", 1)).await.unwrap();
    assert!(matches!(created, CreateOutcome::Created(_)), "{created:?}");
}

/// Somebody deletes a stream while a process follows it.
#[tokio::test]
async fn a_stream_that_was_created_again_is_followed_from_its_beginning() {
    let Some(servers) = Servers::one() else { return };
    let (store, guard) = servers.fresh().await.unwrap();
    let client = connection_key("evt_1").client_id;
    let listed = async || {
        let listed = store.of_client(&client, None, 10).await.unwrap();
        let events = listed
            .iter()
            .map(|stored| stored.record.connection.key.event_id.to_string());
        events.collect::<Vec<_>>()
    };
    for event in ["evt_1", "evt_2", "evt_3"] {
        store.create(&record(event, 1)).await.unwrap();
    }
    assert_eq!(listed().await, ["evt_1", "evt_2", "evt_3"]);

    let name = format!("{}_tokens", guard.streams().prefix);
    servers
        .context()
        .await
        .unwrap()
        .delete_stream(name)
        .await
        .unwrap();
    let replica = guard.streams().open().await.unwrap();
    replica.create(&record("evt_4", 1)).await.unwrap();
    assert_eq!(listed().await, ["evt_4"]);
}
