//! How a page or a webhook changes a row.
//!
//! Information arrives late, twice and out of order. Each piece has a [`Stamp`], and replaces what is stored unless it is older. A
//! row has two stamps: webhooks about a participant's application or an activity's capacity carry a part of the resource, so the
//! whole and that part age apart.

use std::collections::BTreeMap;

use serde_json::Value;

use super::overlay::{self, Part};
use crate::store::{Mark, ResourceKind, Row, RowKey, RowWrite, Stamp, StoredRow};

/// A piece of information about one resource.
#[derive(Debug, Clone)]
pub(crate) struct Observation {
    pub(crate) key: RowKey,
    pub(crate) stamp: Stamp,
    pub(crate) content: Content,
    /// Since when the mirror knows that a resource without a row does not exist: the begin of the last complete read.
    pub(crate) absent_as_of: Option<Stamp>,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// The whole resource as a page shows it, in the read of this number.
    Shown { json: Box<str>, pass: i64 },
    /// The whole resource, from a webhook.
    Whole { json: Box<str> },
    /// A part of the resource, from a webhook.
    Part(Part),
}

/// A row while observations are applied to it.
#[derive(Debug, Clone)]
struct Changing {
    before: Option<StoredRow>,
    row: Option<Row>,
    mark: Option<Mark>,
    is_changed: bool,
    is_announced: bool,
}

/// The rows of a batch, to which observations are applied one after the other.
#[derive(Debug, Default)]
pub(crate) struct Batch(BTreeMap<RowKey, Changing>);

impl Batch {
    /// Begins with the rows that are stored.
    pub(crate) fn new(rows: Vec<StoredRow>) -> Self {
        let changing = |stored: StoredRow| Changing {
            row: Some(stored.row.clone()),
            mark: stored.mark,
            before: Some(stored),
            is_changed: false,
            is_announced: false,
        };
        Self(
            rows.into_iter()
                .map(|stored| (stored.row.key(), changing(stored)))
                .collect(),
        )
    }

    /// Applies one observation. Returns whether it was news: `false` if something newer is known.
    pub(crate) fn apply(&mut self, observation: &Observation) -> bool {
        let changing = self.0.entry(observation.key.clone()).or_insert(Changing {
            before: None,
            row: None,
            mark: None,
            is_changed: false,
            is_announced: false,
        });
        changing.apply(observation)
    }

    /// What has to be written.
    pub(crate) fn into_writes(self) -> Vec<RowWrite> {
        let changed = self.0.into_values().filter(|changing| changing.is_changed);
        changed
            .map(|changing| RowWrite {
                before: changing.before,
                after: changing.row,
                is_announced: changing.is_announced,
            })
            .collect()
    }
}

impl Changing {
    fn apply(&mut self, observation: &Observation) -> bool {
        let stamp = observation.stamp;
        let Some(row) = &self.row else {
            return self.create(observation);
        };
        let marked = self.mark.map(|mark| mark.as_of);
        let whole_as_of = row.whole_as_of.max(marked);
        let part_as_of = row.part_as_of.max(whole_as_of);
        let mut next = row.clone();
        let is_page = matches!(observation.content, Content::Shown { .. });
        let is_news = match &observation.content {
            Content::Shown { json, .. } | Content::Whole { json } => {
                let is_news = whole_as_of.is_none_or(|stored| stored <= stamp);
                if is_news && part_as_of.is_none_or(|stored| stored <= stamp) {
                    next.set_json(json);
                    next.part_as_of = Some(stamp);
                    next.whole_as_of = Some(stamp);
                } else if is_news {
                    // The part is newer than this whole.
                    next.set_json(&overlay::keep_part(row.kind, &row.json, json));
                    next.whole_as_of = Some(stamp);
                }
                is_news
            }
            Content::Part(part) => {
                let is_news = part_as_of.is_none_or(|stored| stored <= stamp);
                if is_news {
                    next.set_json(&part.over(&row.json));
                    next.part_as_of = Some(stamp);
                }
                is_news
            }
        };
        if let Content::Shown { pass, .. } = &observation.content {
            self.mark = Some(Mark {
                pass: *pass,
                as_of: stamp,
            });
        }
        if is_page || is_news {
            next.missing_in = None;
        }
        let is_same_content = next.json == row.json;
        // The mark of a page says how new an unchanged row is, so a page that shows nothing new writes no row.
        let is_marked = is_page && is_same_content && row.is_complete() && row.missing_in.is_none();
        if next != *row && !is_marked {
            self.is_changed = true;
            self.is_announced |= !is_same_content;
            self.row = Some(next);
        }
        is_news
    }

    fn create(&mut self, observation: &Observation) -> bool {
        let Observation { key, stamp, .. } = observation;
        if observation.absent_as_of.is_some_and(|absent| *stamp <= absent) {
            return false;
        }
        let (json, whole_as_of) = match &observation.content {
            Content::Shown { json, .. } | Content::Whole { json } => (json.clone(), Some(*stamp)),
            Content::Part(part) => (part.alone(&key.id).into(), None),
        };
        let mut row = Row {
            kind: key.kind,
            id: key.id.clone(),
            json: "".into(),
            answers: Vec::new(),
            whole_as_of,
            part_as_of: Some(*stamp),
            missing_in: None,
        };
        row.set_json(&json);
        self.row = Some(row);
        self.is_changed = true;
        self.is_announced = true;
        true
    }
}

impl Row {
    /// Replaces the JSON and what is made from it, unless it says the same.
    fn set_json(&mut self, json: &str) {
        if says_the_same(&self.json, json) {
            return;
        }
        self.json = json.into();
        if self.kind == ResourceKind::Participant {
            self.answers = overlay::answers(json);
        }
    }
}

/// Whether two JSON texts have the same value: the order of members and white space do not count.
fn says_the_same(one: &str, other: &str) -> bool {
    let value = |json: &str| serde_json::from_str::<Value>(json).ok();
    one == other || value(one).is_some_and(|one| value(other) == Some(one))
}

/// A row that a complete read of its list has not shown.
pub(crate) fn not_shown(stored: StoredRow, pass: i64, began_as_of: Stamp) -> Option<RowWrite> {
    let row = &stored.row;
    if row.whole_as_of.max(row.part_as_of) > Some(began_as_of) {
        return None; // It appeared while the list was read.
    }
    // One read is not enough: when other items vanish meanwhile, a list may shift and skip an item.
    if row.missing_in.is_some_and(|missing| missing < pass) {
        return Some(RowWrite {
            before: Some(stored),
            after: None,
            is_announced: true,
        });
    }
    let after = Row {
        missing_in: Some(pass),
        ..row.clone()
    };
    Some(RowWrite {
        before: Some(stored),
        after: Some(after),
        is_announced: false,
    })
}
