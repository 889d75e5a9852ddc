//! What was told to the doctor does not fit: that is no mistake of the integration, and the reason says what to tell.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use revento_doctor::Outcome;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::examination::{examine_as, what};

/// A page that keeps what the integration's own page has once shown.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<HashMap<String, String>>>);

async fn kept(State(Kept(pages)): State<Kept>, Query(query): Query<HashMap<String, String>>) -> String {
    let (url, event) = (&query["url"], &query["event_id"]);
    let mut pages = pages.lock().await;
    if !pages.contains_key(event) {
        let answer = reqwest::get(format!("{url}?event_id={event}")).await.unwrap();
        pages.insert(event.clone(), answer.text().await.unwrap());
    }
    pages[event].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_page_that_shows_what_it_has_kept_is_not_taken_for_a_missing_refresh() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let cache = format!("http://{}/kept", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/kept", get(kept))
        .with_state(Kept::default());
    tokio::spawn(async move { axum::serve(listener, router).await });

    let told = |settings: &mut revento_doctor::Settings| {
        let page = settings.read_url.take().unwrap();
        let page = page.split('?').next().unwrap();
        settings.read_url = Some(format!("{cache}?url={page}&event_id={{event_id}}"));
        settings.only = vec!["tokens-refresh-at-expiry".to_owned()];
    };
    let report = examine_as("", told).await.unwrap();
    let [result] = &report.results[..] else {
        panic!("{report:?}")
    };
    let reason = what(result);
    assert!(matches!(result.outcome, Outcome::Untestable { .. }), "{reason}");
    assert!(reason.contains("has to read the participants now"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_page_of_another_event_is_named() {
    let told = |settings: &mut revento_doctor::Settings| {
        let page = settings.login_url.take().unwrap();
        settings.login_url = page.split('?').next().map(str::to_owned);
        settings.only = vec!["ending-participant-revoked".to_owned()];
    };
    let report = examine_as("", told).await.unwrap();
    let [result] = &report.results[..] else {
        panic!("{report:?}")
    };
    let reason = what(result);
    assert!(matches!(result.outcome, Outcome::Untestable { .. }), "{reason}");
    assert!(
        reason.contains("evt_test_published") && reason.contains("{event_id}"),
        "{reason}"
    );
}
