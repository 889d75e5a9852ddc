//! `/events/{id}/pages/{page}`: the event's navigation with the integration's page in a frame (contract §5).

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use url::Url;

use super::error_response::ErrorResponse;
use super::extract::SharedRuntime;
use super::page;
use crate::platform::records::{Event, WebviewPage};
use crate::platform::rules;

/// Shows the page. The framed page must allow this origin in its `frame-ancestors`.
pub(super) async fn show(
    State(runtime): SharedRuntime,
    Path((event_id, id)): Path<(String, String)>,
) -> Result<Response, ErrorResponse> {
    let found = runtime
        .read(|state, _| {
            let page = state
                .webview_pages
                .get(&id)
                .filter(|page| page.event_id == event_id)?
                .clone();
            let prefix = page
                .id
                .rsplit_once('_')
                .map(|(prefix, _)| format!("{prefix}_"))
                .unwrap_or_default();
            let pages: Vec<WebviewPage> = state.webview_pages.range(&prefix, None).cloned().collect();
            Some((state.events.get(&event_id)?.clone(), page, pages))
        })
        .await?;
    let missing = || ErrorResponse::not_found(format!("There is no page '{id}' at '{event_id}'."));
    let (event, shown, pages) = found.ok_or_else(missing)?;
    let page_url = Url::parse(&shown.url).ok();
    let origin = page_url
        .as_ref()
        .and_then(rules::frame_source)
        .ok_or_else(missing)?;
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-src {origin} 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    let content = content(&event, &shown, &pages);
    Ok((
        [(header::CONTENT_SECURITY_POLICY, policy)],
        page::document(&shown.title, Some("webview"), &content),
    )
        .into_response())
}

fn content(event: &Event, shown: &WebviewPage, pages: &[WebviewPage]) -> Markup {
    html! {
        header.top {
            span.brand { span.mark.revento aria-hidden="true" { "R" } span { (event.name) } }
            nav aria-label="Event" {
                @for page in pages {
                    a href={ "/events/" (event.id) "/pages/" (page.id) }
                        aria-current=[(page.id == shown.id).then_some("page")] { (page.title) }
                }
            }
        }
        main.framed {
            h1 { (shown.title) }
            p.quiet {
                "Visible to " (shown.visibility) "."
                @if shown.requires_auth { " The page signs you in with Revento." }
            }
            iframe src=(shown.url) title=(shown.title) allow="fullscreen" {}
        }
    }
}
