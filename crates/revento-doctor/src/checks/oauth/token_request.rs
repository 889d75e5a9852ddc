//! The request to the token endpoint (contract §2.3).

use super::flow::{Ending, Flow};
use crate::exam::{Exam, Problem, flaw};

async fn ending(exam: &mut Exam) -> Result<(Flow, Ending), Problem> {
    let mut flow = Flow::begin(exam).await?;
    let ending = flow.finish(exam).await?;
    Ok((flow, ending))
}

pub(super) async fn form(exam: &mut Exam) -> Result<(), Problem> {
    let (_, ending) = ending(exam).await?;
    let call = ending.token_request()?;
    let content_type = call.header("content-type").unwrap_or("(none)");
    let is_form = content_type
        .to_ascii_lowercase()
        .starts_with("application/x-www-form-urlencoded");
    let got = if call.uri.query().is_some_and(|query| !query.is_empty()) {
        "parameters in the URL".to_owned()
    } else if call.method != http::Method::POST {
        call.method.to_string()
    } else if !is_form {
        format!("Content-Type: {content_type}")
    } else {
        return Ok(());
    };
    Err(flaw(
        "a POST with a form (application/x-www-form-urlencoded) in its body",
        got,
    ))
}

pub(super) async fn redirect_uri(exam: &mut Exam) -> Result<(), Problem> {
    let (flow, ending) = ending(exam).await?;
    let sent = ending.token_form()?.field("redirect_uri");
    let asked = flow.parameter("redirect_uri").unwrap_or_default();
    if sent == Some(asked.as_str()) {
        return Ok(());
    }
    Err(flaw(
        format!("redirect_uri={asked}, as in the authorization request"),
        format!("redirect_uri={}", sent.unwrap_or("(none)")),
    ))
}

pub(super) async fn client_authentication(exam: &mut Exam) -> Result<(), Problem> {
    let (_, ending) = ending(exam).await?;
    let call = ending.token_form()?;
    let basic = call
        .header("authorization")
        .is_some_and(|value| value.to_ascii_lowercase().starts_with("basic "));
    let form = call.field("client_secret").is_some();
    let expected = "client id and client secret, either in the form or as HTTP Basic";
    match (basic, form) {
        (true, true) => return Err(flaw(expected, "the client secret in both")),
        (false, false) => return Err(flaw(expected, "no client secret")),
        _ => {}
    }
    if call.json().get("error").and_then(|error| error.as_str()) == Some("invalid_client") {
        return Err(flaw(
            expected,
            "others than REVENTO_CLIENT_ID and REVENTO_CLIENT_SECRET",
        ));
    }
    Ok(())
}
