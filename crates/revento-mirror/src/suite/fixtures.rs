//! What the checks write.

use revento_core::{EventId, Timestamp};

use crate::store::{
    Answer, Loaded, MirrorStore, MirrorWrite, ReadClaim, ResourceKind, Row, RowKey, RowQuery, RowWrite,
    Stamp, StoredChange, StoredRow, Wish, WriteOutcome,
};

pub(super) fn event() -> EventId {
    EventId::new("evt_1")
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

/// A participant with one answer.
pub(super) fn person(id: &str, name: &str) -> Row {
    let text = |text: &str| serde_json::to_string(text).unwrap();
    let (id_json, name) = (text(id), text(name));
    Row {
        kind: ResourceKind::Participant,
        id: id.into(),
        json: format!(r#"{{"id":{id_json},"application_status":"approved","name":{name}}}"#).into(),
        answers: vec![answer("diet", "vegan")],
        whole_as_of: Some(Stamp::read(at(100))),
        part_as_of: Some(Stamp::webhook(at(200))),
        missing_in: None,
    }
}

pub(super) fn answer(question: &str, value: &str) -> Answer {
    Answer {
        question: question.into(),
        value: value.into(),
    }
}

pub(super) fn key(id: &str) -> RowKey {
    RowKey {
        kind: ResourceKind::Participant,
        id: id.into(),
    }
}

/// A write that changes nothing.
pub(super) fn write(event_id: &EventId) -> MirrorWrite {
    MirrorWrite {
        event_id: event_id.clone(),
        epoch: 1,
        fence: None,
        progress: None,
        ends_epoch: false,
        wish: Wish::Keep,
        rows: Vec::new(),
        marks: None,
        at: at(1000),
    }
}

pub(super) fn add(row: Row) -> RowWrite {
    RowWrite {
        before: None,
        after: Some(row),
        is_announced: true,
    }
}

pub(super) fn replace(before: StoredRow, after: Row) -> RowWrite {
    RowWrite {
        before: Some(before),
        after: Some(after),
        is_announced: true,
    }
}

pub(super) fn remove(before: StoredRow) -> RowWrite {
    RowWrite {
        before: Some(before),
        after: None,
        is_announced: true,
    }
}

/// Shorter calls of a store, for checks. They panic if the store fails.
pub(super) struct Calls<'s>(pub(super) &'s dyn MirrorStore);

impl Calls<'_> {
    pub(super) async fn begin(&self) {
        assert!(
            self.0.begin(&event(), "{}").await.unwrap(),
            "a new event is added"
        );
    }

    pub(super) async fn write(&self, write: &MirrorWrite) -> WriteOutcome {
        self.0.write(write).await.unwrap()
    }

    /// Writes rows, which has to succeed.
    pub(super) async fn put(&self, rows: Vec<RowWrite>) -> i64 {
        let written = self
            .write(&MirrorWrite {
                rows,
                ..write(&event())
            })
            .await;
        let WriteOutcome::Written { last_change } = written else {
            panic!("the rows are not written: {written:?}");
        };
        last_change
    }

    pub(super) async fn load(&self, ids: &[&str]) -> Loaded {
        let keys: Vec<_> = ids.iter().map(|id| key(id)).collect();
        let mut loaded = self.0.load(&event(), &keys).await.unwrap();
        loaded.rows.sort_by(|a, b| a.row.id.cmp(&b.row.id));
        loaded
    }

    pub(super) async fn one(&self, id: &str) -> StoredRow {
        self.find(id).await.expect("the row is there")
    }

    pub(super) async fn find(&self, id: &str) -> Option<StoredRow> {
        self.load(&[id]).await.rows.into_iter().next()
    }

    pub(super) async fn changes(&self, after: i64) -> Vec<StoredChange> {
        self.0.changes(&event(), after, 1000).await.unwrap().changes
    }

    pub(super) async fn claim(&self, now: i64, until: i64) -> ReadClaim {
        self.0.claim(&event(), None, at(now), at(until)).await.unwrap()
    }

    pub(super) async fn ids(&self, query: &RowQuery) -> Vec<String> {
        let rows = self.0.rows(query).await.unwrap();
        rows.iter().map(|stored| stored.row.id.to_string()).collect()
    }
}

pub(super) fn all_people() -> RowQuery {
    RowQuery {
        event_id: event(),
        kind: ResourceKind::Participant,
        conditions: Vec::new(),
        after: None,
        limit: 1000,
    }
}
