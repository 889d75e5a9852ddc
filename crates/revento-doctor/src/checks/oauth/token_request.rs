//! The request to the token endpoint, and its answer (contract §2.3).

use serde_json::{Value, json};

use super::flow::{Ending, Flow, working_connect};
use crate::exam::{Exam, Problem, flaw};
use crate::platform::{Effect, Endpoint};

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

/// The platform may say more than the contract names, and leave out what it does not promise (contract §9).
pub(super) async fn answer(exam: &mut Exam) -> Result<(), Problem> {
    working_connect(exam).await?;
    let mut flow = Flow::begin(exam).await?;
    let callback = flow.authorized(exam).await?;
    let edited = exam.platform.on(Endpoint::Code, None, Effect::Edit(with_more));
    let ending = flow.open(exam, &callback).await;
    drop(edited);
    let ending = ending?;
    if ending.is_connected() {
        return Ok(());
    }
    Err(flaw(
        "a token answer with unknown fields, `bearer` in lowercase and without `refresh_expires_in` ends in a connection",
        format!("the callback answered {}", ending.status()),
    ))
}

fn with_more(answer: &mut Value) {
    let Some(fields) = answer.as_object_mut() else {
        return;
    };
    if !fields.contains_key("access_token") {
        return;
    }
    fields.remove("refresh_expires_in");
    fields.insert("token_type".to_owned(), json!("bearer"));
    fields.insert("issued_token_type".to_owned(), Value::Null);
    fields.insert(
        "organization".to_owned(),
        json!({ "tier": "gold", "limits": [1, 2.5, null] }),
    );
}
