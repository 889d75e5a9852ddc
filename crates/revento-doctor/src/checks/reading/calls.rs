//! What each call carries.

use std::sync::Arc;

use super::super::steps;
use super::pages::small_pages;
use crate::exam::{Exam, Problem, flaw};
use crate::platform::{Call, Endpoint};

/// A read, and its calls. Those of all endpoints of the read API count.
async fn calls_of_a_read(exam: &mut Exam) -> Result<Vec<Arc<Call>>, Problem> {
    let event = exam.fresh_connection().await?;
    let mark = exam.platform.mark();
    let read = exam.read_all(&event).await;
    read.map_err(|problem| steps::blocked(problem, "the integration does not read"))?;
    steps::participant_calls(exam, &event, mark)?;
    steps::show_since(exam, &event, mark);
    let mut calls = exam.platform.calls_since(mark);
    calls.retain(|call| call.endpoint.is_read() && call.event_id.as_deref() == Some(&event.id));
    Ok(calls)
}

pub(super) async fn accept(exam: &mut Exam) -> Result<(), Problem> {
    for call in calls_of_a_read(exam).await? {
        let sent = call.header("accept").unwrap_or_default();
        if !sent
            .to_ascii_lowercase()
            .contains("application/vnd.revento.v1+json")
        {
            return Err(flaw("`Accept: application/vnd.revento.v1+json`", named(sent)));
        }
    }
    Ok(())
}

pub(super) async fn request_id(exam: &mut Exam) -> Result<(), Problem> {
    for call in calls_of_a_read(exam).await? {
        let sent = call.header("x-revento-request-id").unwrap_or_default();
        if !is_uuid(sent) {
            return Err(flaw("a UUID as `X-Revento-Request-Id`", named(sent)));
        }
    }
    Ok(())
}

fn named(value: &str) -> String {
    if value.is_empty() {
        "no such header".to_owned()
    } else {
        format!("`{value}`")
    }
}

/// Any form of a UUID: with hyphens or without, as a URN, in braces.
fn is_uuid(text: &str) -> bool {
    let text = text.strip_prefix("urn:uuid:").unwrap_or(text);
    let text = text.trim_start_matches('{').trim_end_matches('}');
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) async fn request_id_fresh(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.fresh_connection().await?;
    let _small = small_pages(exam, &event);
    let mark = exam.platform.mark();
    exam.read(&event).await?;
    exam.read(&event).await?;
    let calls = steps::participant_calls(exam, &event, mark)?;
    steps::show(exam, &calls);
    let ids: Vec<&str> = calls
        .iter()
        .filter_map(|call| call.header("x-revento-request-id"))
        .collect();
    if ids.is_empty() {
        return Err(Problem::Untestable(
            "no call has a request id, see reading-request-id".to_owned(),
        ));
    }
    match steps::repeated(ids.iter().copied()).first() {
        None => Ok(()),
        Some(id) => Err(flaw(
            "another `X-Revento-Request-Id` in each call",
            format!("{id} came more than once"),
        )),
    }
}

pub(super) async fn user_agent(exam: &mut Exam) -> Result<(), Problem> {
    let calls = calls_of_a_read(exam).await?;
    let without = |call: &Arc<Call>| call.header("user-agent").unwrap_or_default().trim().is_empty();
    if calls.iter().any(without) {
        return Err(flaw("a `User-Agent` in each call", "a call without it"));
    }
    Ok(())
}

pub(super) async fn token_in_header(exam: &mut Exam) -> Result<(), Problem> {
    let calls = calls_of_a_read(exam).await?;
    let tokens = exam.platform.secrets().access_tokens;
    let in_url = |call: &Arc<Call>| {
        let query = call.uri.query().unwrap_or_default();
        let values = url::form_urlencoded::parse(query.as_bytes());
        call.endpoint != Endpoint::Other
            && values
                .into_iter()
                .any(|(_, value)| tokens.iter().any(|token| value.contains(token)))
    };
    if calls.iter().any(in_url) {
        return Err(flaw(
            "the access token in the `Authorization` header only",
            "a call with the token in its URL",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_uuid;

    #[test]
    fn every_form_of_a_uuid_is_one() {
        for text in [
            "3f0c5a6e-8d0e-4a55-9d0e-2a7c1b9e4f10",
            "3F0C5A6E8D0E4A559D0E2A7C1B9E4F10",
            "urn:uuid:3f0c5a6e-8d0e-4a55-9d0e-2a7c1b9e4f10",
        ] {
            assert!(is_uuid(text), "{text}");
        }
        for text in ["", "1", "request-1", "3f0c5a6e-8d0e-4a55-9d0e-2a7c1b9e4f1"] {
            assert!(!is_uuid(text), "{text}");
        }
    }
}
