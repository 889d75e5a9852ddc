//! What a store is asked for.

use std::fmt;

use revento_core::EventId;

use super::ResourceKind;

/// Which rows of one kind, and from where on.
#[derive(Debug, Clone)]
pub struct RowQuery {
    /// The event.
    pub event_id: EventId,
    /// The kind.
    pub kind: ResourceKind,
    /// The conditions. All have to hold.
    pub conditions: Vec<Condition>,
    /// Only rows whose id comes after this one, in byte order.
    pub after: Option<Box<str>>,
    /// At most this many rows.
    pub limit: usize,
}

/// A condition on a row.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// A participant's field has this value.
    Field(ParticipantField, Box<str>),
    /// One of the answers to the question has this value.
    Answer {
        /// The name of the form's field.
        question: Box<str>,
        /// As in [`Answer::value`](super::Answer::value).
        value: Box<str>,
    },
    /// The question has an answer.
    Answered(Box<str>),
    /// The mirror has seen only a part of the resource yet.
    Incomplete,
    /// The read of this number has not shown the row: it has no mark, or that of another read.
    NotShownBy(i64),
}

/// Without the values, which are personal.
impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field, _) => write!(f, "Field({field:?})"),
            Self::Answer { question, .. } => write!(f, "Answer({question:?})"),
            Self::Answered(question) => write!(f, "Answered({question:?})"),
            Self::Incomplete => f.write_str("Incomplete"),
            Self::NotShownBy(pass) => write!(f, "NotShownBy({pass})"),
        }
    }
}

/// A field of a participant that can be searched for. A store keeps each in a column of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParticipantField {
    /// The status of the application.
    ApplicationStatus,
    /// The participant's own status.
    Status,
    /// The role.
    Role,
    /// The email address.
    Email,
    /// The participant's account on the platform.
    UserId,
    /// The id of the application.
    ApplicationId,
}

impl ParticipantField {
    /// All fields.
    pub const ALL: [Self; 6] = [
        Self::ApplicationStatus,
        Self::Status,
        Self::Role,
        Self::Email,
        Self::UserId,
        Self::ApplicationId,
    ];

    /// The name of the field in JSON, and of its column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApplicationStatus => "application_status",
            Self::Status => "status",
            Self::Role => "role",
            Self::Email => "email",
            Self::UserId => "user_id",
            Self::ApplicationId => "application_id",
        }
    }
}
