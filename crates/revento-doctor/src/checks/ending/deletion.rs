//! What is left of an event's people.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::steps;
use super::causes::revoke;
use super::told::wait_until_handled;
use crate::exam::{Exam, Problem, flaw, status_text, untestable};
use crate::platform::world::Event;
use crate::search::Search;

/// How long a deletion may take that is done at once.
const SOON: Duration = Duration::from_secs(3);

/// Which texts about an event's people are stored.
async fn stored_texts(exam: &Exam, event: &Event) -> Result<BTreeSet<String>, Problem> {
    let stored = exam.integration.stored().await.map_err(Problem::Untestable)?;
    let texts: Vec<&str> = event
        .people
        .iter()
        .flat_map(|person| person.personal_data())
        .collect();
    let search = Search::new(&texts).map_err(untestable)?;
    let mut found = BTreeSet::new();
    for (_, bytes) in &stored {
        let mut rest = bytes.as_slice();
        while let Some(hit) = search.find(rest) {
            found.extend(texts.get(hit.text).map(|text| (*text).to_owned()));
            rest = rest.get(hit.at + 1..).unwrap_or_default();
        }
    }
    Ok(found)
}

/// A connection of whose people something is stored.
async fn with_data(exam: &mut Exam) -> Result<(Event, BTreeSet<String>), Problem> {
    let event = steps::working(exam).await?;
    let texts = stored_texts(exam, &event).await?;
    if texts.is_empty() {
        return Err(Problem::NotChecked(
            "nothing about the event's people is found where --scan looks: nothing is kept, or it is encrypted; let --scan be a command that prints it in plain"
                .to_owned(),
        ));
    }
    Ok((event, texts))
}

/// Whether nothing about the event's people is left, after a moment.
async fn is_gone(exam: &Exam, event: &Event) -> Result<bool, Problem> {
    let began = crate::primitives::now();
    loop {
        if stored_texts(exam, event).await?.is_empty() {
            return Ok(true);
        }
        if began.elapsed() > SOON {
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

pub(super) async fn soon(exam: &mut Exam) -> Result<(), Problem> {
    let (event, before) = with_data(exam).await?;
    revoke(exam, &event).await?;
    if is_gone(exam, &event).await? {
        return Ok(());
    }
    // Some jobs run at the start.
    if exam.integration.settings.start.is_some() {
        exam.restart().await?;
        if is_gone(exam, &event).await? {
            return Ok(());
        }
    }
    let left = stored_texts(exam, &event).await?.len();
    Err(flaw(
        "nothing about the event's people is left some seconds after `data.deletion_required` (the contract allows 30 days, which the doctor cannot wait for)",
        format!(
            "{left} of {} texts (names, addresses, answers) are still there",
            before.len()
        ),
    ))
}

pub(super) async fn that_event_only(exam: &mut Exam) -> Result<(), Problem> {
    let (other, before) = with_data(exam).await?;
    let (event, _) = with_data(exam).await?;
    if exam.has_one_event() {
        return Err(Problem::NotChecked(
            "the integration works with one event only".to_owned(),
        ));
    }
    revoke(exam, &event).await?;
    let is_gone = is_gone(exam, &event).await?;
    let after = stored_texts(exam, &other).await?;
    let lost = before.difference(&after).count();
    match (lost, is_gone) {
        (0, true) => Ok(()),
        (0, false) => Err(not_soon()),
        _ => Err(flaw(
            format!(
                "the data of {} stays when {} has to be deleted",
                other.id, event.id
            ),
            format!(
                "{lost} of {} texts (names, addresses, answers) are gone",
                before.len()
            ),
        )),
    }
}

fn not_soon() -> Problem {
    Problem::NotChecked(
        "the data is not deleted soon after the webhook, see ending-deletion; the doctor cannot see what a later deletion does".to_owned(),
    )
}

pub(super) async fn late_data(exam: &mut Exam) -> Result<(), Problem> {
    let (event, _) = with_data(exam).await?;
    revoke(exam, &event).await?;
    if !is_gone(exam, &event).await? {
        return Err(not_soon());
    }
    let webhook = exam.webhook(&event, "application.approved");
    let id = webhook.envelope_id.clone();
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    if !matches!(exchange.status, Some(200..=299)) {
        return Err(Problem::Untestable(format!(
            "the late webhook was not acknowledged, see ending-late-webhook-acknowledged: {}",
            status_text(exchange.status, &exchange)
        )));
    }
    wait_until_handled(exam, &id).await?;
    if is_gone(exam, &event).await? {
        return Ok(());
    }
    Err(flaw(
        "nothing of a webhook that came after the deletion is left once it is handled",
        "an answer of its application is stored",
    ))
}
