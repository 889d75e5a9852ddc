//! Servers that are refused, and connections that end.

use redis::{AsyncCommands, Client};
use revento_core::Timestamp;
use revento_store::{CreateOutcome, StoreErrorReason, SwapOutcome, TokenStore};
use revento_store_redis::{OpenError, RedisOptions, RedisStore};
use revento_store_testkit::fixtures::{connection_key, record};

use crate::server;

#[tokio::test]
async fn a_url_that_is_none() {
    for url in [
        "",
        "planted",
        "http://planted@x",
        "mysql://planted@localhost",
        "redis://:planted@h:port/",
    ] {
        let error = RedisStore::connect(url).await.unwrap_err();
        assert!(matches!(error, OpenError::BadUrl), "{url}: {error:?}");
        assert!(!format!("{error:?} {error}").contains("planted"));
    }
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for scheme in ["redis", "rediss"] {
        let error = RedisStore::connect(format!("{scheme}://:planted@{closed}/"))
            .await
            .unwrap_err();
        assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("planted"));
    }
}

/// One test, because it changes the server's settings and puts them back.
#[tokio::test]
async fn k23_a_server_that_can_lose_tokens_is_refused() {
    let Some(url) = server::url() else { return };
    let mut admin = Client::open(url.as_str())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let mut set = async |setting: &str, value: &str| {
        let mut config = redis::cmd("CONFIG");
        config
            .arg("SET")
            .arg(setting)
            .arg(value)
            .query_async::<()>(&mut admin)
            .await
            .unwrap();
    };
    let refusal = async || match RedisOptions::new(&url).connect().await {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    };
    set("appendonly", "no").await;
    assert_eq!(
        refusal().await,
        "the Redis server has `appendonly no` and can lose tokens: set `appendonly yes`, or call `RedisOptions::trust_the_server`"
    );
    set("appendonly", "yes").await;
    set("appendfsync", "everysec").await;
    assert!(
        refusal()
            .await
            .starts_with("the Redis server has `appendfsync everysec`")
    );
    set("appendfsync", "always").await;
    set("maxmemory-policy", "allkeys-lru").await;
    assert!(
        refusal()
            .await
            .starts_with("the Redis server has `maxmemory-policy allkeys-lru`")
    );
    for harmless in ["volatile-lru", "noeviction"] {
        set("maxmemory-policy", harmless).await;
        assert_eq!(refusal().await, "accepted");
    }
    set("appendonly", "no").await;
    set("appendfsync", "everysec").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k16_a_connection_that_ended_is_opened_again() {
    let Some(url) = server::url() else { return };
    let user = server::fresh();
    let mut admin = Client::open(url.as_str())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let mut acl = redis::cmd("ACL");
    acl.arg("SETUSER")
        .arg(&user)
        .arg("on")
        .arg(">planted")
        .arg("~*")
        .arg("+@all");
    acl.query_async::<()>(&mut admin).await.unwrap();
    let place = url
        .rsplit_once('@')
        .map_or_else(|| url.trim_start_matches("redis://"), |(_, place)| place);
    let store = server::options(&format!("redis://{user}:planted@{place}"), &user)
        .connect()
        .await
        .unwrap();
    store.create(&record("evt_1", 1)).await.unwrap();
    let mut kill = redis::cmd("CLIENT");
    kill.arg("KILL").arg("USER").arg(&user);
    for _ in 0..3 {
        kill.query_async::<i64>(&mut admin).await.unwrap();
        let loaded = store.load(&connection_key("evt_1")).await.unwrap();
        assert!(loaded.is_some());
    }
    redis::cmd("ACL")
        .arg("DELUSER")
        .arg(&user)
        .query_async::<()>(&mut admin)
        .await
        .unwrap();
}

#[tokio::test]
async fn k16_scripts_survive_a_flush_of_the_servers_cache() {
    let Some(url) = server::url() else { return };
    let store = server::options(&url, &server::fresh()).connect().await.unwrap();
    let mut admin = Client::open(url.as_str())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    for number in 0..3 {
        redis::cmd("SCRIPT")
            .arg("FLUSH")
            .query_async::<()>(&mut admin)
            .await
            .unwrap();
        let created = store
            .create(&record(&format!("evt_{number}"), number))
            .await
            .unwrap();
        assert!(matches!(created, CreateOutcome::Created(_)));
    }
}

#[tokio::test]
async fn k14_nothing_is_left_behind() {
    let Some(url) = server::url() else { return };
    let prefix = server::fresh();
    let store = server::options(&url, &prefix).connect().await.unwrap();
    for number in 0..20 {
        let record = record(&format!("evt_{number}"), number);
        let CreateOutcome::Created(version) = store.create(&record).await.unwrap() else {
            panic!("a new key")
        };
        let mut later = record.clone();
        later.connection.refresh_expires_at = Timestamp::MAX;
        assert!(matches!(
            store.compare_and_swap(version, &later, None).await.unwrap(),
            SwapOutcome::Swapped(_)
        ));
        store.remove(&record.connection.key).await.unwrap();
    }
    let mut admin = Client::open(url.as_str())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let keys: Vec<String> = admin.keys(format!("{{{prefix}}}:*")).await.unwrap();
    assert_eq!(keys, [format!("{{{prefix}}}:sequence")]);
}

#[tokio::test]
async fn a_hash_that_makes_no_sense_is_told_as_damage() {
    let Some(url) = server::url() else { return };
    let prefix = server::fresh();
    let store = server::options(&url, &prefix).connect().await.unwrap();
    store.create(&record("evt_1", 1)).await.unwrap();
    let name = format!("{{{prefix}}}:connection:{}", connection_key("evt_1"));
    let mut admin = Client::open(url.as_str())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let _: () = admin.hset(&name, "status_since", "yesterday").await.unwrap();
    assert_eq!(
        store.load(&connection_key("evt_1")).await.unwrap_err().reason(),
        StoreErrorReason::Corrupt
    );
    let _: () = admin.set(&name, "a string").await.unwrap();
    assert_eq!(
        store.load(&connection_key("evt_1")).await.unwrap_err().reason(),
        StoreErrorReason::Corrupt
    );
}
