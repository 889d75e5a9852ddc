//! What the integration leaves in browsers.

use cookie::{Cookie, SameSite};
use url::Url;

use super::flow::{Flow, connected};
use crate::exam::{Exam, Problem, flaw, untestable};
use crate::exchange::Exchange;
use crate::integration::{Browser, refusal};
use crate::search::Search;

/// Whether a flow ends in a connection although the browser loses the cookies that `lost` names with a reason. Cookies that a flow
/// does not need may be as they like.
async fn flow_without(
    exam: &mut Exam,
    expected: &str,
    lost: impl Fn(&Cookie<'_>) -> Option<String>,
) -> Result<(), Problem> {
    let mut flow = Flow::begin(exam).await?;
    let wrong: Vec<(String, String)> = flow
        .browser
        .jar
        .cookies()
        .filter_map(|cookie| Some((cookie.name().to_owned(), lost(cookie)?)))
        .collect();
    let Some((name, reason)) = wrong.first() else {
        return Ok(());
    };
    for (name, _) in &wrong {
        flow.browser.jar.remove(name);
    }
    if flow.finish(exam).await?.is_connected() {
        return Ok(());
    }
    let mut whole = Flow::begin(exam).await?;
    connected(&whole.finish(exam).await?)?;
    Err(flaw(expected, format!("the cookie {name}: {reason}")))
}

pub(super) async fn cookie_http_only(exam: &mut Exam) -> Result<(), Problem> {
    let lost = |cookie: &Cookie<'_>| (cookie.http_only() != Some(true)).then(|| "no HttpOnly".to_owned());
    flow_without(exam, "cookies of a flow that scripts cannot read", lost).await
}

pub(super) async fn cookie_same_site(exam: &mut Exam) -> Result<(), Problem> {
    let lost = |cookie: &Cookie<'_>| {
        (cookie.same_site() == Some(SameSite::Strict)).then(|| "SameSite=Strict".to_owned())
    };
    let expected =
        "cookies of a flow that browsers send when the platform leads back to the callback: SameSite=Lax";
    flow_without(exam, expected, lost).await
}

pub(super) async fn cookie_valid(exam: &mut Exam) -> Result<(), Problem> {
    let url = exam.integration.settings.connect_url.clone();
    let url = url.ok_or_else(|| Problem::NotChecked("give --connect-url".to_owned()))?;
    let lost = |cookie: &Cookie<'_>| {
        let refused = refusal(cookie, &url).map(|why| format!("browsers refuse it, since {why}"));
        let open = url.scheme() == "https" && cookie.secure() != Some(true);
        refused.or_else(|| open.then(|| "no Secure, although the page is https".to_owned()))
    };
    flow_without(exam, "cookies of a flow that browsers keep and protect", lost).await
}

/// Everything that the browser gets in a flow is searched for tokens and secrets.
pub(super) async fn tokens(exam: &mut Exam) -> Result<(), Problem> {
    let mut flow = Flow::begin(exam).await?;
    let ending = flow.finish(exam).await?;
    connected(&ending)?;
    let mut exchanges = ending.exchanges;
    if let Some(url) = exam
        .integration
        .settings
        .connect_url
        .as_ref()
        .and_then(|url| url.join("/").ok())
    {
        exchanges.extend(flow.browser.follow(&url).await);
    }
    let secrets = exam.platform.secrets();
    let kinds = [
        ("an access token", &secrets.access_tokens),
        ("a refresh token", &secrets.refresh_tokens),
        ("the client secret", &secrets.client),
        ("the webhook secret", &secrets.webhook),
    ];
    for (what, texts) in kinds {
        let search = Search::new(texts).map_err(untestable)?;
        for exchange in &exchanges {
            let Some((place, form)) = places(exchange)
                .into_iter()
                .find_map(|(place, text)| Some((place, search.find(&text)?.form)))
            else {
                continue;
            };
            let path = Url::parse(&exchange.url).map(|url| url.path().to_owned());
            exam.evidence.push(exchange.clone());
            return Err(flaw(
                "tokens and secrets stay in the integration",
                format!(
                    "{} gives the browser {what} in {place}, {form}",
                    path.unwrap_or_default()
                ),
            ));
        }
    }
    Ok(())
}

/// The parts of an answer, and where the browser keeps them.
fn places(exchange: &Exchange) -> Vec<(String, Vec<u8>)> {
    let headers = exchange.response_headers.iter().map(|(name, value)| {
        let decoded = percent_decoded(value);
        (
            format!("the header {name}"),
            [value.as_bytes(), b"\n", &decoded].concat(),
        )
    });
    let body = ("its body".to_owned(), exchange.response_body.clone());
    headers.chain([body]).collect()
}

fn percent_decoded(text: &str) -> Vec<u8> {
    // A form's decoding also turns `+` into a space, which no token has.
    let pairs = url::form_urlencoded::parse(text.as_bytes());
    pairs
        .flat_map(|(name, value)| [name.into_owned(), value.into_owned()])
        .collect::<Vec<_>>()
        .join("\n")
        .into_bytes()
}

/// A browser that sends only the cookies that scripts cannot read.
pub(super) fn without_readable_cookies(browser: &Browser) -> (Browser, Vec<String>) {
    let readable: Vec<String> = browser
        .jar
        .cookies()
        .filter(|cookie| cookie.http_only() != Some(true))
        .map(|cookie| cookie.name().to_owned())
        .collect();
    let mut other = browser.clone();
    for name in &readable {
        other.jar.remove(name);
    }
    (other, readable)
}
