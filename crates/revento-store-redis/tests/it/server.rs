//! The server that the tests were given.

use std::sync::atomic::{AtomicU32, Ordering};

use revento_store_redis::RedisOptions;

/// Its URL; says that the test is skipped when there is none.
pub(crate) fn url() -> Option<String> {
    let url = std::env::var("REVENTO_TEST_REDIS")
        .ok()
        .filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: no Redis (cargo xtask test brings it)");
    }
    url
}

/// A prefix that nobody has used.
pub(crate) fn fresh() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("revento_test_{}_{count}", std::process::id())
}

/// The server of the tests keeps nothing on its disk.
pub(crate) fn options(url: &str, prefix: &str) -> RedisOptions {
    RedisOptions::new(url).prefix(prefix).trust_the_server()
}
