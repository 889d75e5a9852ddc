//! Lists of several pages.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::steps;
use crate::exam::{Exam, Problem, flaw};
use crate::platform::world::Event;
use crate::platform::{Effect, Endpoint, RuleGuard, json_answer};

/// The people of an event come on three pages of this size.
const ROWS: u32 = 5;

/// How long the doctor looks at a list that never ends.
const LOOK: Duration = Duration::from_secs(2);

/// How many calls a list that never ends may cost.
const ENDLESS: usize = 8;

/// A fresh connection whose participants come on several pages, and that is known to read them all.
pub(super) async fn in_small_pages(exam: &mut Exam) -> Result<(Event, RuleGuard), Problem> {
    let event = exam.fresh_connection().await?;
    let small = small_pages(exam, &event);
    let read = exam.read_all(&event).await;
    read.map_err(|problem| steps::blocked(problem, "the integration does not read all pages"))?;
    Ok((event, small))
}

/// From now on, the participants come on several pages.
pub(super) fn small_pages(exam: &Exam, event: &Event) -> RuleGuard {
    exam.platform
        .on_event(event, Endpoint::Participants, 0, None, Effect::SmallPages(ROWS))
}

pub(super) async fn all(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::working(exam).await?;
    let mark = exam.platform.mark();
    let _small = small_pages(exam, &event);
    let read = exam.read_all(&event).await;
    steps::show_since(exam, &event, mark);
    read.map(drop)
}

pub(super) async fn empty(exam: &mut Exam) -> Result<(), Problem> {
    let (event, _small) = in_small_pages(exam).await?;
    let mark = exam.platform.mark();
    let _empty = exam
        .platform
        .on_event(&event, Endpoint::Participants, 1, Some(1), Effect::EmptyPage);
    let read = exam.read_all(&event).await;
    steps::show_since(exam, &event, mark);
    read.map(drop)
}

pub(super) async fn has_more_decides(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::working(exam).await?;
    let mark = exam.platform.mark();
    let edit = Effect::Edit(with_a_cursor_after_the_end);
    let _edit = exam
        .platform
        .on_event(&event, Endpoint::Participants, 0, None, edit);
    let read = exam.read(&event).await?;
    let calls = steps::participant_calls(exam, &event, mark)?;
    steps::show(exam, &calls);
    if calls.iter().any(|call| call.field("cursor") == Some(NOWHERE)) {
        return Err(flaw(
            "the list ends when `has_more` is false",
            "a call with the cursor after the end",
        ));
    }
    exam.names_everybody(&event, &read)
}

const NOWHERE: &str = "a-cursor-after-the-end";

fn with_a_cursor_after_the_end(page: &mut Value) {
    if page.get("has_more") == Some(&json!(false))
        && let Some(fields) = page.as_object_mut()
    {
        fields.insert("next_cursor".to_owned(), json!(NOWHERE));
    }
}

pub(super) async fn repeated_cursor(exam: &mut Exam) -> Result<(), Problem> {
    endless(
        exam,
        &json!({ "data": [], "next_cursor": "always-the-same", "has_more": true }),
    )
    .await
}

pub(super) async fn more_without_cursor(exam: &mut Exam) -> Result<(), Problem> {
    endless(
        exam,
        &json!({ "data": [], "next_cursor": null, "has_more": true }),
    )
    .await
}

/// A list that consists of this page again and again.
async fn endless(exam: &mut Exam, page: &Value) -> Result<(), Problem> {
    let event = exam.fresh_connection().await?;
    let mark = exam.platform.mark();
    let always = Effect::Answer(json_answer(200, page));
    let _always = exam
        .platform
        .on_event(&event, Endpoint::Participants, 0, None, always);
    steps::read_within(exam, &event, LOOK).await?;
    let calls = steps::participant_calls(exam, &event, mark)?;
    steps::show(exam, &calls);
    if calls.len() <= ENDLESS {
        return Ok(());
    }
    Err(flaw(
        "the list is given up after a few calls",
        format!("{} calls within {} s", calls.len(), LOOK.as_secs()),
    ))
}

pub(super) async fn opaque_cursor(exam: &mut Exam) -> Result<(), Problem> {
    let (event, _small) = in_small_pages(exam).await?;
    let mark = exam.platform.mark();
    let _odd = exam
        .platform
        .on_event(&event, Endpoint::Participants, 0, None, Effect::OddCursor);
    let read = exam.read_all(&event).await;
    steps::show_since(exam, &event, mark);
    read.map(drop)
}
