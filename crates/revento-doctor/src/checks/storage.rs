//! Data at rest, and logs (contract §8).
//!
//! These checks run after those that use tokens and people, so that there is much to find.

use std::time::Duration;

use crate::check::{Check, check};
use crate::exam::{Exam, Problem, flaw, status_text, untestable};
use crate::platform::Mark;
use crate::primitives::now;
use crate::search::Search;

/// How long a line may take to the log.
const LOG_PATIENCE: Duration = Duration::from_secs(3);

pub(super) const CHECKS: &[Check] = &[
    check!(Storage Required "§8" "storage-access-tokens" [Scan]
        "Access tokens are stored encrypted"
        why: "Whoever sees a backup or a dump of the database reads the organizers' data with them"
        mend: "Encrypt tokens with an authenticated cipher (AES-256-GCM, ChaCha20-Poly1305) and a key that is not in the database. Base64 is no encryption"
        run: access_tokens),
    check!(Storage Required "§8" "storage-refresh-tokens" [Scan]
        "Refresh tokens are stored encrypted"
        why: "Whoever sees a backup or a dump of the database can read for up to a year with them"
        mend: "Encrypt tokens with an authenticated cipher (AES-256-GCM, ChaCha20-Poly1305) and a key that is not in the database. Base64 is no encryption"
        run: refresh_tokens),
    check!(Storage Required "§8" "storage-secrets" [Scan]
        "The client secret and the webhook secret are not stored in plain"
        why: "Whoever sees a backup or a dump of the database can act as the integration, and forge webhooks"
        mend: "Take both secrets from the environment or a secret manager, or encrypt them as the tokens"
        run: secrets),
    check!(Storage Required "§8" "storage-log-secrets" [Log]
        "The log contains no token and no secret"
        why: "Logs are copied to many places, and read by many people"
        mend: "Log ids, never the `Authorization` header, bodies of the token endpoint, or the environment"
        run: log_secrets),
    check!(Storage Recommended "§8" "storage-log-codes" [Log, ConnectUrl]
        "The log contains no authorization code"
        why: "Until it is exchanged, a code stands for the organizer's consent"
        mend: "Log the path of the callback without its query"
        hint Flask: "Werkzeug's log has the whole request line: set the level of its logger to WARNING, and log the path yourself"
        hint FastApi: "uvicorn's access log has the query: start it with `--no-access-log`, and log the path yourself"
        hint Django: "The development server's log has the query; so has gunicorn's, unless `--access-logformat` has `%(U)s` instead of `%(r)s`"
        hint Ruby: "Rails: add `:code` to `config.filter_parameters`"
        run: log_codes),
    check!(Storage Recommended "§8" "storage-log-request-ids" [Log, ReadUrl]
        "The log names the request ids of calls to the platform"
        why: "The platform's support finds a call by its request id, and by nothing else"
        mend: "Log the `X-Revento-Request-Id` of each call, at least of those that fail"
        run: log_request_ids),
    check!(Storage Recommended "§8" "storage-log-delivery-ids" [Log, WebhookUrl]
        "The log names the delivery ids of webhooks"
        why: "Without it nobody can tell what became of a delivery that the platform's console lists"
        mend: "Log the `X-Revento-Delivery-Id` of each webhook, with what became of it"
        run: log_delivery_ids),
    check!(Storage Recommended "§8" "storage-log-personal-data" [Log]
        "The log contains no personal data of participants"
        why: "`data.deletion_required` concerns logs too, and nobody deletes single people from them"
        mend: "Log ids instead of names, email addresses, form answers and bodies"
        run: log_personal_data),
];

async fn access_tokens(exam: &mut Exam) -> Result<(), Problem> {
    something_issued(exam).await?;
    let tokens = exam.platform.secrets().access_tokens;
    nothing_stored(exam, &[("an access token", &tokens)]).await
}

async fn refresh_tokens(exam: &mut Exam) -> Result<(), Problem> {
    something_issued(exam).await?;
    let tokens = exam.platform.secrets().refresh_tokens;
    nothing_stored(exam, &[("a refresh token", &tokens)]).await
}

async fn secrets(exam: &mut Exam) -> Result<(), Problem> {
    let secrets = exam.platform.secrets();
    let kinds: [Kind<'_>; 2] = [
        ("the client secret", &secrets.client),
        ("the webhook secret", &secrets.webhook),
    ];
    nothing_stored(exam, &kinds).await
}

/// Connects an event, unless a token was issued already.
async fn something_issued(exam: &mut Exam) -> Result<(), Problem> {
    if exam.platform.secrets().access_tokens.is_empty() {
        if exam.integration.settings.connect_url.is_none() {
            let reason = "give --connect-url, so that there are tokens to look for";
            return Err(Problem::NotChecked(reason.to_owned()));
        }
        exam.connected_event().await?;
    }
    Ok(())
}

/// Secrets of one kind.
type Kind<'a> = (&'static str, &'a [String]);

async fn nothing_stored(exam: &Exam, kinds: &[Kind<'_>]) -> Result<(), Problem> {
    let stored = exam.integration.stored().await.map_err(Problem::Untestable)?;
    if stored.iter().all(|(_, bytes)| bytes.is_empty()) {
        let reason = "nothing is stored where --scan looks";
        return Err(Problem::Untestable(reason.to_owned()));
    }
    let all: Vec<(&str, &String)> = kinds
        .iter()
        .flat_map(|(what, texts)| texts.iter().map(move |text| (*what, text)))
        .collect();
    let texts: Vec<&String> = all.iter().map(|(_, text)| *text).collect();
    let search = Search::new(&texts).map_err(untestable)?;
    for (source, bytes) in &stored {
        if let Some(found) = search.find(bytes) {
            let what = all.get(found.text).map_or("a secret", |(what, _)| what);
            return Err(flaw(
                format!("nothing that is stored contains {what}"),
                format!("{source} has {what} {} at byte {}", found.form, found.at),
            ));
        }
    }
    Ok(())
}

async fn log_secrets(exam: &mut Exam) -> Result<(), Problem> {
    exercise(exam).await;
    let secrets = exam.platform.secrets();
    let kinds = [
        ("an access token", &secrets.access_tokens),
        ("a refresh token", &secrets.refresh_tokens),
        ("the client secret", &secrets.client),
        ("the webhook secret", &secrets.webhook),
    ];
    let log = log(exam)?;
    for (what, texts) in kinds {
        nothing_logged(&log, what, &Search::new(texts).map_err(untestable)?)?;
    }
    Ok(())
}

async fn log_codes(exam: &mut Exam) -> Result<(), Problem> {
    something_issued(exam).await?;
    let codes = exam.platform.secrets().codes;
    nothing_logged(
        &log(exam)?,
        "an authorization code",
        &Search::plain(&codes).map_err(untestable)?,
    )
}

async fn log_personal_data(exam: &mut Exam) -> Result<(), Problem> {
    exercise(exam).await;
    let events = exam.platform.world.events.iter();
    let people = events.flat_map(|event| &event.people);
    let texts: Vec<&str> = people.flat_map(|person| person.personal_data()).collect();
    let search = Search::plain(&texts).map_err(untestable)?;
    let what = "the name, the email address or a form answer of a participant";
    nothing_logged(&log(exam)?, what, &search)
}

/// Makes the integration read, and sends it a webhook, so that it has something to log. Failures are for other checks.
async fn exercise(exam: &mut Exam) {
    let Ok(event) = exam.connected_event().await else {
        return;
    };
    let _ = exam.read(&event).await;
    if let Ok(url) = exam.webhook_url() {
        let webhook = exam.webhook(&event, "application.approved");
        exam.send(webhook.request(url)).await;
    }
}

fn nothing_logged(log: &str, what: &str, search: &Search) -> Result<(), Problem> {
    let Some(found) = search.find(log.as_bytes()) else {
        return Ok(());
    };
    let before = log.as_bytes().get(..found.at).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    Err(flaw(
        format!("the log does not contain {what}"),
        format!("line {line} of the log has it {}", found.form),
    ))
}

fn log(exam: &Exam) -> Result<String, Problem> {
    let log = exam.integration.log();
    let log = log.ok_or_else(|| Problem::Untestable("the file of --log cannot be read".to_owned()))?;
    if log.trim().is_empty() {
        return Err(Problem::NotChecked(
            "the log is empty; give --log if the integration does not log to its output".to_owned(),
        ));
    }
    Ok(log)
}

async fn log_request_ids(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.connected_event().await?;
    let mark = exam.platform.mark();
    exam.read(&event).await?;
    let mut calls = exam.platform.calls_since(mark);
    if calls.is_empty() {
        // The page was answered from a cache.
        calls = exam.platform.calls_since(Mark::BEGINNING);
    }
    calls.retain(|call| call.endpoint.is_read());
    let mut ids = Vec::new();
    for call in &calls {
        let answered = call.answer_headers.get("x-revento-request-id");
        let answered = answered.and_then(|value| value.to_str().ok());
        let sent = call.header("x-revento-request-id");
        ids.extend(sent.into_iter().chain(answered).map(normal));
    }
    if ids.is_empty() {
        let reason = "no call to the platform was made or had a request id, so there is none to look for";
        return Err(Problem::Untestable(reason.to_owned()));
    }
    if let Some(call) = calls.first() {
        exam.evidence.push(call.exchange(exam.platform.base()));
    }
    named_in_log(exam, &ids, "the request id of a call").await
}

async fn log_delivery_ids(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.connected_event().await?;
    let webhook = exam.webhook(&event, "application.approved");
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    if !matches!(exchange.status, Some(200..=299)) {
        return Err(Problem::Untestable(format!(
            "a good webhook is not accepted: {}",
            status_text(exchange.status, &exchange)
        )));
    }
    let ids = [normal(&webhook.delivery_id), normal(&webhook.envelope_id)];
    named_in_log(exam, &ids, "the delivery id of a webhook").await
}

/// Ids are compared without hyphens and case: a UUID can be written in several ways.
fn normal(id: &str) -> String {
    id.replace('-', "").to_ascii_lowercase()
}

/// Waits until the log names one of the ids.
async fn named_in_log(exam: &Exam, ids: &[String], what: &str) -> Result<(), Problem> {
    let began = now();
    loop {
        let text = normal(&log(exam)?);
        if ids.iter().any(|id| text.contains(id)) {
            return Ok(());
        }
        if began.elapsed() >= exam.patience().min(LOG_PATIENCE) {
            return Err(flaw(
                format!("the log names {what}"),
                "the log names none of those that the doctor saw",
            ));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
