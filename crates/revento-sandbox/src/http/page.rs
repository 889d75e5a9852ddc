//! What all pages share: the HTML document, and the check that a form comes from the same site.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::error_response::ErrorResponse;
use crate::primitives::text;

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="same-origin";
            title { (title) " · Revento sandbox" }
            link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
            link rel="stylesheet" href="/assets/base.css";
            link rel="stylesheet" href="/assets/console.css";
        }
    }
}

/// A document with the given body. All pages are made here, so no foreign text in any of them is hidden or acts on the
/// screen.
pub(super) fn document(title: &str, class: Option<&str>, content: &Markup) -> Markup {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body class=[class] { (content) }
        }
    };
    PreEscaped(text::visible(&page.0).into_owned())
}

/// Only this platform may frame a bare page (contract §5). The policy does not restrict form targets, because the
/// answer to a consent form redirects to the integration.
const BARE_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'self'; base-uri 'none'";

/// A page with one card in the middle.
pub(super) fn bare(title: &str, content: &Markup) -> Response {
    let body = html! {
        main { (content) }
        footer { "Revento sandbox: a platform for tests. All data is made up." }
    };
    let page = document(title, Some("bare"), &body);
    ([(header::CONTENT_SECURITY_POLICY, BARE_POLICY)], page).into_response()
}

/// A page of the console, with its navigation. It shows the state of this version or a newer one.
pub(super) fn console(
    title: &str,
    here: &str,
    version: u64,
    nav: &[(&str, &str, Option<usize>)],
    content: &Markup,
) -> Markup {
    let body = html! {
        a.skip href="#main" { "Skip to the content" }
        header.top {
            a.brand href="/console" { span.mark.revento aria-hidden="true" { "R" } span { "Revento " em { "sandbox" } } }
            nav aria-label="Console" {
                @for (path, name, count) in nav {
                    a href=(path) aria-current=[(*path == here).then_some("page")] {
                        (name)
                        @if let Some(count) = count.filter(|count| *count > 0) { span.count { (count) } }
                    }
                }
            }
            span.live #live data-src={ "/console/live?since=" (version) } role="status" hidden { "live" }
        }
        main #main { (content) }
        script src="/assets/live.js" defer {}
    };
    document(title, None, &body)
}

/// Refuses requests that a browser sends from another site. Other clients do not send these headers. `origin` is the one
/// under which browsers see the sandbox; a proxy may have changed the `Host`.
pub(super) fn same_site(origin: &str, headers: &HeaderMap) -> Result<(), ErrorResponse> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    let foreign_site = site.is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let foreign_origin = text(header::ORIGIN).is_some_and(|sent| {
        let host = sent.split_once("://").map(|(_, host)| host);
        sent != origin && host != text(header::HOST)
    });
    if foreign_site || (site.is_none() && foreign_origin) {
        return Err(ErrorResponse::new(
            403,
            "cross_site",
            "This form was sent from another site. Open the page here and send it again.",
        ));
    }
    Ok(())
}
