//! A store that stalls while ten times as many deliveries arrive as may wait for it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use revento_inbox::{Handlers, Inbox, Policy};
use revento_seal::InsecurePlaintext;
use revento_store::{Clock, SystemClock};
use revento_store_sqlite::SqliteStore;
use revento_tower::{RequestVerifier, WebhookEndpoint};
use revento_webhooks::Signer;
use sqlx::{ConnectOptions, Executor, sqlite::SqliteConnectOptions};

use super::{
    ALL, FixedClock, NOW, SECRET,
    client::{Request, Response},
    shelf::Shelf,
    verifier,
};
use crate::support::wait::until;

const PLACES: usize = 16;
const SENDERS: usize = 10 * PLACES;

fn id(number: usize) -> String {
    format!("env_{number}")
}

/// Delivers the envelope with this number.
async fn deliver(port: u16, number: usize) -> Response {
    let body = format!(
        r#"{{"id":"{}","type":"event.published","occurred_at":"2026-05-09T14:22:31Z","event_id":"evt_1","organization_id":"org_1","data":{{}}}}"#,
        id(number)
    );
    let signature = Signer::new(SECRET).unwrap().sign(NOW, body.as_bytes());
    Request::post("/inbox")
        .header("X-Revento-Event", "event.published")
        .header("X-Revento-Delivery-Id", format!("dlv_{number}"))
        .header("X-Revento-Timestamp", NOW.to_string())
        .header("X-Revento-Signature", signature)
        .body(body.as_bytes())
        .send(port)
        .await
}

fn is_early_refusal(response: &Response) -> bool {
    response.status == 503 && response.head.contains("\r\nretry-after: 1\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn d27_an_overloaded_inbox_refuses_at_once_and_loses_nothing_that_it_acknowledged() {
    for adapter in ALL {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("inbox.sqlite");
        let shelf = Arc::new(Shelf::over(SqliteStore::open(&file).await.unwrap()));
        let sealer = InsecurePlaintext::i_accept_that_tokens_are_stored_readable();
        let inbox = Inbox::builder(Arc::clone(&shelf), sealer)
            .policy(Policy::new().max_concurrent_accepts(PLACES))
            .build();
        let verifier = RequestVerifier::new(verifier()).clock(FixedClock::at(NOW));
        let endpoint =
            WebhookEndpoint::new(verifier.clone(), inbox.clone()).store_timeout(Duration::from_secs(15));
        let server = adapter.serve_endpoint(verifier, endpoint).await;

        // Another process writes into the file, and does not come to an end.
        let options = SqliteConnectOptions::new().filename(&file);
        let mut other = options.connect().await.unwrap();
        other.execute("BEGIN IMMEDIATE").await.unwrap();

        let answers = Arc::new(Mutex::new(Vec::new()));
        let senders: Vec<_> = (0..SENDERS)
            .map(|number| {
                let (answers, port) = (Arc::clone(&answers), server.port);
                tokio::spawn(async move {
                    let response = deliver(port, number).await;
                    answers.lock().unwrap().push((number, response));
                })
            })
            .collect();
        until("all but those that wait have an answer", async || {
            let count = answers.lock().unwrap().len();
            if count >= SENDERS - PLACES {
                Ok(())
            } else {
                Err(count)
            }
        })
        .await;
        other.execute("ROLLBACK").await.unwrap();
        for sender in senders {
            sender.await.unwrap();
        }

        assert!(
            shelf.most_inserting() <= PLACES,
            "{adapter:?}: {}",
            shelf.most_inserting()
        );
        let mut refused = Vec::new();
        let answers = std::mem::take(&mut *answers.lock().unwrap());
        for (number, response) in answers {
            let is_stored = inbox.state(&id(number).as_str().into()).await.unwrap().is_some();
            if is_early_refusal(&response) {
                assert!(!is_stored, "{adapter:?} {number}");
                refused.push(number);
            } else if response.status == 200 {
                assert!(is_stored, "{adapter:?} {number}: acknowledged and lost");
            } else {
                // On a busy machine the stall may outlast the patience of the store.
                assert_eq!(response.status, 503, "{adapter:?} {}", response.head);
                refused.push(number);
            }
        }
        assert!(
            refused.len() >= SENDERS - 2 * PLACES,
            "{adapter:?}: {} refused",
            refused.len()
        );

        // The platform sends them again, and there is room.
        for number in refused {
            until("it is accepted", async || {
                match deliver(server.port, number).await {
                    response if response.status == 200 => Ok(()),
                    response => Err(response),
                }
            })
            .await;
        }
        let deadline = SystemClock.now().saturating_add(Duration::from_secs(3600));
        let drained = inbox
            .drain(&Handlers::new(), 10 * SENDERS, deadline)
            .await
            .unwrap();
        assert_eq!((drained.handled, drained.failed), (SENDERS, 0), "{adapter:?}");
    }
}
