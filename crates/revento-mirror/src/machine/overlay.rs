//! Webhooks that carry a part of a resource: an application is a part of its participant, a capacity a part of its activity.

use std::collections::BTreeMap;

use revento_core::{
    Timestamp,
    resource::{ActivityCapacity, Application, ApplicationStatus, ReviewAction},
    tolerant_json,
};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

use crate::store::{Answer, ResourceKind};

/// The fields of a participant that an application's webhooks bring, too.
const OF_APPLICATION: &[&str] = &[
    "application_id",
    "application_status",
    "custom_form_fields",
    "last_review_action",
    "last_reviewed_at",
    "last_reviewer_id",
];
/// The fields of an activity that a capacity's webhooks bring, too.
const OF_CAPACITY: &[&str] = &["capacity", "capacity_state", "signups"];

type Members = BTreeMap<String, Box<RawValue>>;

/// The fields that a webhook sets in a resource; `None` removes one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part(Vec<(&'static str, Option<Box<RawValue>>)>);

impl Part {
    /// The part of a participant that its application is.
    pub(crate) fn of_application(application: &Application, occurred_at: Timestamp) -> Self {
        let mut part = Self::default();
        part.set("application_id", &application.id);
        part.set("application_status", &application.status);
        part.set_if_some("user_id", application.user_id.as_ref());
        part.set_if_some("event_id", application.event_id.as_ref());
        let answers = RawValue::from_string(application.custom_form_fields.as_json().to_owned());
        part.0.push(("custom_form_fields", answers.ok()));
        let reviewer = |name| {
            application
                .extra()
                .json(name)
                .and_then(|id| RawValue::from_string(id.to_owned()).ok())
        };
        match application.status {
            ApplicationStatus::Approved => {
                part.review(
                    &ReviewAction::Approved,
                    application.approved_at.unwrap_or(occurred_at),
                );
                let approver = application.approver_id.as_ref();
                part.0
                    .push(("last_reviewer_id", approver.and_then(|id| to_raw_value(id).ok())));
            }
            ApplicationStatus::Rejected => {
                part.review(
                    &ReviewAction::Rejected,
                    application.rejected_at.unwrap_or(occurred_at),
                );
                part.0.push(("last_reviewer_id", reviewer("rejecter_id")));
            }
            ApplicationStatus::RevisionRequested => {
                part.review(&ReviewAction::RevisionRequested, occurred_at);
                part.0.push(("last_reviewer_id", reviewer("reviewer_id")));
            }
            _ => {}
        }
        part
    }

    /// The part of an activity that its capacity is.
    pub(crate) fn of_capacity(capacity: &ActivityCapacity) -> Self {
        let mut part = Self::default();
        part.set_if_some("capacity", capacity.capacity.as_ref());
        part.set_if_some("signups", capacity.signups.as_ref());
        part.set_if_some("capacity_state", capacity.capacity_state.as_ref());
        part
    }

    fn review(&mut self, action: &ReviewAction, at: Timestamp) {
        self.set("last_review_action", action);
        self.set("last_reviewed_at", &at);
    }

    fn set(&mut self, name: &'static str, value: &impl serde::Serialize) {
        self.0.push((name, to_raw_value(value).ok()));
    }

    fn set_if_some(&mut self, name: &'static str, value: Option<&impl serde::Serialize>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// The resource with this part.
    pub(crate) fn over(&self, json: &str) -> String {
        let mut members = members(json);
        self.write_to(&mut members);
        text(&members)
    }

    /// The part alone, as far as it makes a resource.
    pub(crate) fn alone(&self, id: &str) -> String {
        let mut members = Members::new();
        if let Ok(id) = to_raw_value(id) {
            members.insert("id".to_owned(), id);
        }
        self.write_to(&mut members);
        text(&members)
    }

    fn write_to(&self, members: &mut Members) {
        for (name, value) in &self.0 {
            match value {
                Some(value) => members.insert((*name).to_owned(), value.clone()),
                None => members.remove(*name),
            };
        }
    }
}

/// The whole resource `json`, with the part that `stored` has.
pub(crate) fn keep_part(kind: ResourceKind, stored: &str, json: &str) -> String {
    let fields = match kind {
        ResourceKind::Participant => OF_APPLICATION,
        ResourceKind::Activity => OF_CAPACITY,
        _ => return json.to_owned(),
    };
    let mut stored = members(stored);
    let mut members = members(json);
    for name in fields {
        match stored.remove(*name) {
            Some(value) => members.insert((*name).to_owned(), value),
            None => members.remove(*name),
        };
    }
    text(&members)
}

fn members(json: &str) -> Members {
    serde_json::from_str(json).unwrap_or_default()
}

fn text(members: &Members) -> String {
    serde_json::to_string(members).unwrap_or_else(|_| "{}".to_owned())
}

/// The answers of a participant, for an index. Of a list each element is an answer; `null` is none.
pub(crate) fn answers(json: &str) -> Vec<Answer> {
    #[derive(serde::Deserialize)]
    struct Form {
        custom_form_fields: Option<BTreeMap<String, Value>>,
    }

    let form: Option<Form> = tolerant_json::read(json.as_bytes()).ok();
    let mut answers = Vec::new();
    for (question, value) in form.and_then(|form| form.custom_form_fields).unwrap_or_default() {
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        answers.extend(values.iter().filter_map(answer_text).map(|value| Answer {
            question: question.as_str().into(),
            value: value.into(),
        }));
    }
    answers.sort_unstable();
    answers.dedup();
    answers
}

/// The text of a text; the JSON of anything else.
pub(crate) fn answer_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
