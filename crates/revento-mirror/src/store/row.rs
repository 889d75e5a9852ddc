//! Rows: the mirror's copies of resources.

use std::fmt;

use revento_core::{Timestamp, resource::Participant, tolerant_json};

use super::{ResourceKind, Stamp};

/// Names one row of an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// The kind of the resource.
    pub kind: ResourceKind,
    /// The resource's id.
    pub id: Box<str>,
}

/// The copy of one resource.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The kind of the resource.
    pub kind: ResourceKind,
    /// The resource's id: any text, also with a NUL.
    pub id: Box<str>,
    /// The resource as JSON text, as the platform sent it. A webhook that carries a part of the resource replaces only the fields
    /// of that part.
    pub json: Box<str>,
    /// The answers to the organizer's form, for an index. They are made from the JSON.
    pub answers: Vec<Answer>,
    /// How new the whole resource is; `None` if the mirror has seen only a part of it yet.
    pub whole_as_of: Option<Stamp>,
    /// How new the part is that webhooks of its own bring (a participant's application, an activity's capacity). Never earlier than
    /// `whole_as_of`.
    pub part_as_of: Option<Stamp>,
    /// The first read that should have shown the row and did not; `None` if the last one showed it.
    pub missing_in: Option<i64>,
}

impl Row {
    /// The key of this row.
    pub fn key(&self) -> RowKey {
        RowKey {
            kind: self.kind,
            id: self.id.clone(),
        }
    }

    /// The time of the newest information in the row, by the platform's clock.
    pub fn as_of(&self) -> Option<Timestamp> {
        self.whole_as_of.max(self.part_as_of).map(Stamp::at)
    }

    /// Whether the mirror has seen the whole resource, and not only a part of it.
    pub fn is_complete(&self) -> bool {
        self.whole_as_of.is_some()
    }

    /// The participant, for the columns of a store; `None` if the row is of another kind.
    pub fn participant(&self) -> Option<Participant> {
        if self.kind != ResourceKind::Participant {
            return None;
        }
        tolerant_json::read(self.json.as_bytes()).ok()
    }
}

/// Without the content, which is personal.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .field("json_bytes", &self.json.len())
            .field("answers", &self.answers.len())
            .field("whole_as_of", &self.whole_as_of)
            .field("part_as_of", &self.part_as_of)
            .field("missing_in", &self.missing_in)
            .finish()
    }
}

/// One answer to a question of the organizer's form. A question with several answers has several.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    /// The name of the form's field.
    pub question: Box<str>,
    /// The text of a text; the JSON of anything else.
    pub value: Box<str>,
}

/// Without the value, which is personal.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("question", &self.question)
            .finish_non_exhaustive()
    }
}

/// One state of a row. A store never uses a version twice for an event, not even after the row was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowVersion(pub i64);

/// A row as a store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// The row.
    pub row: Row,
    /// Its version.
    pub version: RowVersion,
    /// The last read that showed it.
    pub mark: Option<Mark>,
}

/// That a read has shown a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The number of the read.
    pub pass: i64,
    /// The stamp of the page.
    pub as_of: Stamp,
}
