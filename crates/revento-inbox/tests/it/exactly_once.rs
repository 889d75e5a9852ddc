//! Any deliveries, accepted at once in any interleaving, some dropped in the middle: what was acknowledged is handled once.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use futures_util::future::join_all;
use proptest::{collection::vec, prelude::*, sample::select};
use revento_core::EnvelopeId;
use revento_inbox::{Accepted, Handlers, Inbox};
use revento_store::{DeliveryState::Done, InboxStore, memory::MemoryInbox};
use revento_store_sqlite::SqliteStore;

use crate::world::{Running, arrive, builder, eventually, quick};

/// One request of the platform.
#[derive(Debug, Clone)]
struct Attempt {
    envelope_id: String,
    delivery_id: String,
    /// How many bytes the data has beside its names.
    size: usize,
    /// How often other tasks may run before it begins.
    delay: usize,
    /// After so many polls the connection is gone, and the server drops its future. `None` if it lasts.
    dropped_after: Option<usize>,
}

/// Ids that repeat, and ids of any text. JSON can carry all of it.
fn envelope_id() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "env_1",
            "env_2",
            "env_3",
            "unreadable/1",
            "\0",
            "Zoë 東京",
            "' OR 1=1 --"
        ])
        .prop_map(str::to_owned),
        "(?s).{1,40}",
        "[a-z]{3000}",
    ]
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let size = prop_oneof![199 => 0..2_000_usize, 1 => Just(1 << 20)];
    let dropped_after = prop_oneof![2 => Just(None), 1 => (0..6_usize).prop_map(Some)];
    (envelope_id(), "[!-~]{1,40}", size, 0..20_usize, dropped_after).prop_map(
        |(envelope_id, delivery_id, size, delay, dropped_after)| Attempt {
            envelope_id,
            delivery_id,
            size,
            delay,
            dropped_after,
        },
    )
}

/// A future that is dropped after some polls. Its output is `None` then.
struct Dropped<F> {
    future: Pin<Box<F>>,
    polls_left: Option<usize>,
}

impl<F: Future> Future for Dropped<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.polls_left {
            Some(0) => return Poll::Ready(None),
            Some(left) => *left -= 1,
            None => {}
        }
        self.future.as_mut().poll(context).map(Some)
    }
}

impl Attempt {
    async fn arrive(&self, inbox: &Inbox) -> Option<Accepted> {
        for _ in 0..self.delay {
            tokio::task::yield_now().await;
        }
        let id = serde_json::to_string(&self.envelope_id).unwrap();
        // The same envelope has the same body.
        let data = "x".repeat(self.size);
        let body = format!(
            r#"{{"id":{id},"type":"application.submitted","occurred_at":"2026-05-09T14:22:31Z","event_id":"evt_1","organization_id":"org_1","data":{{"id":"{data}"}}}}"#
        );
        let accepting = Box::pin(arrive(inbox, "application.submitted", &self.delivery_id, &body));
        let answer = Dropped {
            future: accepting,
            polls_left: self.dropped_after,
        };
        answer.await.map(|accepted| accepted.unwrap())
    }
}

/// How often each envelope was handled.
type Calls = Arc<Mutex<BTreeMap<String, usize>>>;

async fn each_is_handled_once(store: Arc<dyn InboxStore>, attempts: &[Attempt]) {
    let inbox = builder(store).policy(quick().concurrency(3)).build();
    let calls = Calls::default();
    let noted = Arc::clone(&calls);
    let handlers = Handlers::new().on_any(move |webhook| {
        let id = webhook.envelope.id.as_str().to_owned();
        *noted.lock().unwrap().entry(id).or_default() += 1;
        async {
            tokio::task::yield_now().await;
            Ok(())
        }
    });
    let running = Running::start(&inbox, handlers);
    let answers = join_all(attempts.iter().map(|attempt| attempt.arrive(&inbox))).await;
    for (attempt, answer) in attempts.iter().zip(answers) {
        if answer.is_some() {
            let id = stored_id(&attempt.envelope_id);
            eventually(async || inbox.state(&id).await.unwrap() == Some(Done)).await;
            let count = calls.lock().unwrap().get(&attempt.envelope_id).copied();
            assert_eq!(count, Some(1), "{attempt:?}");
        }
    }
    running.stop().await;
    // What was not acknowledged may be stored, and is not handled twice either.
    for (id, count) in calls.lock().unwrap().iter() {
        assert_eq!(*count, 1, "{id:?}");
    }
}

/// Ids that look like those of unreadable bodies are stored under another one.
fn stored_id(id: &str) -> EnvelopeId {
    match id.strip_prefix("unreadable/") {
        Some(rest) => format!("unreadable//{rest}").as_str().into(),
        None => id.into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn q28_what_was_acknowledged_is_handled_once_in_any_interleaving(attempts in vec(attempt(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            each_is_handled_once(Arc::new(MemoryInbox::default()), &attempts).await;
            let folder = tempfile::tempdir().unwrap();
            let store = SqliteStore::open(folder.path().join("inbox.sqlite")).await.unwrap();
            each_is_handled_once(Arc::new(store), &attempts).await;
        });
    }
}
