//! The beginning of a flow: the authorization request.

use std::collections::HashSet;

use http::Method;

use super::flow::{Flow, challenge_of, connected, parameter};
use super::guess::{ENOUGH_BITS, varying_bits};
use super::pages::is_cacheable;
use crate::exam::{Exam, Problem, flaw, untestable};
use crate::integration::{Browser, Outgoing, redirect};
use crate::search::Search;

/// How many flows are compared.
const FLOWS: usize = 20;
/// How many of them are finished, so that their verifiers are known.
const FINISHED: usize = 5;

/// The scopes of an organizer's consent (contract §2.2).
pub(super) const INSTALLATION_SCOPES: [&str; 3] = ["event.read", "participants.read", "program.read"];
/// The scopes of Login with Revento.
pub(super) const USER_SCOPES: [&str; 2] = ["profile.read", "event.attendance"];

pub(super) async fn connects(exam: &mut Exam) -> Result<(), Problem> {
    let begun = Flow::begin(exam).await;
    let mut flow = match begun {
        Err(Problem::Untestable(got)) => {
            let expected = "the connect page redirects to the authorization endpoint";
            return Err(flaw(expected, got));
        }
        begun => begun?,
    };
    let callback = flow.authorized(exam).await?;
    let ending = flow.open(exam, &callback).await?;
    if ending.is_connected() {
        return Ok(());
    }
    let refused = ending.calls.iter().any(|call| call.status != Some(200));
    if refused {
        return connected(&ending);
    }
    let done = if ending.calls.is_empty() {
        "the code was not exchanged"
    } else {
        "the code was exchanged"
    };
    Err(flaw(
        "the callback exchanges the code, and answers with a page or a redirect",
        format!("{done}; the callback answered {}", ending.status()),
    ))
}

pub(super) async fn pkce(exam: &mut Exam) -> Result<(), Problem> {
    let flow = Flow::begin(exam).await?;
    uses_pkce(&flow)
}

pub(super) fn uses_pkce(flow: &Flow) -> Result<(), Problem> {
    let method = flow.parameter("code_challenge_method");
    let challenge = flow.parameter("code_challenge").unwrap_or_default();
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if method.as_deref() != Some("S256") {
        return Err(flaw(
            "code_challenge_method=S256",
            format!("code_challenge_method={}", method.as_deref().unwrap_or("(none)")),
        ));
    }
    if challenge.len() != 43 || !challenge.bytes().all(is_base64url) {
        return Err(flaw(
            "a code_challenge of 43 characters of base64url without padding",
            format!("a code_challenge of {} characters", challenge.len()),
        ));
    }
    Ok(())
}

pub(super) async fn verifier(exam: &mut Exam) -> Result<(), Problem> {
    let mut flow = Flow::begin(exam).await?;
    let ending = flow.finish(exam).await?;
    let verifier = ending.token_form()?.field("code_verifier").unwrap_or_default();
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(is_unreserved) {
        return Err(flaw(
            "a code_verifier of 43 to 128 characters out of A-Z a-z 0-9 - . _ ~",
            format!("a code_verifier of {} characters", verifier.len()),
        ));
    }
    if Some(challenge_of(verifier)) != flow.parameter("code_challenge") {
        return Err(flaw(
            "a code_verifier whose SHA-256 in base64url is the code_challenge",
            "another one",
        ));
    }
    Ok(())
}

pub(super) async fn verifier_fresh(exam: &mut Exam) -> Result<(), Problem> {
    let (mut challenges, mut verifiers) = (HashSet::new(), Vec::new());
    for number in 0..FLOWS {
        let mut flow = Flow::begin(exam).await?;
        let challenge = flow.parameter("code_challenge");
        let challenge = challenge.ok_or_else(|| {
            Problem::Untestable("the authorization request has no code_challenge".to_owned())
        })?;
        if !challenges.insert(challenge) {
            return Err(flaw(
                format!("{FLOWS} flows have {FLOWS} different verifiers"),
                format!("flow {} has a challenge that an earlier one had", number + 1),
            ));
        }
        if number < FINISHED {
            let ending = flow.finish(exam).await?;
            verifiers.extend(ending.token_form()?.field("code_verifier").map(str::to_owned));
            exam.evidence.clear();
        }
    }
    if verifiers.iter().any(|verifier| verifier.len() < 43) {
        return Err(Problem::Untestable("the verifiers are too short".to_owned()));
    }
    let bits = varying_bits(&verifiers);
    if bits < ENOUGH_BITS {
        return Err(flaw(
            "verifiers that cannot be guessed",
            format!(
                "{} verifiers that differ in at most {bits:.0} bits",
                verifiers.len()
            ),
        ));
    }
    Ok(())
}

/// The states of many flows, each of a browser of its own.
async fn states(exam: &mut Exam) -> Result<Vec<Option<String>>, Problem> {
    let mut states = Vec::new();
    for _ in 0..FLOWS {
        let flow = Flow::begin(exam).await?;
        states.push(flow.parameter("state"));
    }
    Ok(states)
}

pub(super) async fn state_fresh(exam: &mut Exam) -> Result<(), Problem> {
    let mut known = HashSet::new();
    for (index, state) in states(exam).await?.into_iter().enumerate() {
        let state = state.ok_or_else(|| flaw("an authorization request with a state", "one without"))?;
        if !known.insert(state) {
            return Err(flaw(
                format!("{FLOWS} flows have {FLOWS} different states"),
                format!("flow {} has a state that an earlier one had", index + 1),
            ));
        }
    }
    Ok(())
}

pub(super) async fn state_guessable(exam: &mut Exam) -> Result<(), Problem> {
    let states: Option<Vec<String>> = states(exam).await?.into_iter().collect();
    let states = states.unwrap_or_default();
    if states.iter().collect::<HashSet<_>>().len() < FLOWS {
        return Err(Problem::Untestable("the states are missing or repeat".to_owned()));
    }
    let bits = varying_bits(&states);
    if bits < ENOUGH_BITS {
        return Err(flaw(
            "states that cannot be guessed",
            format!("{FLOWS} states that differ in at most {bits:.0} bits"),
        ));
    }
    Ok(())
}

pub(super) async fn scopes(exam: &mut Exam) -> Result<(), Problem> {
    let flow = Flow::begin(exam).await?;
    asks_for(&flow, &INSTALLATION_SCOPES)
}

/// Whether the flow asks for some of these scopes, and for no others.
pub(super) fn asks_for(flow: &Flow, scopes: &[&str]) -> Result<(), Problem> {
    let asked = flow.parameter("scope").unwrap_or_default();
    let others: Vec<&str> = asked
        .split_whitespace()
        .filter(|scope| !scopes.contains(scope))
        .collect();
    if asked.trim().is_empty() || !others.is_empty() {
        return Err(flaw(
            format!("scopes out of: {}", scopes.join(" ")),
            if others.is_empty() {
                "no scope".to_owned()
            } else {
                format!("also {}", others.join(" "))
            },
        ));
    }
    Ok(())
}

pub(super) async fn begin_cross_site(exam: &mut Exam) -> Result<(), Problem> {
    Flow::begin(exam).await?;
    let referer = format!("{}/", exam.platform.base());
    let browser = Browser::sending(&[
        ("sec-fetch-dest", "document"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "cross-site"),
        ("referer", &referer),
    ]);
    match Flow::begin_in(exam, browser).await {
        Err(Problem::Untestable(got)) => Err(flaw(
            "the connect page begins a flow when the platform's panel leads to it",
            got,
        )),
        begun => begun.map(drop),
    }
}

pub(super) async fn begin_cached(exam: &mut Exam) -> Result<(), Problem> {
    Flow::begin(exam).await?;
    let Some(answer) = exam.evidence.last() else {
        return Ok(());
    };
    if is_cacheable(answer) {
        return Err(flaw(
            "a redirect to the authorization endpoint that no browser keeps: 302 or 303",
            format!(
                "{}, Cache-Control: {}",
                answer.status.unwrap_or_default(),
                answer.response_header("cache-control").unwrap_or("(none)")
            ),
        ));
    }
    Ok(())
}

/// A browser that looks ahead asks for the connect page while a flow is in progress.
pub(super) async fn prefetch(exam: &mut Exam) -> Result<(), Problem> {
    let mut flow = Flow::begin(exam).await?;
    let event = exam.flow_event();
    let url = exam.integration.connect_url(&event.id);
    let url = url.ok_or_else(|| Problem::NotChecked("give --connect-url".to_owned()))?;
    let ahead = [
        Outgoing::new(Method::HEAD, url.clone()),
        Outgoing::get(url.clone())
            .header("sec-purpose", "prefetch")
            .header("purpose", "prefetch"),
        Outgoing::get(url).header("sec-purpose", "prefetch;prerender"),
    ];
    for outgoing in ahead {
        let exchange = flow.browser.request(outgoing).await;
        exam.evidence.push(exchange);
    }
    let ending = flow.finish(exam).await?;
    if ending.is_connected() {
        return Ok(());
    }
    // Perhaps it does not connect at all.
    let mut plain = Flow::begin(exam).await?;
    connected(&plain.finish(exam).await?)?;
    Err(flaw(
        "the flow that was in progress ends in a connection",
        format!("its callback answered {}", ending.status()),
    ))
}

pub(super) async fn secret_in_url(exam: &mut Exam) -> Result<(), Problem> {
    let mut flow = Flow::begin(exam).await?;
    let callback = flow.authorized(exam).await;
    if let Ok(callback) = callback {
        // Now the verifier is known.
        flow.open(exam, &callback).await?;
    }
    let secrets = exam.platform.secrets();
    let kinds = [
        ("the client secret", &secrets.client),
        ("the code verifier", &secrets.verifiers),
        ("an access token", &secrets.access_tokens),
        ("a refresh token", &secrets.refresh_tokens),
    ];
    for (what, texts) in kinds {
        // Decoded, so that no secret hides behind percent-encoding.
        let values: Vec<String> = flow
            .request
            .query_pairs()
            .filter(|(name, _)| name != "code_challenge")
            .map(|(_, value)| value.into_owned())
            .collect();
        let search = Search::new(texts).map_err(untestable)?;
        if search.find(values.join("\n").as_bytes()).is_some() {
            return Err(flaw(
                "an authorization request without secrets",
                format!("it contains {what}"),
            ));
        }
    }
    Ok(())
}

/// Open redirects: the integration must not send the browser to a site that the link to its own page names.
pub(super) async fn open_redirect(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.flow_event();
    let url = exam.integration.connect_url(&event.id);
    let url = url.ok_or_else(|| Problem::NotChecked("give --connect-url".to_owned()))?;
    redirects_nowhere_else(exam, &url, revento_sandbox::ConsentDecision::Authorize).await
}

/// Names under which people keep the page to return to.
const RETURN_PARAMETERS: [&str; 14] = [
    "return_to",
    "returnTo",
    "return_url",
    "returnUrl",
    "return",
    "next",
    "redirect",
    "redirect_to",
    "redirectTo",
    "continue",
    "target",
    "dest",
    "url",
    "rd",
];

pub(super) async fn redirects_nowhere_else(
    exam: &mut Exam,
    page: &url::Url,
    decision: revento_sandbox::ConsentDecision,
) -> Result<(), Problem> {
    const ELSEWHERE: &str = "attacker.example";
    for value in [
        format!("https://{ELSEWHERE}/"),
        format!("//{ELSEWHERE}/"),
        format!("/\\{ELSEWHERE}/"),
    ] {
        let mut url = page.clone();
        url.query_pairs_mut()
            .extend_pairs(RETURN_PARAMETERS.map(|name| (name, value.as_str())));
        let mut browser = Browser::default();
        let mut exchanges = browser.follow(&url).await;
        let request = exchanges.last().and_then(redirect);
        let authorize = format!("{}/oauth/authorize", exam.platform.base());
        if let Some(request) = request.filter(|to| to.as_str().starts_with(&authorize)) {
            let callback = exam.consent(&request, decision.clone()).await?;
            if parameter(&callback, "code").is_some() {
                exchanges.extend(browser.follow(&callback).await);
            }
        }
        let followed = exchanges
            .iter()
            .find(|exchange| redirect(exchange).is_some_and(|to| to.host_str() == Some(ELSEWHERE)));
        let at = followed.map(|exchange| exchange.url.clone());
        exam.evidence = exchanges;
        if let Some(at) = at.and_then(|at| url::Url::parse(&at).ok()) {
            return Err(flaw(
                "no redirect to another site that a link to the page names",
                format!("{} redirects to {value}", at.path()),
            ));
        }
    }
    Ok(())
}
