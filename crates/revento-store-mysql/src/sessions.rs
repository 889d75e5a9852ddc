//! Tests of what is not visible from outside: settings of the calls, and query plans.

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _};

use crate::{MySqlStore, budgets, call::Call, deletions, inbox, once, tokens};

/// A store in a new database. Its URL comes with it.
async fn store(name: &str) -> Option<(MySqlStore, String)> {
    let server = std::env::var("REVENTO_TEST_MARIADB").ok();
    let server = server.filter(|url| !url.is_empty())?;
    let server = server.trim_end_matches('/');
    let name = format!("revento_test_{name}_{}", std::process::id());
    let mut connection = MySqlConnection::connect(server).await.unwrap();
    let sql = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    let url = format!("{server}/{name}");
    Some((MySqlStore::connect(&url).await.unwrap(), url))
}

#[tokio::test]
async fn k23_a_call_sets_the_isolation_of_its_own_transaction_only() {
    let Some((store, _)) = store("isolation").await else {
        return;
    };
    // MariaDB shows the level of the session, and the level of a transaction among the transactions of InnoDB.
    let level = "SELECT CAST(trx_isolation_level AS BINARY) FROM information_schema.innodb_trx
        WHERE trx_mysql_thread_id = CONNECTION_ID()";
    let session = "SELECT CAST(@@session.transaction_isolation AS BINARY)";
    let session_before_mariadb_11 = "SELECT CAST(@@session.tx_isolation AS BINARY)";
    // A transaction gets its entry when it locks something.
    let lock = Call::new("SELECT highest FROM {db}.revento_removed WHERE id = 1 FOR UPDATE");
    let mut answers = store.transact(&[lock, Call::new(level)]).await.unwrap();
    let row = answers.pop().unwrap().rows.pop().unwrap();
    assert_eq!(row.get::<Vec<u8>, _>(0), b"READ COMMITTED");
    let row = match store.row(Call::new(session)).await {
        Ok(row) => row,
        Err(_) => store.row(Call::new(session_before_mariadb_11)).await.unwrap(),
    };
    assert_eq!(row.unwrap().get::<Vec<u8>, _>(0), b"REPEATABLE-READ");
}

#[tokio::test]
async fn t7_every_question_has_an_index() {
    let Some((store, url)) = store("plans").await else {
        return;
    };
    let mut connection = MySqlConnection::connect(&url).await.unwrap();
    let queries = [
        tokens::QUERIES,
        deletions::QUERIES,
        budgets::QUERIES,
        once::QUERIES,
        inbox::QUERIES,
        inbox::ADMIN_QUERIES,
    ];
    for (name, sql) in queries.concat() {
        // Any argument will do, but the place of a limit takes only a number.
        let mut sql = store.sql(sql);
        for number in (1..=9).rev() {
            sql = sql.replace(&format!("LIMIT ${number}"), "LIMIT 5");
            sql = sql.replace(&format!("${number}"), "'5'");
        }
        let explain = AssertSqlSafe(format!("EXPLAIN {sql}"));
        let plan = sqlx::raw_sql(explain).fetch_all(&mut connection).await.unwrap();
        for row in plan {
            let text = |column: &str| {
                let value = row.try_get_unchecked::<Option<String>, _>(column);
                value.unwrap().unwrap_or_default()
            };
            let (table, key, kind, extra) = (text("table"), text("key"), text("type"), text("Extra"));
            // Without rows the server need not look.
            if table.is_empty() {
                continue;
            }
            assert_ne!(kind, "ALL", "{name} reads every row");
            assert_ne!(key, "", "{name} has no index");
            // The statistics sort the event types of the failed deliveries.
            let sorts = extra.contains("filesort") && name != "stats";
            assert!(!sorts, "{name} sorts: {extra}");
        }
    }
}
