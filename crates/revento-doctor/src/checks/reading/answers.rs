//! Answers that are unusual, and have to be read.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::steps;
use crate::exam::{Exam, Problem, flaw, status_text};
use crate::platform::{Effect, Endpoint, answer};

/// How long the doctor waits for a read that has to fail.
const LOOK: Duration = Duration::from_secs(1);

/// A read whose pages are changed names everybody.
async fn reads_changed(exam: &mut Exam, change: fn(&mut Value)) -> Result<(), Problem> {
    let event = steps::working(exam).await?;
    let mark = exam.platform.mark();
    let _edit = exam
        .platform
        .on_event(&event, Endpoint::Participants, 0, None, Effect::Edit(change));
    let read = exam.read_all(&event).await;
    steps::show_since(exam, &event, mark);
    read.map(drop)
}

pub(super) async fn duplicate_rows(exam: &mut Exam) -> Result<(), Problem> {
    reads_changed(exam, |page| {
        if let Some(rows) = page.get_mut("data").and_then(Value::as_array_mut) {
            *rows = rows.iter().flat_map(|row| [row.clone(), row.clone()]).collect();
        }
    })
    .await
}

pub(super) async fn unknown_fields(exam: &mut Exam) -> Result<(), Problem> {
    reads_changed(exam, |page| {
        if let Some(fields) = page.as_object_mut() {
            fields.insert("total_estimate".to_owned(), json!(9_999));
        }
        each_row(page, |row| {
            row.insert("accessibility".to_owned(), json!({ "needs": [1, null, "text"] }));
        });
    })
    .await
}

pub(super) async fn unknown_values(exam: &mut Exam) -> Result<(), Problem> {
    reads_changed(exam, |page| {
        each_row(page, |row| {
            for name in ["application_status", "status", "role", "last_review_action"] {
                if row.contains_key(name) {
                    row.insert(name.to_owned(), json!("value_of_the_future"));
                }
            }
        });
    })
    .await
}

/// What the contract says of a participant. Everything else is optional.
const PROMISED: [&str; 4] = ["id", "application_status", "status", "role"];

pub(super) async fn missing_fields(exam: &mut Exam) -> Result<(), Problem> {
    reads_changed(exam, |page| {
        each_row(page, |row| {
            row.retain(|name, _| PROMISED.contains(&name.as_str()))
        });
    })
    .await
}

fn each_row(page: &mut Value, change: impl Fn(&mut Map<String, Value>)) {
    let rows = page.get_mut("data").and_then(Value::as_array_mut);
    rows.into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
        .for_each(change);
}

pub(super) async fn not_json(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.fresh_connection().await?;
    let mark = exam.platform.mark();
    let page = "<!doctype html><title>Sign in</title><h1>Sign in to the network</h1>";
    let portal = Effect::Answer(answer(200, "text/html; charset=utf-8", page.to_owned()));
    let _portal = exam
        .platform
        .on_event(&event, Endpoint::Participants, 0, None, portal);
    let read = steps::read_within(exam, &event, LOOK).await?;
    steps::participant_calls(exam, &event, mark)?;
    steps::show_since(exam, &event, mark);
    match read {
        Some(read) if matches!(read.status, Some(200..=299)) && !says_so(&read.response_body) => Err(flaw(
            "the read page says that it does not work (5xx), or waits",
            status_text(read.status, &read),
        )),
        _ => Ok(()),
    }
}

/// Whether a page with status 200 says that it failed.
fn says_so(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body).to_lowercase();
    ["error", "fail", "unavailable", "try again", "problem"]
        .iter()
        .any(|word| body.contains(word))
}
