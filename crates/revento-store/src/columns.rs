//! Records as rows of an SQL table, for stores whose engine has columns.
//!
//! A store binds the values of [`of_record`] and [`of_duty`] in their order, and implements [`Row`] for the rows of its driver. Which
//! columns there are, and how a value of the SDK looks in a column, then stands here only. The tables, the
//! statements and the mapping of texts that an engine cannot keep stay the store's own.

use revento_core::{Connection, ConnectionKey, ConnectionStatus, EventType, Scopes, StatusReason, Timestamp};

use crate::{BuriedDelivery, DeletionDuty, DeletionProof, Record, Sealed, Stored, Version};

/// A value of a column; `None` is `NULL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The [text of a key](ConnectionKey), which has no control characters.
    Key(String),
    /// Any text.
    Text(Option<String>),
    /// A number, or a time in microseconds since 1970.
    Integer(Option<i64>),
    /// A truth value.
    Flag(bool),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
}

/// A row of the caller's driver, read by the names of its columns.
pub trait Row {
    /// What the driver's reading fails with.
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

    /// The error for a value that must not be in this column, such as `NULL` where there is always a value.
    fn unreadable(&self, column: &'static str) -> Self::Error;
}

/// What a write of a [`Record`] sets: `key`, `client_id`, `event_id`, `user_id`, `organization_id`, `status`, `reason`, `status_since`,
/// `delete_by`, `scopes`, `generation`, `consented_at`, `access_expires_at`, `refresh_expires_at`, `consent_expires_at`, whether the
/// connection is live, `tokens`.
pub fn of_record(record: &Record) -> [Value; 17] {
    let Record { connection, tokens } = record;
    let key = &connection.key;
    let time = |time: Timestamp| Value::Integer(Some(time.unix_micros()));
    [
        Value::Key(key.to_string()),
        text(key.client_id.as_str()),
        text(key.event_id.as_str()),
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

/// What a write of a [`DeletionDuty`] sets: `envelope_id`, `event_id`, `organization_id`, `occurred_at`, `deadline_at`, `reason`,
/// `reminded_at`, `done_at`, `note`.
pub fn of_duty(duty: &DeletionDuty) -> [Value; 9] {
    let proof = duty.done.as_ref();
    [
        text(duty.envelope_id.as_str()),
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

/// Reads a buried delivery from `envelope_id`, `delivery_id`, `event_type`, `occurred_at`, `received_at`, `at` (when it was buried) and
/// `error`. The attempts and whether the body was expunged are the store's to read: engines keep small numbers and truth values
/// differently.
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
