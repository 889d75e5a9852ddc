//! Pages in the platform's frame (contract §5).

mod policy;

use cookie::{Cookie, SameSite};
use revento_sandbox::ConsentDecision;
use url::Url;

use super::oauth::flow::Flow;
use crate::check::{Check, check};
use crate::exam::{Exam, Problem, flaw, status_text, untestable};
use crate::exchange::Exchange;
use crate::integration::{Browser, is_deletion, redirect, set_cookies};
use policy::{Ancestors, forbidding_options};

pub(super) const CHECKS: &[Check] = &[
    check!(Webview Required "§5" "webview-framable" [WebviewUrl]
        "The platform may show the webview page in its frame"
        why: "Participants see an empty frame"
        mend: "Answer 200, and name the origin of the platform in `Content-Security-Policy: frame-ancestors`"
        run: framable),
    check!(Webview Required "§5" "webview-frame-ancestors" [WebviewUrl]
        "No other site may show the webview page in a frame"
        why: "Another site can lay the page under its own buttons, and make a signed-in participant click (clickjacking)"
        mend: "Send `Content-Security-Policy: frame-ancestors` with the platform's origin alone"
        run: frame_ancestors),
    check!(Webview Recommended "§5" "webview-frame-options" [WebviewUrl]
        "The webview page sends no X-Frame-Options that forbids its frame"
        why: "Older webviews obey it, although `frame-ancestors` says otherwise"
        mend: "Leave `X-Frame-Options` out on this page"
        hint Express: "helmet sends `X-Frame-Options: SAMEORIGIN`: switch `frameguard` off on this route"
        hint Django: "Decorate the view with `@xframe_options_exempt`"
        hint Ruby: "Rails sends `X-Frame-Options: SAMEORIGIN`: delete it from `response.headers` in this action"
        run: frame_options),
    check!(Webview Required "§5" "webview-cookie-same-site" [WebviewUrl]
        "Cookies of the webview page have SameSite=None and Secure"
        why: "In the frame of another site, browsers hold back every other cookie: nobody stays signed in"
        mend: "Set the cookies of this page with `SameSite=None; Secure; Partitioned`"
        run: cookie_same_site),
    check!(Webview Required "§5" "webview-cookie-partitioned" [WebviewUrl]
        "Cookies of the webview page are Partitioned"
        why: "Browsers that block third-party cookies accept only partitioned ones in a frame"
        mend: "Set the cookies of this page with `SameSite=None; Secure; Partitioned`"
        run: cookie_partitioned),
    check!(Webview Recommended "§5" "webview-other-pages" [ConnectUrl]
        "Pages that are not for the frame cannot be shown in one"
        why: "Another site can lay the page under its own buttons, and make a signed-in organizer click (clickjacking)"
        mend: "Send `Content-Security-Policy: frame-ancestors 'none'` on all other pages"
        hint Express: "Use helmet, with `frameAncestors: [\"'none'\"]` in its `contentSecurityPolicy`"
        hint Django: "Keep `XFrameOptionsMiddleware`"
        run: other_pages),
];

/// The origins of some other sites, and of another port of the platform's machine.
const STRANGERS: [&str; 4] = [
    "https://attacker.example",
    "http://attacker.example",
    "http://127.0.0.1:9",
    "http://localhost:9",
];

/// Opens the webview page as the platform's frame does, signs a participant in if the page asks for it, and returns all exchanges
/// with the integration. The last one is the page.
async fn open(exam: &mut Exam) -> Result<Vec<Exchange>, Problem> {
    let url = exam.integration.settings.webview_url.clone();
    let url = url.ok_or_else(|| Problem::NotChecked("give --webview-url".to_owned()))?;
    let event = exam.connected_event().await;
    let referer = format!("{}/", exam.platform.base());
    let mut browser = Browser::sending(&[
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "cross-site"),
        ("referer", &referer),
    ]);
    let mut exchanges = browser.follow(&url).await;
    let asks = exchanges.last().and_then(redirect);
    let authorize = format!("{}/oauth/authorize", exam.platform.base());
    if let Some(request) = asks.filter(|to| to.as_str().starts_with(&authorize)) {
        let person = event?.people.first().map(|person| person.user_id.clone());
        let decision = ConsentDecision::SignIn(person.unwrap_or_default());
        let callback = exam.consent(&request, decision).await?;
        exchanges.extend(browser.follow(&callback).await);
        exchanges.extend(browser.follow(&url).await);
    }
    exam.evidence.extend(exchanges.iter().cloned());
    Ok(exchanges)
}

/// The page, if it answers 2xx.
async fn page(exam: &mut Exam) -> Result<Exchange, Problem> {
    let exchanges = open(exam).await?;
    match exchanges.last() {
        Some(last) if matches!(last.status, Some(200..=299)) => Ok(last.clone()),
        last => Err(Problem::Untestable(format!(
            "the webview page answers {}",
            last.map(|last| status_text(last.status, last))
                .unwrap_or_default()
        ))),
    }
}

async fn framable(exam: &mut Exam) -> Result<(), Problem> {
    let platform: Url = exam.platform.base().parse().map_err(untestable)?;
    let expected = format!(
        "the page answers 200, and its frame-ancestors allow {}",
        platform.origin().ascii_serialization()
    );
    let exchanges = open(exam).await?;
    let page = match exchanges.last() {
        Some(page) if matches!(page.status, Some(200..=299)) => page,
        Some(page) => return Err(flaw(expected, status_text(page.status, page))),
        None => return Err(Problem::Untestable("no request was sent".to_owned())),
    };
    let ancestors = Ancestors::of(page);
    if ancestors.allow(&platform) {
        Ok(())
    } else {
        Err(flaw(expected, ancestors.text()))
    }
}

async fn frame_ancestors(exam: &mut Exam) -> Result<(), Problem> {
    let ancestors = Ancestors::of(&page(exam).await?);
    let strangers = STRANGERS.iter().filter_map(|origin| origin.parse().ok());
    let allowed = strangers.into_iter().find(|origin: &Url| ancestors.allow(origin));
    match allowed {
        None => Ok(()),
        Some(origin) => Err(flaw(
            format!("frame-ancestors {} and nothing else", exam.platform.base()),
            format!(
                "{}, which allows {}",
                ancestors.text(),
                origin.origin().ascii_serialization()
            ),
        )),
    }
}

async fn frame_options(exam: &mut Exam) -> Result<(), Problem> {
    let page = page(exam).await?;
    match forbidding_options(&page) {
        None => Ok(()),
        Some(value) => Err(flaw("no X-Frame-Options", format!("X-Frame-Options: {value}"))),
    }
}

async fn cookie_same_site(exam: &mut Exam) -> Result<(), Problem> {
    let reaches =
        |cookie: &Cookie<'_>| cookie.same_site() == Some(SameSite::None) && cookie.secure() == Some(true);
    every_cookie(exam, "SameSite=None; Secure", reaches).await
}

async fn cookie_partitioned(exam: &mut Exam) -> Result<(), Problem> {
    every_cookie(exam, "Partitioned", |cookie| cookie.partitioned() == Some(true)).await
}

/// Whether every cookie that the page sets has some attributes.
async fn every_cookie(
    exam: &mut Exam,
    attributes: &str,
    has: fn(&Cookie<'_>) -> bool,
) -> Result<(), Problem> {
    let exchanges = open(exam).await?;
    let mut cookies: Vec<_> = exchanges.iter().flat_map(set_cookies).collect();
    cookies.retain(|cookie| !is_deletion(cookie));
    if cookies.is_empty() {
        let reason = "the webview page sets no cookie";
        return Err(Problem::NotChecked(reason.to_owned()));
    }
    match cookies.iter().find(|cookie| !has(cookie)) {
        None => Ok(()),
        Some(cookie) => Err(flaw(
            format!("each cookie of the page has {attributes}"),
            format!("the cookie {} has {}", cookie.name(), attributes_of(cookie)),
        )),
    }
}

/// The attributes of a cookie, without its value.
fn attributes_of(cookie: &Cookie<'_>) -> String {
    let mut bare = cookie.clone();
    bare.set_value("");
    let text = bare.to_string();
    let attributes = text.split_once("; ").map(|(_, attributes)| attributes);
    attributes.unwrap_or("no attributes").to_owned()
}

async fn other_pages(exam: &mut Exam) -> Result<(), Problem> {
    let Flow { mut browser, request } = Flow::begin(exam).await?;
    let callback = exam.consent(&request, ConsentDecision::Authorize).await?;
    let connect_url = exam.integration.settings.connect_url.clone();
    let home = connect_url.and_then(|url| url.join("/").ok());
    let mut exchanges = browser.follow(&callback).await;
    if let Some(home) = home {
        exchanges.extend(browser.follow(&home).await);
    }
    exam.evidence.extend(exchanges.iter().cloned());
    let framed = exam.integration.settings.webview_url.clone();
    let is_page = |exchange: &&Exchange| {
        let html = exchange
            .response_header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"));
        let is_framed = framed.as_ref().is_some_and(|url| exchange.url == url.as_str());
        html && matches!(exchange.status, Some(200..=299)) && !is_framed
    };
    if !exchanges.iter().any(|exchange| is_page(&exchange)) {
        let reason = "neither the callback nor the first page is in HTML";
        return Err(Problem::NotChecked(reason.to_owned()));
    }
    let attacker: Url = "https://attacker.example".parse().map_err(untestable)?;
    let open = exchanges.iter().filter(is_page).find(|exchange| {
        let ancestors = Ancestors::of(exchange);
        let allowed = ancestors.is_silent() || ancestors.allow(&attacker);
        allowed && forbidding_options(exchange).is_none()
    });
    match open {
        None => Ok(()),
        Some(page) => Err(flaw(
            "frame-ancestors 'none' or 'self', or X-Frame-Options: DENY",
            format!(
                "the page {} allows every site to frame it",
                Url::parse(&page.url)
                    .map(|url| url.path().to_owned())
                    .unwrap_or_default()
            ),
        )),
    }
}
