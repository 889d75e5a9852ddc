//! Login with Revento (contract §2.5).

use std::collections::HashSet;

use revento_sandbox::ConsentDecision;

use super::browsers::without_readable_cookies;
use super::flow::{Ending, Flow, parameter};
use super::pages::is_private;
use super::request::{USER_SCOPES, asks_for, redirects_nowhere_else, uses_pkce};
use super::state::not_exchanged;
use crate::check::{Check, check};
use crate::exam::{Exam, Problem, flaw, status_text};
use crate::exchange::Exchange;
use crate::integration::Browser;
use crate::platform::world::{Event, Person};

pub(in crate::checks) const CHECKS: &[Check] = &[
    check!(Oauth Required "§2.5" "oauth-login" [ConnectUrl, LoginUrl, MeUrl]
        "A participant can log in with Revento"
        why: "Participants cannot use the integration"
        mend: "Exchange the code, begin a session, and read `/me/profile` with the user token of the session"
        run: signs_in),
    check!(Oauth Required "§2.5" "oauth-login-request" [ConnectUrl, LoginUrl]
        "Login asks for user scopes alone, with PKCE and a state"
        why: "The platform refuses scopes of both token kinds in one request (`invalid_scope`), and requests without PKCE"
        mend: "Ask for `profile.read` and `event.attendance`, with a fresh `state` and a `code_challenge` of S256"
        run: request),
    check!(Oauth Required "§2.5" "oauth-login-fresh" [ConnectUrl, LoginUrl]
        "Each login has a state and a verifier of its own"
        why: "Whoever knows one of them can finish the logins of others"
        mend: "Draw both from a cryptographic random generator for each login"
        run: fresh),
    check!(Oauth Required "§2.5" "oauth-login-foreign-browser" [ConnectUrl, LoginUrl, MeUrl]
        "A login that began in another browser is refused"
        why: "Somebody can log participants into their own account, and see what they enter there (login CSRF)"
        mend: "Bind the `state` to the browser with a cookie, and compare both in the callback"
        run: foreign_browser),
    check!(Oauth Required "§2.5" "oauth-login-session-fixation" [ConnectUrl, LoginUrl, MeUrl]
        "The session changes at login"
        why: "Whoever knows the cookie from before the login is logged in too (session fixation)"
        mend: "Begin a new session with a new id after the callback, and forget the old one"
        hint Express: "Call `req.session.regenerate()` in the callback"
        hint Django: "Use `django.contrib.auth.login()`, or call `request.session.cycle_key()`"
        hint Php: "Call `session_regenerate_id(true)` in the callback"
        hint Ruby: "Call `reset_session` in the callback"
        hint Java: "Call `request.changeSessionId()` in the callback"
        run: session_fixation),
    check!(Oauth Required "§2.5" "oauth-login-signed-out" [ConnectUrl, LoginUrl, MeUrl]
        "Without a session, the page of the participant shows nobody"
        why: "Everybody sees the data of whoever was logged in last"
        mend: "Answer 401 or redirect to the login, if there is no session"
        run: signed_out),
    check!(Oauth Required "§2.5" "oauth-login-two-people" [ConnectUrl, LoginUrl, MeUrl]
        "Two participants who are logged in at once each see themselves"
        why: "Participants see each other's data"
        mend: "Keep user tokens by session and user, never in one place for the whole process"
        run: two_people),
    check!(Oauth Recommended "§2.5" "oauth-login-refused" [ConnectUrl, LoginUrl]
        "A participant who may not log in sees a page, not a crash"
        why: "Whoever has not applied to the event sees a broken page"
        mend: "When the callback has `error`, say so in a sentence, and send no token request"
        run: refused),
    check!(Oauth Recommended "§2.5" "oauth-login-http-only" [ConnectUrl, LoginUrl, MeUrl]
        "The session cookie of a participant is HttpOnly"
        why: "A script that gets into a page steals the session"
        mend: "Set the session cookie with `HttpOnly`"
        run: http_only),
    check!(Oauth Recommended "§2.5" "oauth-login-cached" [ConnectUrl, LoginUrl, MeUrl]
        "The page of the participant is not kept in shared caches"
        why: "A proxy can give one participant's data to another"
        mend: "Send `Cache-Control: private` or `no-store` with pages that depend on the session"
        run: cached),
    check!(Oauth Recommended "§2.5" "oauth-login-open-redirect" [ConnectUrl, LoginUrl]
        "Login redirects to no site that a link to it names"
        why: "Links to the integration can lead people to imitations of it"
        mend: "Keep paths of your own to return to, never whole URLs; refuse values that begin with `//` or `/\\`"
        run: open_redirect),
];

async fn begin(exam: &mut Exam) -> Result<(Event, Flow), Problem> {
    let event = exam.connected_event().await?;
    let flow = Flow::login_in(exam, Browser::default(), &event).await?;
    Ok((event, flow))
}

pub(in crate::checks) fn person(event: &Event, index: usize) -> Result<&Person, Problem> {
    let found = event.people.get(index);
    found.ok_or_else(|| Problem::Untestable("the event has no participants".to_owned()))
}

/// Finishes a login as this person.
async fn finish(exam: &mut Exam, flow: &mut Flow, person: &Person) -> Result<Ending, Problem> {
    let decision = ConsentDecision::SignIn(person.user_id.clone());
    let callback = flow.answered(exam, decision).await?;
    flow.open(exam, &callback).await
}

/// The page of the participant, in this browser.
pub(in crate::checks) async fn me(exam: &mut Exam, browser: &mut Browser) -> Result<Exchange, Problem> {
    let url = exam.integration.settings.me_url.clone();
    let url = url.ok_or_else(|| Problem::NotChecked("give --me-url".to_owned()))?;
    let exchange = browser.open(&url).await;
    exam.evidence.push(exchange.clone());
    Ok(exchange)
}

/// Whether a page shows this person.
pub(in crate::checks) fn shows(exchange: &Exchange, person: &Person) -> bool {
    let body = String::from_utf8_lossy(&exchange.response_body);
    let marks = [
        &person.user_id,
        &person.email,
        &person.given_name,
        &person.family_name,
        &person.participant_id,
        &person.application_id,
    ];
    matches!(exchange.status, Some(200..=299)) && marks.iter().any(|mark| body.contains(mark.as_str()))
}

/// Logs a person in, in this browser. If that does not work, nothing else can be judged.
pub(in crate::checks) async fn logged_in(
    exam: &mut Exam,
    flow: &mut Flow,
    person: &Person,
) -> Result<(), Problem> {
    let ending = finish(exam, flow, person).await?;
    let page = me(exam, &mut flow.browser).await?;
    if shows(&page, person) {
        return Ok(());
    }
    Err(Problem::Untestable(format!(
        "the login does not work: the callback answered {}, and the page of --me-url {}",
        ending.status(),
        status_text(page.status, &page)
    )))
}

async fn signs_in(exam: &mut Exam) -> Result<(), Problem> {
    let (event, mut flow) = begin(exam).await?;
    let person = person(&event, 0)?;
    // A request that the platform refuses is for another check.
    let decision = ConsentDecision::SignIn(person.user_id.clone());
    flow.answered(exam, decision).await?;
    match logged_in(exam, &mut flow, person).await {
        Err(Problem::Untestable(got)) => Err(flaw(
            format!(
                "after the login, the page of --me-url shows {} ({})",
                person.user_id, person.email
            ),
            got,
        )),
        other => other,
    }
}

async fn request(exam: &mut Exam) -> Result<(), Problem> {
    let (_, flow) = begin(exam).await?;
    uses_pkce(&flow)?;
    asks_for(&flow, &USER_SCOPES)?;
    if flow.state().is_empty() {
        return Err(flaw("an authorization request with a state", "one without"));
    }
    Ok(())
}

async fn fresh(exam: &mut Exam) -> Result<(), Problem> {
    const LOGINS: usize = 10;
    let (mut states, mut challenges) = (HashSet::new(), HashSet::new());
    for _ in 0..LOGINS {
        let (_, flow) = begin(exam).await?;
        states.insert(flow.parameter("state"));
        challenges.insert(flow.parameter("code_challenge"));
    }
    if states.len() < LOGINS || challenges.len() < LOGINS {
        return Err(flaw(
            format!("{LOGINS} logins have {LOGINS} different states and challenges"),
            format!("{} states and {} challenges", states.len(), challenges.len()),
        ));
    }
    Ok(())
}

async fn foreign_browser(exam: &mut Exam) -> Result<(), Problem> {
    let (event, mut flow) = begin(exam).await?;
    let person = person(&event, 1)?;
    logged_in(exam, &mut flow, person).await?;
    let (_, mut flow) = begin(exam).await?;
    flow.browser = Browser::default();
    let ending = finish(exam, &mut flow, person).await?;
    not_exchanged(&ending, "the login has begun in another browser")
}

async fn session_fixation(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.connected_event().await?;
    let person = person(&event, 2)?;
    let mut stranger = Browser::default();
    if shows(&me(exam, &mut stranger).await?, person) {
        let reason = "the page of --me-url shows somebody without a session";
        return Err(Problem::Untestable(reason.to_owned()));
    }
    // The cookies that somebody has put into the victim's browser before the login.
    let mut flow = Flow::login_in(exam, stranger, &event).await?;
    let mut stranger = flow.browser.clone();
    logged_in(exam, &mut flow, person).await?;
    if shows(&me(exam, &mut stranger).await?, person) {
        return Err(flaw(
            "the cookies from before the login are worth nothing after it",
            "they show the page of the participant who has logged in",
        ));
    }
    Ok(())
}

async fn signed_out(exam: &mut Exam) -> Result<(), Problem> {
    let (event, mut flow) = begin(exam).await?;
    let person = person(&event, 3)?;
    logged_in(exam, &mut flow, person).await?;
    let page = me(exam, &mut Browser::default()).await?;
    let shown = event.people.iter().any(|person| shows(&page, person));
    match page.status {
        Some(..=499) if !shown => Ok(()),
        _ => Err(flaw(
            "401, or a redirect to the login",
            status_text(page.status, &page),
        )),
    }
}

async fn two_people(exam: &mut Exam) -> Result<(), Problem> {
    let (event, mut first) = begin(exam).await?;
    let (one, other) = (person(&event, 4)?, person(&event, 5)?);
    logged_in(exam, &mut first, one).await?;
    let (_, mut second) = begin(exam).await?;
    finish(exam, &mut second, other).await?;
    for (browser, own, foreign) in [
        (&mut first.browser, one, other),
        (&mut second.browser, other, one),
    ] {
        let page = me(exam, browser).await?;
        if !shows(&page, own) || shows(&page, foreign) {
            return Err(flaw(
                format!("the session of {} shows {}", own.user_id, own.user_id),
                status_text(page.status, &page),
            ));
        }
    }
    Ok(())
}

async fn refused(exam: &mut Exam) -> Result<(), Problem> {
    let (_, mut flow) = begin(exam).await?;
    // Somebody who has not applied to this event.
    let elsewhere = exam.flow_event();
    let decision = ConsentDecision::SignIn(person(&elsewhere, 0)?.user_id.clone());
    let callback = exam.consent(&flow.request, decision).await?;
    if parameter(&callback, "error").is_none() {
        let reason = "the platform lets everybody log in to this event";
        return Err(Problem::Untestable(reason.to_owned()));
    }
    let ending = flow.open(exam, &callback).await?;
    match ending.first.status {
        Some(..=499) if ending.calls.is_empty() => Ok(()),
        _ => Err(flaw(
            "a page that says why, and no token request",
            ending.status(),
        )),
    }
}

async fn http_only(exam: &mut Exam) -> Result<(), Problem> {
    let (event, mut flow) = begin(exam).await?;
    let person = person(&event, 6)?;
    logged_in(exam, &mut flow, person).await?;
    let (mut browser, readable) = without_readable_cookies(&flow.browser);
    if readable.is_empty() || shows(&me(exam, &mut browser).await?, person) {
        return Ok(());
    }
    Err(flaw(
        "a session cookie with HttpOnly",
        format!(
            "the session needs a cookie that scripts can read: {}",
            readable.join(", ")
        ),
    ))
}

async fn cached(exam: &mut Exam) -> Result<(), Problem> {
    let (event, mut flow) = begin(exam).await?;
    let person = person(&event, 7)?;
    logged_in(exam, &mut flow, person).await?;
    let page = me(exam, &mut flow.browser).await?;
    if is_private(&page) {
        return Ok(());
    }
    let sent = page.response_header("cache-control").unwrap_or("(none)");
    Err(flaw(
        "Cache-Control: private or no-store",
        format!("Cache-Control: {sent}"),
    ))
}

async fn open_redirect(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.connected_event().await?;
    let url = exam.integration.login_url(&event.id);
    let url = url.ok_or_else(|| Problem::NotChecked("give --login-url".to_owned()))?;
    let decision = ConsentDecision::SignIn(person(&event, 8)?.user_id.clone());
    redirects_nowhere_else(exam, &url, decision).await
}
