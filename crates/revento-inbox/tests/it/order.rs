//! Deliveries of one resource run in order, different resources run independently, and no delivery runs twice.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use revento_inbox::{HandlerError, Handlers, by_resource};
use revento_store::DeliveryState::{Done, Queued};
use tokio::sync::Semaphore;

use crate::{
    engines,
    world::{Running, Seen, builder, inbox, sent, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn q8_replicas_handle_a_backlog_once_each_and_after_a_restart() {
    for place in engines::all() {
        let all: Vec<_> = (0..40).map(|number| sent(&number.to_string())).collect();
        {
            let first = inbox(place.open().await);
            for sent in &all {
                sent.arrive(&first).await.unwrap();
            }
        }
        let seen = Seen::default();
        let handlers = {
            let seen = seen.clone();
            Handlers::new().on_any(move |webhook| {
                let seen = seen.clone();
                async move {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    seen.note(webhook.envelope.id.as_str());
                    Ok(())
                }
            })
        };
        let replicas = [inbox(place.open().await), inbox(place.open().await)];
        let running: Vec<_> = replicas
            .iter()
            .map(|inbox| Running::start(inbox, handlers.clone()))
            .collect();
        for sent in &all {
            until(&replicas[0], &sent.id(), Done).await;
        }
        for running in running {
            running.stop().await;
        }
        let mut handled = seen.all();
        handled.sort();
        handled.dedup();
        assert_eq!((handled.len(), seen.all().len()), (40, 40), "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q14_the_deliveries_of_one_resource_are_handled_in_order_those_of_others_meanwhile() {
    for place in engines::all() {
        let inbox = builder(place.open().await).ordered_by(by_resource).build();
        let seen = Seen::default();
        let finish = Arc::new(Semaphore::new(0));
        let (noted, gate) = (seen.clone(), Arc::clone(&finish));
        // The resource `slow` waits; its first delivery fails once, which does not let the second one pass.
        let handlers = Handlers::new().on_any(move |webhook| {
            let (noted, gate) = (noted.clone(), Arc::clone(&gate));
            async move {
                if webhook.envelope.data_json().contains("slow") {
                    gate.acquire().await?.forget();
                }
                noted.note(format!("{} {}", webhook.envelope.id, webhook.attempt));
                if webhook.envelope.id.as_str() == "env_s1" && webhook.attempt == 1 {
                    return Err(HandlerError::retry("once"));
                }
                Ok(())
            }
        });
        let slow: Vec<_> = ["s1", "s2", "s3"]
            .map(|id| sent(id).with_data(r#"{"id":"app_slow"}"#))
            .into();
        let quick = sent("quick").with_data(r#"{"id":"app_quick"}"#);
        for sent in slow.iter().chain([&quick]) {
            sent.arrive(&inbox).await.unwrap();
        }
        let running = Running::start(&inbox, handlers);
        until(&inbox, &quick.id(), Done).await;
        assert_eq!(seen.all(), ["env_quick 1"], "{place:?}");
        assert_eq!(inbox.state(&slow[1].id()).await.unwrap(), Some(Queued));
        finish.add_permits(100);
        until(&inbox, &slow[2].id(), Done).await;
        running.stop().await;
        let expected = ["env_s1 1", "env_s1 2", "env_s2 1", "env_s3 1"];
        assert_eq!(seen.all()[1..], expected, "{place:?}");
    }
}

/// A service's copy of its applications: each status with its time.
type Kept = Arc<Mutex<BTreeMap<String, (revento_core::Timestamp, String)>>>;

#[tokio::test(flavor = "multi_thread")]
async fn q13_an_older_snapshot_never_overwrites_a_newer_one() {
    for place in engines::all() {
        let inbox = builder(place.open().await).ordered_by(by_resource).build();
        let kept = Kept::default();
        let table = Arc::clone(&kept);
        let handlers = Handlers::new().on_any(move |webhook| {
            let mut table = table.lock().unwrap();
            let known = table.get("app_1").map(|(at, _)| *at);
            if webhook.supersedes(known) {
                let row = (webhook.envelope.occurred_at, webhook.envelope.id.to_string());
                table.insert("app_1".to_owned(), row);
            }
            std::future::ready(Ok(()))
        });
        let running = Running::start(&inbox, handlers);
        for (id, occurred_at) in [
            ("second", "2026-05-09T14:22:32Z"),
            ("first", "2026-05-09T14:22:31Z"),
            ("third", "2026-05-09T14:22:32.000001Z"),
            ("late", "2026-05-09T14:22:30Z"),
        ] {
            let sent = sent(id).at(occurred_at);
            sent.arrive(&inbox).await.unwrap();
            until(&inbox, &sent.id(), Done).await;
        }
        running.stop().await;
        assert_eq!(kept.lock().unwrap()["app_1"].1, "env_third", "{place:?}");
    }
}
