//! The rules of a [`MirrorStore`](crate::store::MirrorStore) for one event.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Bound,
};

use revento_core::{EventId, Timestamp, resource::Participant};
use revento_store::Fence;

use crate::store::{
    ChangeContent, Condition, Mark, Marks, MirrorWrite, MirroredEvent, ParticipantField, ReadClaim, Row,
    RowCounts, RowKey, RowQuery, RowVersion, RowWrite, StoredChange, StoredChanges, StoredRow, Wish,
    WriteOutcome,
};

/// What belongs to one event.
pub(super) struct EventRows {
    state: MirroredEvent,
    claimed: Option<(Fence, Timestamp)>,
    last_fence: i64,
    last_version: i64,
    rows: BTreeMap<RowKey, (Row, RowVersion)>,
    marks: BTreeMap<RowKey, Mark>,
    changes: VecDeque<StoredChange>,
    forgotten_to: i64,
}

impl EventRows {
    pub(super) fn new(event_id: EventId, progress: &str) -> Self {
        Self {
            state: MirroredEvent {
                event_id,
                epoch: 1,
                progress: progress.into(),
                wished_at: None,
                last_change: 0,
            },
            claimed: None,
            last_fence: 0,
            last_version: 0,
            rows: BTreeMap::new(),
            marks: BTreeMap::new(),
            changes: VecDeque::new(),
            forgotten_to: 0,
        }
    }

    pub(super) fn state(&self) -> &MirroredEvent {
        &self.state
    }

    pub(super) fn claim(&mut self, held: Option<Fence>, now: Timestamp, until: Timestamp) -> ReadClaim {
        let fence = match self.claimed {
            Some((fence, _)) if held == Some(fence) => fence,
            Some((_, ends)) if ends > now => return ReadClaim::Held { until: ends },
            _ => {
                self.last_fence += 1;
                Fence(self.last_fence)
            }
        };
        self.claimed = Some((fence, until));
        ReadClaim::Granted {
            fence,
            event: self.state.clone(),
        }
    }

    pub(super) fn release(&mut self, fence: Fence) {
        if self.claimed.is_some_and(|(current, _)| current == fence) {
            self.claimed = None;
        }
    }

    pub(super) fn load(&self, keys: &[RowKey]) -> Vec<StoredRow> {
        let mut keys: Vec<_> = keys.iter().collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().filter_map(|key| self.stored(key)).collect()
    }

    fn stored(&self, key: &RowKey) -> Option<StoredRow> {
        let (row, version) = self.rows.get(key)?;
        Some(StoredRow {
            row: row.clone(),
            version: *version,
            mark: self.marks.get(key).copied(),
        })
    }

    pub(super) fn write(&mut self, write: &MirrorWrite) -> WriteOutcome {
        if write.epoch != self.state.epoch {
            return WriteOutcome::OtherEpoch;
        }
        if let Some(fence) = write.fence
            && self.claimed.is_none_or(|(current, _)| current != fence)
        {
            return WriteOutcome::Fenced;
        }
        if !write.rows.iter().all(|row| self.is_current(row)) {
            return WriteOutcome::Conflict;
        }
        self.last_version += 1;
        for row in &write.rows {
            self.replace(row, write.at);
        }
        if let Some(marks) = &write.marks {
            self.mark(marks);
        }
        if let Some(progress) = &write.progress {
            self.state.progress = progress.clone();
        }
        match write.wish {
            Wish::Keep => {}
            Wish::Since(at) => self.state.wished_at = self.state.wished_at.or(Some(at)),
            Wish::Clear => self.state.wished_at = None,
        }
        if write.ends_epoch {
            self.state.epoch += 1;
        }
        WriteOutcome::Written {
            last_change: self.state.last_change,
        }
    }

    fn is_current(&self, write: &RowWrite) -> bool {
        let Some(key) = write.key() else {
            return true;
        };
        let version = self.rows.get(&key).map(|(_, version)| *version);
        version == write.before.as_ref().map(|before| before.version)
    }

    fn replace(&mut self, write: &RowWrite, at: Timestamp) {
        let Some(key) = write.key() else {
            return;
        };
        match &write.after {
            Some(row) => {
                self.rows
                    .insert(key.clone(), (row.clone(), RowVersion(self.last_version)));
            }
            None => {
                self.rows.remove(&key);
                self.marks.remove(&key);
            }
        }
        if write.is_announced {
            let content = ChangeContent::Row {
                key,
                before: write.before.as_ref().map(|before| before.row.json.clone()),
                after: write.after.as_ref().map(|after| after.json.clone()),
            };
            self.announce(content, at);
        }
    }

    fn announce(&mut self, content: ChangeContent, at: Timestamp) {
        self.state.last_change += 1;
        self.changes.push_back(StoredChange {
            position: self.state.last_change,
            at,
            content,
        });
    }

    fn mark(&mut self, marks: &Marks) {
        for id in &marks.ids {
            let key = RowKey {
                kind: marks.kind,
                id: id.clone(),
            };
            let mark = Mark {
                pass: marks.pass,
                as_of: marks.as_of,
            };
            self.marks.insert(key, mark);
        }
    }

    pub(super) fn query(&self, query: &RowQuery) -> Vec<StoredRow> {
        let kind = query.kind;
        let first = match &query.after {
            Some(id) => Bound::Excluded(RowKey { kind, id: id.clone() }),
            None => Bound::Included(RowKey { kind, id: "".into() }),
        };
        let behind = self.rows.range((first, Bound::Unbounded));
        behind
            .take_while(|(key, _)| key.kind == kind)
            .filter(|(key, (row, _))| self.satisfies(key, row, &query.conditions))
            .filter_map(|(key, _)| self.stored(key))
            .take(query.limit)
            .collect()
    }

    fn satisfies(&self, key: &RowKey, row: &Row, conditions: &[Condition]) -> bool {
        let asks_a_field = conditions.iter().any(|it| matches!(it, Condition::Field(..)));
        let participant = asks_a_field.then(|| row.participant()).flatten();
        conditions.iter().all(|condition| match condition {
            Condition::Field(field, value) => {
                let participant = participant.as_ref();
                participant.and_then(|it| field_of(it, *field)) == Some(&**value)
            }
            Condition::Answer { question, value } => {
                let mut answers = row.answers.iter();
                answers.any(|answer| answer.question == *question && answer.value == *value)
            }
            Condition::Answered(question) => row.answers.iter().any(|answer| answer.question == *question),
            Condition::Incomplete => !row.is_complete(),
            Condition::NotShownBy(pass) => self.marks.get(key).is_none_or(|mark| mark.pass != *pass),
        })
    }

    pub(super) fn counts(&self) -> RowCounts {
        let mut rows = BTreeMap::new();
        for key in self.rows.keys() {
            *rows.entry(key.kind).or_insert(0) += 1;
        }
        RowCounts {
            rows: rows.into_iter().collect(),
            answers: self.rows.values().map(|(row, _)| row.answers.len() as u64).sum(),
            marks: self.marks.len() as u64,
            changes: self.changes.len() as u64,
        }
    }

    pub(super) fn changes(&self, after: i64, limit: usize) -> StoredChanges {
        let behind = self.changes.iter().filter(|change| change.position > after);
        StoredChanges {
            changes: behind.take(limit).cloned().collect(),
            forgotten_to: self.forgotten_to,
        }
    }

    pub(super) fn forget_changes(&mut self, before: Timestamp) -> u64 {
        let mut forgotten = 0;
        while let Some(first) = self.changes.pop_front_if(|change| change.at < before) {
            self.forgotten_to = first.position;
            forgotten += 1;
        }
        forgotten
    }

    pub(super) fn wipe(&mut self, epoch: i64, at: Timestamp) -> Option<RowCounts> {
        if epoch != self.state.epoch {
            return None;
        }
        let counts = self.counts();
        self.rows.clear();
        self.marks.clear();
        self.changes.clear();
        self.forgotten_to = self.state.last_change;
        self.announce(ChangeContent::Wiped, at);
        Some(counts)
    }
}

fn field_of(participant: &Participant, field: ParticipantField) -> Option<&str> {
    match field {
        ParticipantField::ApplicationStatus => Some(participant.application_status.as_str()),
        ParticipantField::Status => participant.status.as_ref().map(|status| status.as_str()),
        ParticipantField::Role => participant.role.as_deref(),
        ParticipantField::Email => participant.email.as_deref(),
        ParticipantField::UserId => participant.user_id.as_ref().map(|id| id.as_str()),
        ParticipantField::ApplicationId => participant.application_id.as_ref().map(|id| id.as_str()),
    }
}
