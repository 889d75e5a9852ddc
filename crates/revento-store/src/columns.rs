//! Converts records to rows of an SQL table and back, for stores whose engine has columns.
//!
//! A store binds the values of [`of_record`] and [`of_duty`] in their order, and implements [`Row`] for the rows of its driver. This
//! module alone defines the columns and the form of each value in its column. Each store has its own tables and statements, and
//! converts texts that its engine cannot keep.

mod admin;

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use revento_core::{Connection, ConnectionKey, ConnectionStatus, EventType, Scopes, StatusReason, Timestamp};

pub use admin::{read_details, read_sealed, read_stats};

use crate::{
    BuriedDelivery, DeletionDuty, DeletionProof, Lease, LeasedDelivery, Record, Sealed, Stored, Version,
};

/// A value of a column; `None` is `NULL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The [text of a key](ConnectionKey), which has no control characters. It identifies the row, and nothing reads it back: if the
    /// engine's indexes have a limit, store its [`index_text`] only.
    Key(String),
    /// Any text in a column that an index has. If the engine's indexes have a limit, store its [`index_text`] there, and the whole
    /// text in a column beside it.
    Indexed(String),
    /// Any text.
    Text(Option<String>),
    /// A number, or a time in microseconds since 1970.
    Integer(Option<i64>),
    /// True or false.
    Flag(bool),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
}

/// A row of the caller's driver, whose values are read by the names of their columns.
pub trait Row {
    /// The driver's error.
    type Error;

    /// A text; `None` for `NULL`.
    ///
    /// # Errors
    /// If there is no such column, or it has another type.
    fn text(&self, column: &'static str) -> Result<Option<String>, Self::Error>;

    /// A number; `None` for `NULL`.
    ///
    /// # Errors
    /// If there is no such column, or it has another type.
    fn integer(&self, column: &'static str) -> Result<Option<i64>, Self::Error>;

    /// Bytes; `None` for `NULL`.
    ///
    /// # Errors
    /// If there is no such column, or it has another type.
    fn bytes(&self, column: &'static str) -> Result<Option<Vec<u8>>, Self::Error>;

    /// The error for a value that this column must not have, such as `NULL` in a column that always has a value.
    fn unreadable(&self, column: &'static str) -> Self::Error;
}

/// The values of a [`Record`]: `key`, `client_id`, `event_id`, `user_id`, `organization_id`, `status`, `reason`, `status_since`,
/// `delete_by`, `scopes`, `generation`, `consented_at`, `access_expires_at`, `refresh_expires_at`, `consent_expires_at`, whether the
/// connection is live, `tokens`. The first three are in indexes.
pub fn of_record(record: &Record) -> [Value; 17] {
    let Record { connection, tokens } = record;
    let key = &connection.key;
    let time = |time: Timestamp| Value::Integer(Some(time.unix_micros()));
    [
        Value::Key(key.to_string()),
        Value::Indexed(key.client_id.as_str().to_owned()),
        Value::Indexed(key.event_id.as_str().to_owned()),
        optional(key.user_id.as_ref().map(|id| id.as_str())),
        optional(connection.organization_id.as_ref().map(|id| id.as_str())),
        text(connection.status.as_str()),
        optional(connection.reason.as_ref().map(StatusReason::as_str)),
        time(connection.status_since),
        Value::Integer(connection.delete_by.map(Timestamp::unix_micros)),
        Value::Text(Some(connection.scopes.to_string())),
        Value::Integer(Some(connection.generation.cast_signed())),
        time(connection.consented_at),
        time(connection.access_expires_at),
        time(connection.refresh_expires_at),
        time(connection.consent_expires_at),
        Value::Flag(connection.status.is_live()),
        Value::Bytes(tokens.as_ref().map(|sealed| sealed.as_bytes().to_vec())),
    ]
}

/// Reads a record and its `version` from the columns that [`of_record`] names.
///
/// # Errors
/// As [`Row`]'s methods.
pub fn read_stored<R: Row>(row: &R) -> Result<Stored, R::Error> {
    let connection = Connection {
        key: ConnectionKey {
            client_id: required_text(row, "client_id")?.into(),
            event_id: required_text(row, "event_id")?.into(),
            user_id: row.text("user_id")?.map(Into::into),
        },
        organization_id: row.text("organization_id")?.map(Into::into),
        status: ConnectionStatus::from(required_text(row, "status")?.as_str()),
        reason: row
            .text("reason")?
            .map(|reason| StatusReason::from(reason.as_str())),
        status_since: time(row, "status_since")?,
        delete_by: row.integer("delete_by")?.map(Timestamp::from_unix_micros),
        scopes: Scopes::parse(&required_text(row, "scopes")?),
        generation: required_integer(row, "generation")?.cast_unsigned(),
        consented_at: time(row, "consented_at")?,
        access_expires_at: time(row, "access_expires_at")?,
        refresh_expires_at: time(row, "refresh_expires_at")?,
        consent_expires_at: time(row, "consent_expires_at")?,
    };
    Ok(Stored {
        version: Version(required_integer(row, "version")?),
        record: Record {
            connection,
            tokens: row.bytes("tokens")?.map(Sealed::from_bytes),
        },
    })
}

/// The values of a [`DeletionDuty`]: `envelope_id`, `event_id`, `organization_id`, `occurred_at`, `deadline_at`, `reason`,
/// `reminded_at`, `done_at`, `note`.
pub fn of_duty(duty: &DeletionDuty) -> [Value; 9] {
    let proof = duty.done.as_ref();
    [
        Value::Indexed(duty.envelope_id.as_str().to_owned()),
        optional(duty.event_id.as_ref().map(|id| id.as_str())),
        optional(duty.organization_id.as_ref().map(|id| id.as_str())),
        Value::Integer(Some(duty.occurred_at.unix_micros())),
        Value::Integer(Some(duty.deadline_at.unix_micros())),
        optional(duty.reason.as_deref()),
        Value::Integer(duty.reminded_at.map(Timestamp::unix_micros)),
        Value::Integer(proof.map(|proof| proof.at.unix_micros())),
        optional(proof.map(|proof| proof.note.as_str())),
    ]
}

/// Reads a duty from the columns that [`of_duty`] names.
///
/// # Errors
/// As [`Row`]'s methods.
pub fn read_duty<R: Row>(row: &R) -> Result<DeletionDuty, R::Error> {
    let done_at = row.integer("done_at")?.map(Timestamp::from_unix_micros);
    let note = row.text("note")?.unwrap_or_default();
    Ok(DeletionDuty {
        envelope_id: required_text(row, "envelope_id")?.into(),
        event_id: row.text("event_id")?.map(Into::into),
        organization_id: row.text("organization_id")?.map(Into::into),
        occurred_at: time(row, "occurred_at")?,
        deadline_at: time(row, "deadline_at")?,
        reason: row.text("reason")?,
        reminded_at: row.integer("reminded_at")?.map(Timestamp::from_unix_micros),
        done: done_at.map(|at| DeletionProof { at, note }),
    })
}

/// Reads a leased delivery from `envelope_id`, `fence`, `delivery_id`, `event_type`, `occurred_at`, `received_at` and `body`. The store
/// reads the number of this attempt, and whether it is the only one, because engines keep small numbers and truth values in different
/// types.
///
/// # Errors
/// As [`Row`]'s methods.
pub fn read_leased<R: Row>(row: &R, attempt: u32, single_attempt: bool) -> Result<LeasedDelivery, R::Error> {
    let body = row.bytes("body")?.ok_or_else(|| row.unreadable("body"))?;
    Ok(LeasedDelivery {
        lease: Lease {
            envelope_id: required_text(row, "envelope_id")?.into(),
            fence: required_integer(row, "fence")?,
        },
        delivery_id: required_text(row, "delivery_id")?.into(),
        event_type: EventType::from(required_text(row, "event_type")?.as_str()),
        occurred_at: time(row, "occurred_at")?,
        received_at: time(row, "received_at")?,
        attempt,
        single_attempt,
        body: Sealed::from_bytes(body),
    })
}

/// Reads a buried delivery from `envelope_id`, `delivery_id`, `event_type`, `occurred_at`, `received_at`, `at` (when it was buried) and
/// `error`. The store reads the attempts, and whether the body was expunged, because engines keep small numbers and truth values
/// in different types.
///
/// # Errors
/// As [`Row`]'s methods.
pub fn read_buried<R: Row>(row: &R, attempts: u32, expunged: bool) -> Result<BuriedDelivery, R::Error> {
    Ok(BuriedDelivery {
        envelope_id: required_text(row, "envelope_id")?.into(),
        delivery_id: required_text(row, "delivery_id")?.into(),
        event_type: EventType::from(required_text(row, "event_type")?.as_str()),
        occurred_at: time(row, "occurred_at")?,
        received_at: time(row, "received_at")?,
        buried_at: time(row, "at")?,
        attempts,
        error: row.text("error")?.unwrap_or_default(),
        expunged,
    })
}

/// How many bytes of a text an index keeps.
const INDEXED_BYTES: usize = 192;

/// A text for the indexes of an engine that limits the size of an index entry, such as PostgreSQL's 2704 bytes.
///
/// A text of up to 192 bytes stays as it is. A longer one becomes its first 189 to 192 bytes, a `~` and the SHA-256 of the whole text in
/// hexadecimal digits, which is always longer than 192 bytes: so two texts with the same `index_text` are equal. Short texts keep their
/// byte order; long ones that begin alike do not.
pub fn index_text(text: &str) -> Cow<'_, str> {
    if text.len() <= INDEXED_BYTES {
        return Cow::Borrowed(text);
    }
    let beginning = text
        .get(..text.floor_char_boundary(INDEXED_BYTES))
        .unwrap_or_default();
    Cow::Owned(format!("{beginning}~{}", hex::encode(Sha256::digest(text))))
}

fn text(text: &str) -> Value {
    Value::Text(Some(text.to_owned()))
}

fn optional(text: Option<&str>) -> Value {
    Value::Text(text.map(str::to_owned))
}

fn required_text<R: Row>(row: &R, column: &'static str) -> Result<String, R::Error> {
    row.text(column)?.ok_or_else(|| row.unreadable(column))
}

fn required_integer<R: Row>(row: &R, column: &'static str) -> Result<i64, R::Error> {
    row.integer(column)?.ok_or_else(|| row.unreadable(column))
}

fn time<R: Row>(row: &R, column: &'static str) -> Result<Timestamp, R::Error> {
    required_integer(row, column).map(Timestamp::from_unix_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h25_the_index_text_of_a_long_text_is_short_and_its_own() {
        let texts = ["", "evt_1", &"x".repeat(192)];
        for text in texts {
            assert_eq!(index_text(text), text);
        }
        let long = [
            "x".repeat(193),
            "é".repeat(4000),
            format!("{}ü{}", "x".repeat(191), "y".repeat(9)),
        ];
        for text in &long {
            let short = index_text(text);
            assert!((192..=257).contains(&short.len()), "{short}");
            // The short form of a long text is long itself, so no short text can equal it.
            assert_ne!(index_text(&short), *text);
            let other = index_text(&format!("{text}z")).into_owned();
            assert_ne!(short, other);
        }
        assert!(index_text(&long[0]).starts_with(&"x".repeat(192)));
        assert!(index_text(&long[2]).starts_with(&format!("{}~", "x".repeat(191))));
    }
}
