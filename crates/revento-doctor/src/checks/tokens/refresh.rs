//! The refresh itself.

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::super::steps::{self, LONG, PAST_EXPIRY};
use crate::exam::{Exam, Problem, flaw};
use crate::platform::world::Event;
use crate::platform::{Effect, Endpoint, Gate};

/// How many reads arrive at the same time.
const MANY: usize = 20;

/// A refresh takes this long while others arrive.
const HELD: Duration = Duration::from_millis(300);

/// Shorter than the 90 days of a refresh token.
const IDLE: Duration = Duration::from_secs(89 * 86_400);

pub(super) async fn at_expiry(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::working(exam).await?;
    exam.advance(PAST_EXPIRY).await?;
    let mark = exam.platform.mark();
    let read = exam.read_all(&event).await;
    steps::show_since(exam, &event, mark);
    read?;
    // A page that shows what it has kept says nothing about tokens.
    steps::participant_calls(exam, &event, mark)?;
    match exam.platform.calls_about(&event, Endpoint::Refresh, mark).len() {
        1 => Ok(()),
        count => Err(flaw("one refresh", format!("{count} refreshes"))),
    }
}

pub(super) async fn newest(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::expired(exam).await?;
    let first = exam.platform.mark();
    steps::refreshed(exam, &event).await?;
    let returned = steps::refreshes(exam, &event, first)?
        .last()
        .map(|call| call.json());
    // Long enough that only the sliding lifetime of the new refresh token covers it.
    exam.advance(IDLE).await?;
    let second = exam.platform.mark();
    exam.read(&event).await?;
    steps::show_since(exam, &event, first);
    let sent = steps::refreshes(exam, &event, second)?;
    let newest = returned
        .as_ref()
        .and_then(|answer| answer.get("refresh_token"))
        .and_then(Value::as_str);
    if sent.iter().all(|call| call.field("refresh_token") == newest) {
        return Ok(());
    }
    Err(flaw(
        "the second refresh sends the refresh token that the first one returned",
        "it sent an older one",
    ))
}

pub(super) async fn one_for_many(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::expired(exam).await?;
    let url = steps::read_url(exam, &event)?;
    one_refresh(exam, &event, vec![url; MANY]).await
}

pub(super) async fn one_over_replicas(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.fresh_connection().await?;
    let url = steps::read_url(exam, &event)?;
    let mut urls = vec![url.clone()];
    for base in exam.integration.settings.replicas.clone() {
        urls.push(at_replica(&url, &base)?);
    }
    for read in steps::reads_within(urls.clone(), LONG).await {
        exam.evidence.push(read.clone());
        exam.names_everybody(&event, &read)
            .map_err(|problem| steps::blocked(problem, "a replica does not read"))?;
    }
    exam.advance(PAST_EXPIRY).await?;
    one_refresh(exam, &event, urls).await
}

/// The same page at another replica.
fn at_replica(url: &Url, base: &Url) -> Result<Url, Problem> {
    let mut at = url.clone();
    let moved = at.set_host(base.host_str()).is_ok() && at.set_port(base.port()).is_ok();
    if moved {
        Ok(at)
    } else {
        Err(Problem::NotChecked(format!(
            "{base} of --replicas is no base URL"
        )))
    }
}

/// Reads at the same time with an expired token. The answer to a refresh is held, so that all of them find it expired.
async fn one_refresh(exam: &mut Exam, event: &Event, urls: Vec<Url>) -> Result<(), Problem> {
    let mark = exam.platform.mark();
    let gate = Gate::closed();
    let _held = exam
        .platform
        .on_event(event, Endpoint::Refresh, 0, None, Effect::WaitAfter(gate.clone()));
    let count = urls.len();
    let release = async {
        tokio::time::sleep(HELD).await;
        gate.open();
    };
    let (reads, ()) = tokio::join!(steps::reads_within(urls, LONG), release);
    exam.evidence.extend(reads.into_iter().take(2));
    let refreshes = steps::refreshes(exam, event, mark)?;
    steps::show(exam, &refreshes);
    let most = steps::most_sent(&refreshes);
    // A straggler may refresh the new token once more. That is harmless.
    if most <= 1 && refreshes.len() <= 2 {
        return Ok(());
    }
    Err(flaw(
        format!("one refresh for {count} reads at the same time"),
        format!(
            "{} refreshes, {most} of them with the same refresh token",
            refreshes.len()
        ),
    ))
}

pub(super) async fn per_connection(exam: &mut Exam) -> Result<(), Problem> {
    let first = exam.fresh_connection().await?;
    if exam.has_one_event() {
        return Err(one_event());
    }
    let second = steps::working(exam).await?;
    if exam.has_one_event() {
        return Err(one_event());
    }
    let mark = exam.platform.mark();
    let read = exam.read_all(&first).await;
    steps::show_since(exam, &first, mark);
    read.map(drop).map_err(|problem| match problem {
        Problem::Flaw { got, .. } => flaw(
            format!("{} stays connected when {} is connected too", first.id, second.id),
            format!("its read page answered {got}"),
        ),
        other => other,
    })
}

fn one_event() -> Problem {
    Problem::NotChecked(
        "the integration works with one event only; if not, its connect page has to follow `event_id`, and the address of its read page has to name it (`{event_id}`)"
            .to_owned(),
    )
}

pub(super) async fn fields(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::expired(exam).await?;
    let mark = exam.platform.mark();
    steps::refreshed(exam, &event).await?;
    let refreshes = steps::refreshes(exam, &event, mark)?;
    steps::show(exam, &refreshes);
    let needless: Vec<&str> = ["code_verifier", "code_challenge", "redirect_uri", "code"]
        .into_iter()
        .filter(|name| refreshes.iter().any(|call| call.field(name).is_some()))
        .collect();
    if needless.is_empty() {
        return Ok(());
    }
    Err(flaw(
        "a refresh with `grant_type`, `refresh_token` and the client's credentials",
        format!("it also sent {}", needless.join(", ")),
    ))
}

pub(super) async fn not_in_url(exam: &mut Exam) -> Result<(), Problem> {
    let mark = exam.platform.mark();
    let event = steps::expired(exam).await?;
    steps::refreshed(exam, &event).await?;
    let calls = exam.platform.calls_since(mark);
    let secrets = exam.platform.secrets().all();
    for call in calls.iter().filter(|call| call.endpoint.is_token()) {
        let query = call.uri.query().unwrap_or_default();
        let mut values = url::form_urlencoded::parse(query.as_bytes());
        let found = values.find_map(|(_, value)| secrets.iter().find(|(secret, _)| *secret == value));
        if let Some((_, kind)) = found {
            steps::show(exam, std::slice::from_ref(call));
            return Err(flaw(
                "tokens and secrets in the body only",
                format!("the URL has the {kind}"),
            ));
        }
    }
    Ok(())
}

pub(super) async fn tolerant(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::expired(exam).await?;
    let mark = exam.platform.mark();
    let _more = exam.platform.on_event(
        &event,
        Endpoint::Refresh,
        0,
        None,
        Effect::Edit(with_unknown_fields),
    );
    let read = exam.read_all(&event).await;
    steps::show_since(exam, &event, mark);
    steps::refreshes(exam, &event, mark)?;
    read.map(drop)
}

fn with_unknown_fields(answer: &mut Value) {
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("issued_at".to_owned(), json!("2026-05-09T14:22:31Z"));
        fields.insert(
            "x_region".to_owned(),
            json!({ "name": "eu", "numbers": [1, null] }),
        );
    }
}
