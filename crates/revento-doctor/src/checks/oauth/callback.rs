//! The end of a flow: what people and the platform do differently from what was planned.

use bytes::Bytes;
use http::{Response, StatusCode};
use revento_sandbox::ConsentDecision;

use super::flow::{Ending, Flow, connected, with_parameter, working_connect};
use super::pages::{is_cacheable, is_private, trace};
use crate::exam::{Exam, Problem, flaw, status_text, untestable};
use crate::exchange::Exchange;
use crate::integration::{Browser, redirect};
use crate::platform::world::Event;
use crate::platform::{Effect, Endpoint};

/// Optional scopes of the doctor's manifest that an organizer can untick.
const OPTIONAL_SCOPES: [&str; 1] = ["program.read"];

/// An answer that is no crash.
fn no_crash(ending: &Ending, expected: &str) -> Result<(), Problem> {
    match ending.first.status {
        Some(..=499) => Ok(()),
        _ => Err(flaw(expected, ending.status())),
    }
}

pub(super) async fn reload(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.fresh_event().await?;
    let mut flow = Flow::begin_for(exam, &event).await?;
    let callback = flow.authorized(exam).await?;
    connected(&flow.open(exam, &callback).await?)?;
    let ending = flow.open(exam, &callback).await?;
    if !ending.calls.is_empty() {
        return Err(flaw(
            "the code is sent once: its second use revokes the tokens of the first",
            "the reloaded callback sent it again",
        ));
    }
    no_crash(&ending, "a page or a redirect for the reloaded callback")
}

pub(super) async fn denied(exam: &mut Exam) -> Result<(), Problem> {
    let mut flow = Flow::begin(exam).await?;
    let callback = flow.answered(exam, ConsentDecision::Decline).await?;
    let ending = flow.open(exam, &callback).await?;
    no_crash(&ending, "a page that says that nothing was connected")?;
    if ending.calls.is_empty() {
        Ok(())
    } else {
        Err(flaw("no token request", "a token request without a code"))
    }
}

pub(super) async fn denied_keeps_connection(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.fresh_connection().await?;
    readable(exam, &event).await?;
    let mut flow = Flow::begin_for(exam, &event).await?;
    let callback = flow.answered(exam, ConsentDecision::Decline).await?;
    flow.open(exam, &callback).await?;
    let exchange = exam.read(&event).await?;
    exam.names_everybody(&event, &exchange)
        .map_err(|problem| match problem {
            Problem::Flaw { got, .. } => flaw("the event is connected as before", got),
            other => other,
        })
}

/// A read that fails without the cause of a check is for another check.
async fn readable(exam: &mut Exam, event: &Event) -> Result<(), Problem> {
    match exam.read_all(event).await {
        Err(Problem::Flaw { got, .. }) => {
            Err(Problem::Untestable(format!("the read page does not work: {got}")))
        }
        other => other.map(drop),
    }
}

pub(super) async fn optional_scope(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.fresh_event().await?;
    let mut flow = Flow::begin_for(exam, &event).await?;
    let asked = flow.parameter("scope").unwrap_or_default();
    if !asked
        .split_whitespace()
        .any(|scope| OPTIONAL_SCOPES.contains(&scope))
    {
        return Err(Problem::NotChecked(format!(
            "the integration asks for no optional scope (such as {})",
            OPTIONAL_SCOPES.join(", ")
        )));
    }
    let callback = flow
        .answered(exam, ConsentDecision::AuthorizeOnly(Vec::new()))
        .await?;
    let ending = flow.open(exam, &callback).await?;
    let expected = "the integration works with the scopes that were granted";
    if ending
        .leads_to()
        .is_some_and(|to| to.path().ends_with("/oauth/authorize"))
    {
        return Err(flaw(expected, "it asks for consent again at once"));
    }
    let got = if !ending.is_connected() {
        format!("the callback answered {}", ending.status())
    } else if exam.integration.settings.read_url.is_some() {
        match exam.read_all(&event).await {
            Err(Problem::Flaw { got, .. }) => format!("the read page answered {got}"),
            other => return other.map(drop),
        }
    } else {
        return Ok(());
    };
    // Perhaps it does not work with all scopes either.
    let mut full = Flow::begin_for(exam, &event).await?;
    connected(&full.finish(exam).await?)?;
    if exam.integration.settings.read_url.is_some() {
        readable(exam, &event).await?;
    }
    Err(flaw(expected, got))
}

pub(super) async fn two_tabs(exam: &mut Exam) -> Result<(), Problem> {
    working_connect(exam).await?;
    let mut first = Flow::begin(exam).await?;
    let mut second = Flow::begin_in(exam, first.browser.clone()).await?;
    if first.state() == second.state() {
        return Err(Problem::Untestable("both flows have the same state".to_owned()));
    }
    // Both tabs have the cookies of the one browser.
    first.browser = second.browser.clone();
    let ending = first.finish(exam).await?;
    no_crash(
        &ending,
        "the flow of the older tab connects, or ends with a page that says how to go on",
    )?;
    second.browser = first.browser;
    let ending = second.finish(exam).await?;
    if ending.is_connected() {
        return Ok(());
    }
    Err(flaw(
        "the flow of the newer tab connects",
        format!("its callback answered {}", ending.status()),
    ))
}

/// The code has expired, for example.
pub(super) async fn code_refused(exam: &mut Exam) -> Result<(), Problem> {
    working_connect(exam).await?;
    let mut flow = Flow::begin(exam).await?;
    let callback = flow.authorized(exam).await?;
    let callback = with_parameter(&callback, "code", Some("a_code_that_has_expired_long_ago"));
    let ending = flow.open(exam, &callback).await?;
    // 502 and 503 are sentences about the platform; 500 is a crash.
    match ending.first.status {
        Some(500) | None => Err(flaw("a page that says how to start again", ending.status())),
        _ => Ok(()),
    }
}

pub(super) async fn token_endpoint_down(exam: &mut Exam) -> Result<(), Problem> {
    working_connect(exam).await?;
    let mut flow = Flow::begin(exam).await?;
    let callback = flow.authorized(exam).await?;
    let down = exam
        .platform
        .on(Endpoint::Code, None, Effect::Answer(unavailable()?));
    let ending = flow.open(exam, &callback).await;
    drop(down);
    let ending = ending?;
    if ending.first.status.is_none() {
        return Err(flaw(
            "a page that says that the platform does not answer",
            ending.status(),
        ));
    }
    let again = Flow::begin_in(exam, flow.browser).await;
    let got = match again {
        Err(Problem::Untestable(got)) => got,
        again => {
            let ending = again?.finish(exam).await?;
            if ending.is_connected() {
                return Ok(());
            }
            format!("its callback answered {}", ending.status())
        }
    };
    Err(flaw(
        "a second attempt in the same browser connects, when the token endpoint works again",
        got,
    ))
}

/// What a proxy in front of a broken platform answers.
fn unavailable() -> Result<Response<Bytes>, Problem> {
    Response::builder()
        .status(StatusCode::SERVICE_UNAVAILABLE)
        .header("content-type", "text/html")
        .body(Bytes::from_static(
            b"<html><body><h1>503 Service Unavailable</h1></body></html>",
        ))
        .map_err(untestable)
}

pub(super) async fn stack_traces(exam: &mut Exam) -> Result<(), Problem> {
    let mut flow = Flow::begin(exam).await?;
    let callback = flow.authorized(exam).await?;
    let mut bare = callback.clone();
    bare.set_query(None);
    let twice = format!("{callback}&state=other&code[]=1&code[]=2")
        .parse()
        .map_err(untestable)?;
    let garbage = with_parameter(&callback, "code", Some("\u{0}%s{{7*7}}'\""));
    for url in [&bare, &twice, &garbage] {
        // Without its cookies, the flow is not used up.
        let mut flow = Flow {
            browser: Browser::default(),
            ..flow.clone()
        };
        shows_no_trace(&flow.open(exam, url).await?.exchanges)?;
    }
    let down = exam
        .platform
        .on(Endpoint::Code, None, Effect::Answer(unavailable()?));
    let ending = flow.open(exam, &callback).await;
    drop(down);
    shows_no_trace(&ending?.exchanges)?;
    let mut flow = Flow::begin(exam).await?;
    let callback = flow.authorized(exam).await?;
    let callback = with_parameter(&callback, "code", Some("a_code_that_has_expired_long_ago"));
    shows_no_trace(&flow.open(exam, &callback).await?.exchanges)
}

fn shows_no_trace(exchanges: &[Exchange]) -> Result<(), Problem> {
    let found = exchanges
        .iter()
        .find_map(|exchange| Some((exchange, trace(exchange)?)));
    match found {
        None => Ok(()),
        Some((exchange, kind)) => Err(flaw(
            "a page for people",
            format!("{} with {kind}", exchange.status.unwrap_or_default()),
        )),
    }
}

pub(super) async fn reconsent(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.fresh_connection().await?;
    let mut flow = Flow::begin_for(exam, &event).await?;
    let ending = flow.finish(exam).await?;
    connected(&ending)?;
    let granted = ending.token_request()?.json();
    let granted = granted.get("access_token").and_then(|token| token.as_str());
    let mark = exam.platform.mark();
    readable(exam, &event).await?;
    let calls = exam.platform.calls_of(Endpoint::Participants, mark);
    let last = calls
        .last()
        .ok_or_else(|| Problem::Untestable("the read page made no call".to_owned()))?;
    exam.evidence.push(last.exchange(exam.platform.base()));
    if last.bearer() == granted {
        return Ok(());
    }
    Err(flaw(
        "the read page uses the access token of the newest consent",
        "it uses another one",
    ))
}

/// The code must not go on to another address: there, logs and other sites see it.
pub(super) async fn code_leak(exam: &mut Exam) -> Result<(), Problem> {
    let mut flow = Flow::begin(exam).await?;
    let callback = flow.authorized(exam).await?;
    let ending = flow.open(exam, &callback).await?;
    connected(&ending)?;
    let code = super::flow::parameter(&callback, "code").unwrap_or_default();
    for exchange in &ending.exchanges {
        if redirect(exchange).is_some_and(|to| to.as_str().contains(&code)) {
            return Err(flaw(
                "the callback redirects to an address without the code",
                "it passes the code on",
            ));
        }
    }
    let policy = ending
        .first
        .response_header("referrer-policy")
        .unwrap_or_default();
    let last = policy
        .rsplit(',')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if redirect(&ending.first).is_none()
        && ["unsafe-url", "no-referrer-when-downgrade"].contains(&last.as_str())
    {
        return Err(flaw(
            "a page that does not send its address to other sites",
            format!("Referrer-Policy: {policy}"),
        ));
    }
    Ok(())
}

pub(super) async fn callback_cached(exam: &mut Exam) -> Result<(), Problem> {
    let mut flow = Flow::begin(exam).await?;
    let ending = flow.finish(exam).await?;
    connected(&ending)?;
    let answer = &ending.first;
    let keeps = is_cacheable(answer) || (redirect(answer).is_none() && !is_private(answer));
    if keeps {
        return Err(flaw(
            "Cache-Control: no-store",
            format!(
                "{}, Cache-Control: {}",
                status_text(answer.status, answer)
                    .split(' ')
                    .next()
                    .unwrap_or_default(),
                answer.response_header("cache-control").unwrap_or("(none)")
            ),
        ));
    }
    Ok(())
}
