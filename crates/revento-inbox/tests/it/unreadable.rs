//! Webhooks whose data cannot be read are buried with an alert, and never acknowledged and forgotten.

use revento_core::kind::{ApplicationApproved, UserRevokedAccess};
use revento_inbox::{Deletions, FailureAction, Handlers};
use revento_store::{
    DeliveryState::{Buried, Done},
    memory::MemoryDeletions,
};

use crate::{
    engines,
    world::{Seen, Sent, inbox, run_until, sent},
};

/// Handlers that record the failures that they are told of.
fn telling(handlers: Handlers, seen: &Seen) -> Handlers {
    let seen = seen.clone();
    handlers.on_failure(move |failure| {
        let errors: Vec<_> = failure.errors.iter().map(ToString::to_string).collect();
        seen.note(format!("{} {}", failure.attempt, errors.join("; ")));
        assert_eq!(failure.action, FailureAction::Bury);
        std::future::ready(Ok(()))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn h3_a_typed_webhook_with_unreadable_data_is_buried_at_once_and_told() {
    for place in engines::all() {
        let inbox = inbox(place.open().await);
        for (id, event_type, data, says) in [
            ("1", "user.revoked_access", r#"{"user_id":7}"#, "data.user_id"),
            ("2", "user.revoked_access", r#""planted""#, "data cannot be read"),
            ("3", "user.revoked_access", "null", "data cannot be read"),
            (
                "4",
                "application.approved",
                r#"{"id":"planted","status":"approved"}"#,
                "data.approved_at",
            ),
        ] {
            let (sent, seen) = (sent(id).of_type(event_type).with_data(data), Seen::default());
            let noted = seen.clone();
            let handlers = Handlers::new()
                .on::<UserRevokedAccess>(async |_| Ok(()))
                .on::<ApplicationApproved>(async |_| Ok(()))
                .on_any(move |_| {
                    noted.note("any");
                    std::future::ready(Ok(()))
                });
            sent.arrive(&inbox).await.unwrap();
            run_until(&inbox, telling(handlers, &seen), &sent.id(), Buried).await;
            let seen = seen.all();
            let [any, told] = &seen[..] else {
                panic!("{seen:?}")
            };
            assert_eq!(any, "any", "the other handlers are called");
            assert!(
                told.starts_with("1 ") && told.contains(says) && !told.contains("planted"),
                "{told}"
            );
        }
    }
}

/// A handler of one's own that reads data with `?`.
#[tokio::test(flavor = "multi_thread")]
async fn h3_what_a_handler_cannot_read_is_not_tried_again() {
    for place in engines::all() {
        let (inbox, seen) = (inbox(place.open().await), Seen::default());
        let sent = sent("1").with_data(r#"{"id":["planted"]}"#);
        let handlers = Handlers::new().on_any(async |webhook| {
            let _: std::collections::BTreeMap<String, String> = webhook.envelope.data()?;
            Ok(())
        });
        sent.arrive(&inbox).await.unwrap();
        run_until(&inbox, telling(handlers, &seen), &sent.id(), Buried).await;
        let [told] = &seen.all()[..] else {
            panic!("{seen:?}")
        };
        assert!(told.starts_with("1 ") && !told.contains("planted"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h3_a_deletion_without_a_readable_deadline_is_a_duty_and_is_buried_with_an_alert() {
    const LATEST: &str = "2026-06-08T14:22:31Z";
    let deletion =
        |id: &str, data: &str| -> Sent { sent(id).of_type("data.deletion_required").with_data(data) };
    for place in engines::all() {
        let inbox = inbox(place.open().await);
        let ledger = Deletions::new(MemoryDeletions::new());
        for (id, data, ends_as) in [
            ("1", "[]", Buried),
            ("2", "null", Buried),
            (
                "3",
                r#"{"deadline_at":"soon, planted","reason":"archived"}"#,
                Buried,
            ),
            ("4", r#"{"deadline_at":1780928551,"reason":7}"#, Buried),
            ("5", r#"{"deadline_at":null}"#, Done),
            ("6", r#"{"reason":["archived"]}"#, Done),
        ] {
            let (sent, seen) = (deletion(id, data), Seen::default());
            sent.arrive(&inbox).await.unwrap();
            let handlers = telling(Handlers::new().on_any(ledger.handler()), &seen);
            run_until(&inbox, handlers, &sent.id(), ends_as).await;
            let duty = ledger.duty(&sent.id()).await.unwrap().unwrap();
            assert_eq!(duty.deadline_at, LATEST.parse().unwrap(), "{data}");
            let told = seen.all().join("\n");
            assert_eq!(told.lines().count(), usize::from(ends_as == Buried), "{told}");
            assert!(!told.contains("planted"), "{told}");
        }
    }
}
