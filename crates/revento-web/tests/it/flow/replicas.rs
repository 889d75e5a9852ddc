//! Callbacks that reach several replicas, a process that dies between its mark and its request, and a store that fails.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
};

use async_trait::async_trait;
use futures_util::{FutureExt, future::join_all};
use http::{
    StatusCode,
    header::{RETRY_AFTER, SET_COOKIE},
};
use revento_core::{Scopes, Timestamp, TokenKind};
use revento_oauth::AuthorizationRequest;
use revento_store::{Once, StoreError, StoreErrorReason, memory::MemoryOnce};
use revento_web::FlowError;

use super::browser::{Browser, Service, organizer};

fn participant() -> AuthorizationRequest {
    AuthorizationRequest {
        event_id: "evt_1".into(),
        scopes: Scopes::parse("profile.read"),
    }
}

/// How many codes the platform got from all replicas.
fn sent(replicas: &[Service]) -> u32 {
    replicas
        .iter()
        .map(|replica| replica.platform.codes.load(SeqCst))
        .sum()
}

#[tokio::test]
async fn o21_a_callback_that_reaches_two_replicas_spends_its_code_once() {
    for (request, kind) in [
        (organizer(), TokenKind::Installation),
        (participant(), TokenKind::User),
    ] {
        let marks = Arc::new(MemoryOnce::new());
        let replicas = [(); 3].map(|()| Service::with_marks(Arc::clone(&marks)));
        for replica in &replicas {
            replica.platform.signs_in.store(kind == TokenKind::User, SeqCst);
        }
        let mut browser = Browser::default();
        let state = browser.begin_for(&replicas[0], &request).await;
        let request = browser.visits(&format!("/callback?code=abc&state={state}"));
        // Each replica gets the callback twice, all at once.
        let both = replicas.iter().chain(&replicas);
        let outcomes = join_all(both.map(|replica| replica.flow.finish(&request))).await;
        assert_eq!(sent(&replicas), 1, "{kind:?}");
        let (connected, refused): (Vec<_>, Vec<_>) =
            outcomes.into_iter().partition(|outcome| outcome.result.is_ok());
        assert_eq!((connected.len(), refused.len()), (1, 5), "{kind:?}");
        for outcome in refused {
            let error = outcome.result.unwrap_err();
            assert!(
                matches!(&error, FlowError::AlreadyUsed { event_id, token_kind }
                    if event_id.as_str() == "evt_1" && *token_kind == kind),
                "{error:?}"
            );
            assert!(error.may_have_taken_effect() && error.status() == StatusCode::CONFLICT);
            let response = outcome.headers.apply(error.to_response());
            browser.take(response.headers());
            assert!(browser.cookies.is_empty(), "the flow has ended");
        }
    }
}

/// Shows that the scenario fails without common marks.
#[tokio::test]
async fn o21_replicas_with_marks_of_their_own_spend_a_code_twice() {
    let replicas = [(); 2].map(|()| Service::with_marks(MemoryOnce::new()));
    let mut browser = Browser::default();
    let state = browser.begin(&replicas[0]).await;
    for replica in &replicas {
        let mut same = browser.clone();
        same.call_back(replica, &format!("code=abc&state={state}"))
            .await
            .unwrap();
    }
    assert_eq!(sent(&replicas), 2);
}

/// Takes the mark, and then the process stops.
#[derive(Debug)]
struct DiesAfterTheMark(Arc<MemoryOnce>);

#[async_trait]
impl Once for DiesAfterTheMark {
    async fn take(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        self.0.take(id, now, until).await?;
        pending().await
    }
}

#[tokio::test]
async fn o22_a_process_that_dies_after_the_mark_sends_nothing_and_the_human_begins_again() {
    let marks = Arc::new(MemoryOnce::new());
    let replicas = [
        Service::with_marks(DiesAfterTheMark(Arc::clone(&marks))),
        Service::with_marks(Arc::clone(&marks)),
    ];
    let [dies, lives] = &replicas;
    let mut browser = Browser::default();
    let state = browser.begin(lives).await;
    let query = format!("code=abc&state={state}");
    let request = browser.visits(&format!("/callback?{query}"));
    assert!(dies.flow.finish(&request).now_or_never().is_none());

    let error = browser.call_back(lives, &query).await.unwrap_err();
    assert!(matches!(error, FlowError::AlreadyUsed { .. }), "{error:?}");
    assert!(error.to_string().contains("connect again"), "{error}");
    assert_eq!(sent(&replicas), 0, "the code was not spent");

    let state = browser.begin(lives).await;
    browser
        .call_back(lives, &format!("code=def&state={state}"))
        .await
        .unwrap();
    assert_eq!(sent(&replicas), 1);
}

/// Counts its calls, and fails while it is told to.
#[derive(Debug, Default)]
struct Failing {
    marks: MemoryOnce,
    fails: AtomicBool,
    calls: AtomicU32,
}

#[async_trait]
impl Once for Failing {
    async fn take(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        self.calls.fetch_add(1, SeqCst);
        if self.fails.load(SeqCst) {
            let reason = StoreErrorReason::Unavailable;
            return Err(StoreError::read(reason, "taking a mark", "the disk is full"));
        }
        self.marks.take(id, now, until).await
    }
}

#[tokio::test]
async fn o22_while_the_store_fails_nothing_is_sent_and_the_callback_stays_good() {
    let store = Arc::new(Failing::default());
    let service = Service::with_marks(Arc::clone(&store));
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    let query = format!("code=abc&state={state}");
    store.fails.store(true, SeqCst);
    for _ in 0..30 {
        let request = browser.visits(&format!("/callback?{query}"));
        let outcome = service.flow.finish(&request).await;
        let error = outcome.result.unwrap_err();
        assert!(
            matches!(error, FlowError::Store(_)) && error.is_transient(),
            "{error:?}"
        );
        assert!(!error.may_have_taken_effect());
        let response = outcome.headers.apply(error.to_response());
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key(RETRY_AFTER));
        assert!(!response.headers().contains_key(SET_COOKIE), "the flow goes on");
    }
    assert_eq!(service.platform.codes.load(SeqCst), 0);
    store.fails.store(false, SeqCst);
    browser.call_back(&service, &query).await.unwrap();
    assert_eq!(service.platform.codes.load(SeqCst), 1);
}

#[tokio::test]
async fn h14_a_callback_that_comes_again_and_again_costs_each_replica_one_call_of_the_store() {
    let store = Arc::new(Failing::default());
    let replicas = [(); 2].map(|()| Service::with_marks(Arc::clone(&store)));
    let mut browser = Browser::default();
    let state = browser.begin(&replicas[0]).await;
    let request = browser.visits(&format!("/callback?code=abc&state={state}"));
    for _ in 0..400 {
        for replica in &replicas {
            let _ = replica.flow.finish(&request).await;
        }
    }
    assert_eq!(store.calls.load(SeqCst), 2);
    assert_eq!(sent(&replicas), 1);
    // The repetitions have not used up the limit of exchanges.
    let state = browser.begin(&replicas[1]).await;
    browser
        .call_back(&replicas[1], &format!("code=def&state={state}"))
        .await
        .unwrap();
}
