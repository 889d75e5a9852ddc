//! The tables and their migrations.
//!
//! MySQL commits before and after each statement that changes tables, so a migration cannot be one transaction. Each statement of a
//! migration can be run again instead: a replica that stopped in the middle is followed by one that starts over. One replica migrates
//! while it has a claim on the row of `revento_schema`, and the others wait. Not `GET_LOCK`, which belongs to a session that a proxy may
//! give to somebody else.

use std::time::Duration;

use revento_store::connection_pool::Rollbacks;
use sqlx::{MySqlConnection, Row as _, mysql::MySqlRow};

use crate::{
    MySqlStore, OpenError,
    call::send,
    error::{is_rolled_back_for_others, number},
    literal::literal,
    open_error::Failed,
};

/// How long a replica that migrates may be silent before another one takes over, by the server's clock.
const CLAIM_SECONDS: u32 = 20;
/// The pause before a waiting replica looks again.
const PAUSE: Duration = Duration::from_millis(100);
/// What a message has to leave free of `max_allowed_packet`: its own header.
const PACKET_OVERHEAD: usize = 16;

/// One row: the version of the tables, and the claim of the replica that changes them.
const SCHEMA_TABLE: &str = "
    CREATE TABLE IF NOT EXISTS revento_schema (
        id            TINYINT NOT NULL,
        version       BIGINT  NOT NULL,
        claimed_by    BINARY(8),
        claimed_until BIGINT,
        PRIMARY KEY (id)
    ) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4";
const FIRST_ROW: &str =
    "INSERT INTO revento_schema (id, version) VALUES (1, 0) ON DUPLICATE KEY UPDATE version = version";

impl MySqlStore {
    /// The statements that bring the tables from each version (the index) to the next, for somebody who wants to read them. Each can be
    /// run again. [`connect`](crate::MySqlOptions::connect) runs them, and writes the version into the row of `revento_schema`.
    pub const MIGRATIONS: &[&str] = &[include_str!("schema/1.sql")];
}

/// What the server said when the store was opened.
pub(crate) struct Opened {
    /// The database of the tables, as a quoted identifier.
    pub(crate) database: String,
    pub(crate) max_message: usize,
}

/// Brings the tables up to date, or only checks their version if `wanted` is `false`. No other replica has the `name`.
pub(crate) async fn migrate(
    connection: &mut MySqlConnection,
    name: &[u8; 8],
    wanted: bool,
) -> Result<Opened, Failed> {
    let opened = look(connection).await?;
    migrate_by(connection, name, wanted, MySqlStore::MIGRATIONS).await?;
    check_engines(connection).await?;
    Ok(opened)
}

/// An identifier as SQL wants it.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

async fn look(connection: &mut MySqlConnection) -> Result<Opened, Failed> {
    let question = "SELECT CAST(DATABASE() AS BINARY), CAST(@@max_allowed_packet AS SIGNED)";
    let row = ask(connection, question).await?.ok_or(sqlx::Error::RowNotFound)?;
    let database: Vec<u8> = row.try_get(0)?;
    let database = String::from_utf8(database).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let max_packet: i64 = row.try_get(1)?;
    refuse_statement_log(connection).await?;
    Ok(Opened {
        database: quoted(&database),
        max_message: usize::try_from(max_packet)
            .unwrap_or(usize::MAX)
            .saturating_sub(PACKET_OVERHEAD),
    })
}

/// A server that writes its binary log as statements refuses transactions at `READ COMMITTED`.
async fn refuse_statement_log(connection: &mut MySqlConnection) -> Result<(), Failed> {
    let question = "SELECT 1 FROM DUAL WHERE @@log_bin AND @@binlog_format = 'STATEMENT'";
    match ask(connection, question).await {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(OpenError::Unsuitable {
            setting: "it writes its binary log in the format STATEMENT: set binlog_format to ROW or MIXED",
        }
        .into()),
        // A server without this setting has one format.
        Err(error) if number(&error) == Some(1193) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn migrate_by(
    connection: &mut MySqlConnection,
    name: &[u8; 8],
    wanted: bool,
    migrations: &'static [&'static str],
) -> Result<(), Failed> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    loop {
        let found = version(connection).await?;
        let found = match found {
            Some(found) if found > known => return Err(OpenError::TooNew { found, known }.into()),
            Some(found) if found == known => return Ok(()),
            found if !wanted => {
                let found = found.unwrap_or(0);
                return Err(OpenError::TooOld { found, needed: known }.into());
            }
            Some(found) => found,
            None => {
                refuse_foreign_tables(connection, migrations).await?;
                run(connection, SCHEMA_TABLE).await?;
                in_transaction(connection, FIRST_ROW).await?;
                0
            }
        };
        if !claim(connection, name, found).await? {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let step = usize::try_from(found).unwrap_or(0);
        let migration = migrations.get(step).copied().unwrap_or_default();
        let taken = take(connection, name, migration).await;
        // Whatever came of it, nobody waits for this replica.
        let next = if taken.is_ok() { found + 1 } else { found };
        let ended = end_claim(connection, name, found, next).await;
        taken.map_err(|error| OpenError::by_migration(step + 1, error))?;
        ended?;
    }
}

/// Runs the statements of a migration. Before each one the claim begins anew.
async fn take(connection: &mut MySqlConnection, name: &[u8; 8], migration: &str) -> Result<(), sqlx::Error> {
    for statement in statements(migration) {
        let held = format!(
            "UPDATE revento_schema SET claimed_until = {} WHERE id = 1 AND claimed_by = {};
             SELECT claimed_by FROM revento_schema WHERE id = 1 AND claimed_by = {}",
            claim_end(),
            literal(name),
            literal(name)
        );
        if in_transaction(connection, &held).await?.is_none() {
            return Ok(()); // Another replica has taken over, and this one waits for it.
        }
        match run(connection, &statement).await {
            Err(error) if is_done_before(&error) => {}
            done => done?,
        }
    }
    Ok(())
}

/// The statements of a migration, without comments.
fn statements(migration: &str) -> Vec<String> {
    let lines = migration.lines();
    let code = lines.map(|line| line.split("--").next().unwrap_or_default().trim_end());
    let code = code.collect::<Vec<_>>().join("\n");
    let statements = code.split(';').map(str::trim).filter(|text| !text.is_empty());
    statements.map(str::to_owned).collect()
}

/// Whether the statement was run before: the table, column or index exists, or does not exist any more.
fn is_done_before(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1050 | 1060 | 1061 | 1091))
}

/// Claims the tables at a version. `false` if another replica has them, or has changed them.
async fn claim(connection: &mut MySqlConnection, name: &[u8; 8], version: i64) -> Result<bool, sqlx::Error> {
    let sql = format!(
        "UPDATE revento_schema SET claimed_by = {name}, claimed_until = {until}
         WHERE id = 1 AND version = {version} AND (claimed_by IS NULL OR claimed_until <= {now});
         SELECT version FROM revento_schema WHERE id = 1 AND version = {version} AND claimed_by = {name}",
        name = literal(name),
        until = claim_end(),
        now = "TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP())",
    );
    Ok(in_transaction(connection, &sql).await?.is_some())
}

async fn end_claim(
    connection: &mut MySqlConnection,
    name: &[u8; 8],
    before: i64,
    next: i64,
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "UPDATE revento_schema SET version = {next}, claimed_by = NULL, claimed_until = NULL
         WHERE id = 1 AND version = {before} AND claimed_by = {}",
        literal(name)
    );
    in_transaction(connection, &sql).await.map(drop)
}

fn claim_end() -> String {
    format!("TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP()) + {CLAIM_SECONDS}")
}

/// The version of the tables; `None` if there are none.
async fn version(connection: &mut MySqlConnection) -> Result<Option<i64>, Failed> {
    match ask(connection, "SELECT version FROM revento_schema WHERE id = 1").await {
        Ok(Some(row)) => Ok(Some(row.try_get(0)?)),
        Ok(None) => Ok(None),
        Err(error) if number(&error) == Some(1146) => Ok(None),
        Err(error) if number(&error) == Some(1054) => Err(OpenError::ForeignTable {
            table: "revento_schema".to_owned(),
        }
        .into()),
        Err(error) => Err(error.into()),
    }
}

/// Tables with the names of the store's, where it has none yet, are somebody else's.
async fn refuse_foreign_tables(connection: &mut MySqlConnection, migrations: &[&str]) -> Result<(), Failed> {
    refuse(connection, &table_names(migrations), "TRUE").await
}

/// A table without transactions loses what the store has reported.
async fn check_engines(connection: &mut MySqlConnection) -> Result<(), Failed> {
    let names = format!("'revento_schema',{}", table_names(MySqlStore::MIGRATIONS));
    refuse(connection, &names, "engine <> 'InnoDB'").await
}

/// The names of the tables that the migrations create, as literals.
fn table_names(migrations: &[&str]) -> String {
    let creations = migrations
        .iter()
        .flat_map(|sql| sql.split("CREATE TABLE IF NOT EXISTS ").skip(1));
    let names = creations.filter_map(|rest| rest.split_whitespace().next());
    names
        .map(|name| format!("'{name}'"))
        .collect::<Vec<_>>()
        .join(",")
}

/// Refuses the tables of these names for which the condition is true.
async fn refuse(connection: &mut MySqlConnection, names: &str, condition: &str) -> Result<(), Failed> {
    let question = format!(
        "SELECT CAST(table_name AS BINARY) FROM information_schema.tables
         WHERE table_schema = DATABASE() AND table_name IN ({names}) AND {condition} LIMIT 1"
    );
    match ask(connection, &question).await? {
        None => Ok(()),
        Some(row) => Err(OpenError::ForeignTable {
            table: String::from_utf8_lossy(&row.try_get::<Vec<u8>, _>(0)?).into_owned(),
        }
        .into()),
    }
}

/// Runs statements in a transaction of their own, and again if the server rolls them back for others. Returns the row of the last one.
async fn in_transaction(
    connection: &mut MySqlConnection,
    sql: &str,
) -> Result<Option<MySqlRow>, sqlx::Error> {
    let message = format!("START TRANSACTION READ WRITE;{sql};COMMIT AND NO CHAIN NO RELEASE");
    let mut rollbacks = Rollbacks::default();
    loop {
        match send(connection, &message).await {
            Ok(mut answers) => {
                answers.pop();
                return Ok(answers.pop().and_then(|mut answer| answer.rows.pop()));
            }
            Err(error) if is_rolled_back_for_others(&error) => {
                send(connection, "ROLLBACK AND NO CHAIN NO RELEASE").await?;
                if !rollbacks.may_repeat().await {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
}

async fn run(connection: &mut MySqlConnection, sql: &str) -> Result<(), sqlx::Error> {
    send(connection, sql).await.map(drop)
}

/// The first row.
async fn ask(connection: &mut MySqlConnection, sql: &str) -> Result<Option<MySqlRow>, sqlx::Error> {
    let message = format!("START TRANSACTION READ ONLY;{sql};COMMIT AND NO CHAIN NO RELEASE");
    match send(connection, &message).await {
        Ok(mut answers) => {
            answers.pop();
            Ok(answers.pop().and_then(|answer| answer.rows.into_iter().next()))
        }
        Err(error) => {
            if number(&error).is_some() {
                send(connection, "ROLLBACK AND NO CHAIN NO RELEASE").await?;
            }
            Err(error)
        }
    }
}
