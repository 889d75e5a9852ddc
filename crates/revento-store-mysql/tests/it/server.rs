//! The server that the tests were given.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use revento_store_mysql::{MySqlOptions, MySqlStore};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _};

/// No test waits longer for what has to happen.
const HANG: Duration = Duration::from_secs(120);

/// Its URL, which names no database; says that the test is skipped when there is none.
pub(crate) fn url() -> Option<String> {
    variable("REVENTO_TEST_MARIADB")
}

/// The URL of a server with unusual defaults: no autocommit, `SERIALIZABLE`, `ANSI` and so on.
pub(crate) fn odd_url() -> Option<String> {
    variable("REVENTO_TEST_MARIADB_ODD")
}

fn variable(name: &str) -> Option<String> {
    let url = std::env::var(name).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: no MariaDB (cargo xtask test brings it)");
    }
    url.map(|url| url.trim_end_matches('/').to_owned())
}

/// The URL of a new and empty database.
pub(crate) async fn database(url: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("revento_test_{}_{count}", std::process::id());
    run(url, &format!("CREATE DATABASE {name}")).await;
    format!("{url}/{name}")
}

/// Runs statements on a connection of their own, and commits.
pub(crate) async fn run(url: &str, sql: &str) {
    let mut connection = MySqlConnection::connect(url).await.unwrap();
    let sql = AssertSqlSafe(format!("{sql}; COMMIT"));
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Waits until a statement with this text waits for a lock. `information_schema.innodb_trx` would not do: as long as somebody asks more often
/// than every tenth of a second, it shows what it showed before.
pub(crate) async fn lock_is_waited_for(url: &str, text: &str) {
    let mut connection = MySqlConnection::connect(url).await.unwrap();
    let waited_for = async {
        loop {
            let status = sqlx::raw_sql("SHOW ENGINE INNODB STATUS");
            let status: String = status.fetch_one(&mut connection).await.unwrap().get("Status");
            let mut transactions = status.split("---TRANSACTION").skip(1);
            if transactions.any(|it| it.contains("LOCK WAIT") && it.contains(text)) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited_for = tokio::time::timeout(HANG, waited_for).await;
    assert!(waited_for.is_ok(), "nobody waits for a lock at {text}");
    connection.close().await.unwrap();
}

pub(crate) fn options(url: &str) -> MySqlOptions {
    MySqlOptions::new(url).max_connections(5)
}

pub(crate) async fn connect(url: &str) -> MySqlStore {
    options(url).connect().await.unwrap()
}

/// The host and the port of a URL.
pub(crate) fn place(url: &str) -> String {
    let (_, place) = url.split_once('@').unwrap();
    place.split_once('/').unwrap().0.to_owned()
}

/// The same URL with another host and port.
pub(crate) fn through(url: &str, address: SocketAddr) -> String {
    url.replace(&place(url), &address.to_string())
}
