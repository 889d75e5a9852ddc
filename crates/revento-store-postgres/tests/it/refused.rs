//! What cannot be used, with a next step, and without the password.

use revento_store_postgres::{OpenError, PostgresStore};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::server;

async fn refusal(url: &str) -> OpenError {
    let error = PostgresStore::connect(url).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("planted"), "{error:?}");
    error
}

/// The same server and role with another part of the URL.
pub(crate) fn with(url: &str, change: impl FnOnce(&mut (String, String, String))) -> String {
    let rest = url.strip_prefix("postgres://").unwrap();
    let (login, place) = rest.split_once('@').unwrap();
    let (host, database) = place.split_once('/').unwrap();
    let mut parts = (login.to_owned(), host.to_owned(), database.to_owned());
    change(&mut parts);
    format!("postgres://{}@{}/{}", parts.0, parts.1, parts.2)
}

#[tokio::test]
async fn a_url_that_is_none() {
    for url in ["", "planted", "postgres://a:planted@[/x"] {
        assert!(matches!(refusal(url).await, OpenError::BadUrl), "{url}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = refusal(&format!("postgres://revento:planted@{closed}/revento")).await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_login_and_a_database_that_the_server_does_not_know() {
    let Some(url) = server::url() else { return };
    let error = refusal(&with(&url, |parts| parts.0 = "nobody:planted".to_owned())).await;
    assert!(matches!(error, OpenError::Denied { .. }), "{error:?}");
    let error = refusal(&with(&url, |parts| parts.2 = "no_such_database".to_owned())).await;
    assert!(matches!(error, OpenError::NoDatabase { .. }), "{error:?}");
}

#[tokio::test]
async fn tables_of_a_newer_version() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    server::connect(&url, &schema).await.close().await;
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let newer = format!("UPDATE {schema}.revento_schema SET version = 99");
    admin.execute(AssertSqlSafe(newer)).await.unwrap();
    let error = server::options(&url, &schema).connect().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the tables were made by a newer version (schema 99, this version knows {}): update this program",
            PostgresStore::MIGRATIONS.len()
        )
    );
}

#[tokio::test]
async fn a_role_that_may_not_create() {
    let Some(url) = server::url() else { return };
    let (schema, role) = (server::fresh(), server::fresh());
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let create = format!("CREATE ROLE {role} LOGIN PASSWORD 'planted'");
    admin.execute(AssertSqlSafe(create)).await.unwrap();
    let url = with(&url, |parts| parts.0 = format!("{role}:planted"));
    let error = server::options(&url, &schema).connect().await.unwrap_err();
    assert!(matches!(error, OpenError::NotAllowed { .. }), "{error:?}");
    admin
        .execute(AssertSqlSafe(format!("DROP ROLE {role}")))
        .await
        .unwrap();
}
