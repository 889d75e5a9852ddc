//! Use-once marks of many replicas.

use redis::AsyncCommands;
use revento_core::Timestamp;
use revento_store::Once;

use crate::server;

#[tokio::test(flavor = "multi_thread")]
async fn k22_the_server_keeps_a_mark_beyond_its_end() {
    let Some(url) = server::url() else { return };
    let prefix = server::fresh();
    let store = server::options(&url, &prefix).connect().await.unwrap();
    let now = Timestamp::from_unix_seconds(1_778_336_551);
    // The last one ends before it begins, and one ends at the end of time.
    for (id, seconds) in [("a", 600), ("b", i64::MAX / 2_000_000), ("c", 0), ("d", -600)] {
        let until = Timestamp::from_unix_seconds(now.unix_seconds() + seconds);
        assert!(store.take(id, now, until).await.unwrap());
        let client = redis::Client::open(url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let left: i64 = connection.ttl(format!("{{{prefix}}}:once:{id}")).await.unwrap();
        assert!(left > seconds, "{id} is kept for {left} s");
        assert!(
            left <= seconds.max(0) + 3600,
            "{id} is kept for {left} s, and the memory grows"
        );
    }
}
