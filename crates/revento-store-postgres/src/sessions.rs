//! Tests of what is not visible from outside: settings of the calls, and query plans.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row};

use crate::{PostgresOptions, PostgresStore, call::Call, deletions, inbox, once, tokens};

fn url() -> Option<String> {
    let url = std::env::var("REVENTO_TEST_POSTGRES").ok();
    url.filter(|url| !url.is_empty())
}

async fn store(name: &str, setting: &str) -> Option<PostgresStore> {
    let url = url()?;
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}options=-c%20{setting}");
    let schema = format!("revento_test_{name}_{}", std::process::id());
    Some(PostgresOptions::new(url).schema(schema).connect().await.unwrap())
}

/// A setting as a call of the store has it.
async fn shown(store: &PostgresStore, setting: &str) -> String {
    let call = Call::new("SELECT current_setting($1)").bind(setting);
    store.row(call).await.unwrap().unwrap().get(0)
}

#[tokio::test]
async fn k23_sessions_commit_to_disk_and_cannot_block_for_ever() {
    let Some(store) = store("settings", "synchronous_commit=off").await else {
        return;
    };
    for (setting, value) in [
        ("synchronous_commit", "on"),
        ("lock_timeout", "10s"),
        ("statement_timeout", "30s"),
        ("bytea_output", "hex"),
        ("transaction_isolation", "read committed"),
    ] {
        assert_eq!(shown(&store, setting).await, value, "{setting}");
    }
}

#[tokio::test]
async fn k23_a_stricter_commit_stays_as_it_is() {
    let Some(store) = store("strict", "synchronous_commit=remote_apply").await else {
        return;
    };
    assert_eq!(shown(&store, "synchronous_commit").await, "remote_apply");
}

#[tokio::test]
async fn t7_every_question_has_an_index() {
    let Some(store) = store("plans", "enable_seqscan=off").await else {
        return;
    };
    let mut connection = PgConnection::connect(&url().unwrap()).await.unwrap();
    connection.execute("SET enable_seqscan = off").await.unwrap();
    for (name, sql) in tokens::QUERIES
        .iter()
        .chain(inbox::QUERIES)
        .chain(inbox::ADMIN_QUERIES)
        .chain(deletions::QUERIES)
        .chain(once::QUERIES)
    {
        let sql = store.sql(sql);
        // Any argument will do: a generic plan does not look at it (PostgreSQL 16 can be asked for one).
        let parameters = (1..=9)
            .rev()
            .find(|number| sql.contains(&format!("${number}")))
            .unwrap_or(0);
        let nulls = vec!["NULL"; parameters].join(", ");
        let mut tx = connection.begin().await.unwrap();
        sqlx::raw_sql("SET LOCAL plan_cache_mode = force_generic_plan")
            .execute(&mut *tx)
            .await
            .unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("PREPARE question AS {sql}")))
            .execute(&mut *tx)
            .await
            .unwrap();
        let arguments = if parameters == 0 {
            String::new()
        } else {
            format!("({nulls})")
        };
        let explain = format!("EXPLAIN EXECUTE question{arguments}");
        let rows = sqlx::raw_sql(AssertSqlSafe(explain))
            .fetch_all(&mut *tx)
            .await
            .unwrap();
        sqlx::raw_sql("DEALLOCATE question")
            .execute(&mut *tx)
            .await
            .unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("Index"), "{name}: {plan}");
        assert!(
            !plan.contains("Seq Scan on revento"),
            "{name} reads every row: {plan}"
        );
        // They sort what they have leased, and what has failed, to group it.
        let sorts = plan.contains("Sort") && !["lease", "stats"].contains(name);
        assert!(!sorts, "{name} sorts: {plan}");
    }
}
