//! The measurement of the inbox runs: against SQLite, against PostgreSQL if there is one, and over HTTP if there is wrk.
#![allow(clippy::unwrap_used, reason = "a helper of a test")]

use std::process::Command;

/// A short run. Its numbers mean little, so the test looks only for them to be there.
fn ratios(arguments: &[&str]) -> serde_json::Map<String, serde_json::Value> {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_revento-trials"))
        .args(["inbox", "--quick", "--json", "--folder"])
        .arg(folder.path())
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let left: Vec<_> = folder.path().read_dir().unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn assert_measured(ratios: &serde_json::Map<String, serde_json::Value>, keys: &[&str]) {
    for key in keys {
        let ratio = ratios.get(*key).and_then(serde_json::Value::as_f64);
        assert!(ratio.is_some_and(|ratio| ratio > 0.0), "{key} of {ratios:#?}");
    }
}

#[test]
fn the_inbox_on_sqlite_is_measured_against_the_disk_and_sqlite_by_hand() {
    let wrk = ["/usr/bin/wrk", "/usr/local/bin/wrk"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists());
    let arguments: Vec<_> = wrk.into_iter().flat_map(|path| ["--wrk", path]).collect();
    let ratios = ratios(&arguments);
    assert_measured(
        &ratios,
        &[
            "inbox.accept-sqlite-1.append-1",
            "inbox.accept-sqlite-64.sqlite-by-hand-64",
            "inbox.handle-sqlite-64.accept-sqlite-64",
            "inbox.accept-sqlite-half-load-p99.3xp50+5ms",
            "inbox.accept-time-sqlite-1000-rows.100-rows",
            "inbox.lease-time-sqlite-100-waiting.10-waiting",
        ],
    );
    if wrk.is_some() {
        assert_measured(&ratios, &["inbox.http-sqlite-half-load-p99.3xp50+5ms"]);
    } else {
        println!("skipped: over HTTP, because there is no wrk");
    }
}

#[tokio::test]
async fn the_inbox_on_postgresql_is_measured_against_postgresql_by_hand() {
    let Some(url) = std::env::var("REVENTO_TEST_POSTGRES")
        .ok()
        .filter(|url| !url.is_empty())
    else {
        println!("skipped: no PostgreSQL (cargo xtask test brings it)");
        return;
    };
    let database = Database::create(&url).await;
    let ratios = ratios(&["--postgres-url", &database.url]);
    assert_measured(
        &ratios,
        &[
            "inbox.accept-postgres-64.postgres-unnest-64",
            "inbox.accept-postgres-1.postgres-by-hand-1",
            "inbox.handle-postgres-64.accept-postgres-64",
            "inbox.accept-time-postgres-1000-rows.100-rows",
        ],
    );
    database.drop(&url).await;
}

/// A database of the test's own.
struct Database {
    name: String,
    url: String,
}

impl Database {
    async fn create(server: &str) -> Self {
        let name = format!("revento_bench_{}", std::process::id());
        run(server, format!("CREATE DATABASE {name}")).await;
        let (address, _) = server.rsplit_once('/').unwrap();
        Self {
            url: format!("{address}/{name}"),
            name,
        }
    }

    async fn drop(self, server: &str) {
        run(server, format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

async fn run(url: &str, sql: String) {
    use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
}
