//! Which handlers the runner calls, in which order, with which webhook.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use revento_core::{EventType, kind::ApplicationSubmitted};
use revento_inbox::{FailureAction, HandlerError, Handlers, Webhook};
use revento_store::DeliveryState::{Buried, Done};

use crate::{
    engines,
    world::{Running, Seen, inbox, run_until, sent, until},
};

/// A handler that records its name, and fails if its name says so.
fn named(
    seen: &Seen,
    name: &'static str,
) -> impl Fn(Webhook) -> std::future::Ready<Result<(), HandlerError>> + Send + Sync + 'static {
    let seen = seen.clone();
    move |_| {
        seen.note(name);
        assert!(!name.contains("panics"), "as its name says");
        let fails = name.contains("fails");
        std::future::ready(if fails {
            Err(HandlerError::permanent(name))
        } else {
            Ok(())
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d14_all_handlers_are_called_from_the_specific_to_the_general_and_their_errors_are_gathered() {
    for place in engines::all() {
        let (inbox, sent, seen) = (inbox(place.open().await), sent("1"), Seen::default());
        let told = seen.clone();
        let handlers = Handlers::new()
            .on_any(named(&seen, "any"))
            .on_unknown(named(&seen, "unknown"))
            .on_group("application", named(&seen, "group fails"))
            .on_group("app", named(&seen, "another group"))
            .on_type(EventType::ApplicationSubmitted, named(&seen, "type fails"))
            .on_type(EventType::ApplicationSubmitted, named(&seen, "type"))
            .on_type(EventType::ApplicationApproved, named(&seen, "another type"))
            .on_failure(move |failure| {
                let texts: Vec<_> = failure.errors.iter().map(ToString::to_string).collect();
                told.note(format!(
                    "{} {texts:?} {}",
                    failure.webhook.unwrap().envelope.id,
                    failure.action == FailureAction::Bury
                ));
                std::future::ready(Ok(()))
            });
        sent.arrive(&inbox).await.unwrap();
        run_until(&inbox, handlers, &sent.id(), Buried).await;
        let expected = [
            "type fails",
            "type",
            "group fails",
            "any",
            r#"env_1 ["type fails", "group fails"] true"#,
        ];
        assert_eq!(seen.all(), expected, "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d13_a_panic_is_isolated_counted_and_retried() {
    for place in engines::all() {
        let (inbox, seen) = (inbox(place.open().await), Seen::default());
        let (bad, good) = (sent("bad"), sent("good").of_type("event.published"));
        let told = seen.clone();
        let handlers = Handlers::new()
            .on_type(EventType::ApplicationSubmitted, named(&seen, "panics"))
            .on_any(named(&seen, "any"))
            .on_failure(move |failure| {
                told.note(format!("{} {:?}", failure.attempt, failure.errors));
                std::future::ready(Ok(()))
            });
        bad.arrive(&inbox).await.unwrap();
        let running = Running::start(&inbox, handlers);
        until(&inbox, &bad.id(), Buried).await;
        good.arrive(&inbox).await.unwrap();
        until(&inbox, &good.id(), Done).await;
        running.stop().await;
        let seen = seen.all();
        let count = |name: &str| seen.iter().filter(|text| text.as_str() == name).count();
        assert_eq!((count("panics"), count("any")), (3, 4), "{place:?} {seen:?}");
        for attempt in 1..=3 {
            let failure = format!(
                r#"{attempt} [HandlerError {{ permanent: false, message: "the handler panicked" }}]"#
            );
            assert_eq!(count(&failure), 1, "{place:?} {seen:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d15_a_failing_hook_changes_nothing() {
    for place in engines::all() {
        let inbox = inbox(place.open().await);
        for (id, outcome) in [("panic", None), ("error", Some("the pager is down"))] {
            let (sent, seen) = (sent(id), Seen::default());
            let told = seen.clone();
            let handlers = Handlers::new()
                .on_any(named(&seen, "fails"))
                .on_failure(move |_| {
                    told.note("told");
                    let error = outcome.expect("a hook that panics");
                    std::future::ready(Err(HandlerError::retry(error)))
                });
            sent.arrive(&inbox).await.unwrap();
            let running = Running::start(&inbox, handlers);
            until(&inbox, &sent.id(), Buried).await;
            // The runner lives: a replay is handled, and fails again.
            sent.arrive(&inbox).await.unwrap();
            until(&inbox, &sent.id(), Buried).await;
            running.stop().await;
            assert_eq!(seen.all(), ["fails", "told", "fails", "told"], "{place:?} {id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d18_a_handler_that_is_registered_twice_is_called_twice_and_taken_back_once() {
    for place in engines::all() {
        let (inbox, seen) = (inbox(place.open().await), Seen::default());
        let twice = |seen: &Seen| {
            Handlers::new()
                .on_type(EventType::ApplicationSubmitted, named(seen, "same"))
                .on_type(EventType::ApplicationSubmitted, named(seen, "same"))
                .on_type(EventType::ApplicationSubmitted, named(seen, "last"))
                .without_last(&EventType::ApplicationSubmitted)
                .without_last(&EventType::ApplicationApproved)
        };
        let (one, two) = (sent("1"), sent("2"));
        one.arrive(&inbox).await.unwrap();
        run_until(&inbox, twice(&seen), &one.id(), Done).await;
        assert_eq!(seen.all(), ["same", "same"], "{place:?}");

        let once = twice(&seen).without_last(&EventType::ApplicationSubmitted);
        two.arrive(&inbox).await.unwrap();
        run_until(&inbox, once, &two.id(), Done).await;
        assert_eq!(seen.all(), ["same", "same", "same"], "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d20_a_handler_learns_which_attempt_it_is() {
    for place in engines::all() {
        let (inbox, sent, seen) = (inbox(place.open().await), sent("1"), Seen::default());
        let noted = seen.clone();
        let handlers = Handlers::new().on_any(move |webhook| {
            noted.note(format!("attempt {} of {}", webhook.attempt, webhook.delivery_id));
            std::future::ready(if webhook.attempt < 3 {
                Err(HandlerError::retry("not yet"))
            } else {
                Ok(())
            })
        });
        sent.arrive(&inbox).await.unwrap();
        run_until(&inbox, handlers, &sent.id(), Done).await;
        let expected = ["attempt 1 of dlv_1", "attempt 2 of dlv_1", "attempt 3 of dlv_1"];
        assert_eq!(seen.all(), expected, "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d21_an_unknown_type_reaches_who_asked_for_it_with_its_raw_data() {
    const DATA: &str = r#"{"tier":"gold",  "since":1e3}"#;
    for place in engines::all() {
        let (inbox, seen) = (inbox(place.open().await), Seen::default());
        let unknown = sent("1").of_type("sponsor.added").with_data(DATA);
        let noted = seen.clone();
        let handlers = Handlers::new()
            .on_any(named(&seen, "any"))
            .on_unknown(move |webhook| {
                noted.note(webhook.envelope.data_json());
                std::future::ready(Ok(()))
            })
            .on_group("sponsor", named(&seen, "group"))
            .on_type(EventType::from("sponsor.added"), named(&seen, "type"));
        unknown.arrive(&inbox).await.unwrap();
        run_until(&inbox, handlers, &unknown.id(), Done).await;
        assert_eq!(seen.all(), ["type", "group", DATA, "any"], "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_a_type_that_nobody_handles_is_noted_as_handled() {
    for place in engines::all() {
        let (inbox, sent) = (inbox(place.open().await), sent("1"));
        sent.arrive(&inbox).await.unwrap();
        run_until(&inbox, Handlers::new(), &sent.id(), Done).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d19_two_inboxes_in_one_process_stay_separate() {
    for (one, two) in engines::all().into_iter().zip(engines::all()) {
        let (one, two) = (inbox(one.open().await), inbox(two.open().await));
        let counts = [Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0))];
        let counting = |index: usize| {
            let count = Arc::clone(&counts[index]);
            Handlers::new().on_any(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
                std::future::ready(Ok(()))
            })
        };
        let others = Running::start(&two, counting(1));
        let sent = sent("1");
        sent.arrive(&one).await.unwrap();
        run_until(&one, counting(0), &sent.id(), Done).await;
        others.stop().await;
        assert_eq!(counts.map(|count| count.load(Ordering::SeqCst)), [1, 0]);
        assert_eq!(two.state(&sent.id()).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_handler_gets_the_data_of_its_kind_only() {
    for place in engines::all() {
        let (inbox, seen) = (inbox(place.open().await), Seen::default());
        let (wanted, other) = (sent("1"), sent("2").of_type("application.rejected"));
        let noted = seen.clone();
        let handlers =
            Handlers::new().on::<ApplicationSubmitted>(move |webhook: Webhook<ApplicationSubmitted>| {
                noted.note(format!("{} {}", webhook.data.id, webhook.attempt));
                std::future::ready(Ok(()))
            });
        wanted.arrive(&inbox).await.unwrap();
        other.arrive(&inbox).await.unwrap();
        let running = Running::start(&inbox, handlers);
        until(&inbox, &wanted.id(), Done).await;
        until(&inbox, &other.id(), Done).await;
        running.stop().await;
        assert_eq!(seen.all(), ["app_1 1"], "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_a_webhook_whose_data_cannot_be_read_is_buried_with_type_and_path() {
    for place in engines::all() {
        let (inbox, seen) = (inbox(place.open().await), Seen::default());
        let sent = sent("1").with_data(r#"{"id":["planted"],"status":"pending"}"#);
        let (typed, failed) = (seen.clone(), seen.clone());
        let handlers = Handlers::new()
            .on::<ApplicationSubmitted>(move |_: Webhook<ApplicationSubmitted>| {
                typed.note("typed");
                std::future::ready(Ok(()))
            })
            .on_any(named(&seen, "any"))
            .on_failure(move |failure| {
                failed.note(format!("{} {}", failure.attempt, failure.errors[0]));
                std::future::ready(Ok(()))
            });
        sent.arrive(&inbox).await.unwrap();
        run_until(&inbox, handlers, &sent.id(), Buried).await;
        let seen = seen.all();
        assert_eq!(seen.len(), 2, "one attempt, without the typed handler: {seen:?}");
        assert_eq!(seen[0], "any");
        let error = &seen[1];
        assert!(
            error.starts_with("1 ") && error.contains("application.submitted") && error.contains("data.id"),
            "{place:?} {error}"
        );
        assert!(!error.contains("planted"), "{place:?} {error}");
    }
}
