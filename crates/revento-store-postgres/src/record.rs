//! A [`Record`] as a row.

use revento_core::{Connection, ConnectionKey, Reason, Scopes, Status, Timestamp};
use revento_store::{Record, Sealed, Stored, Version};
use sqlx::{
    Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use crate::text::{escape, unescape};

/// Binds everything that a write sets, in the order of [`tokens::CREATE`](crate::tokens) and its like: `$1` to `$17`.
pub(crate) fn bind<'q>(
    query: Query<'q, Postgres, PgArguments>,
    record: &Record,
) -> Query<'q, Postgres, PgArguments> {
    let Record { connection, tokens } = record;
    let key = &connection.key;
    query
        .bind(key.to_string())
        .bind(escape(key.client_id.as_str()).into_owned())
        .bind(escape(key.event_id.as_str()).into_owned())
        .bind(key.user_id.as_ref().map(|id| escape(id.as_str()).into_owned()))
        .bind(
            connection
                .organization_id
                .as_ref()
                .map(|id| escape(id.as_str()).into_owned()),
        )
        .bind(escape(connection.status.as_str()).into_owned())
        .bind(
            connection
                .reason
                .as_ref()
                .map(|reason| escape(reason.as_str()).into_owned()),
        )
        .bind(connection.status_since.unix_micros())
        .bind(connection.delete_by.map(Timestamp::unix_micros))
        .bind(escape(&connection.scopes.to_string()).into_owned())
        .bind(connection.generation.cast_signed())
        .bind(connection.consented_at.unix_micros())
        .bind(connection.access_expires_at.unix_micros())
        .bind(connection.refresh_expires_at.unix_micros())
        .bind(connection.consent_expires_at.unix_micros())
        .bind(connection.status.is_live())
        .bind(tokens.as_ref().map(|sealed| sealed.as_bytes().to_vec()))
}

/// Reads a whole row.
pub(crate) fn read(row: &PgRow) -> Result<Stored, sqlx::Error> {
    let text = |column: &str| row.try_get::<String, _>(column).map(unescape);
    let optional =
        |column: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<String>, _>(column)?.map(unescape));
    let time = |column: &str| row.try_get(column).map(Timestamp::from_unix_micros);
    Ok(Stored {
        version: Version(row.try_get("version")?),
        record: Record {
            connection: Connection {
                key: ConnectionKey {
                    client_id: text("client_id")?.into(),
                    event_id: text("event_id")?.into(),
                    user_id: optional("user_id")?.map(Into::into),
                },
                organization_id: optional("organization_id")?.map(Into::into),
                status: Status::from(text("status")?.as_str()),
                reason: optional("reason")?.map(|reason| Reason::from(reason.as_str())),
                status_since: time("status_since")?,
                delete_by: row
                    .try_get::<Option<i64>, _>("delete_by")?
                    .map(Timestamp::from_unix_micros),
                scopes: Scopes::parse(&text("scopes")?),
                generation: row.try_get::<i64, _>("generation")?.cast_unsigned(),
                consented_at: time("consented_at")?,
                access_expires_at: time("access_expires_at")?,
                refresh_expires_at: time("refresh_expires_at")?,
                consent_expires_at: time("consent_expires_at")?,
            },
            tokens: row
                .try_get::<Option<Vec<u8>>, _>("tokens")?
                .map(Sealed::from_bytes),
        },
    })
}
