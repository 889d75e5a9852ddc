//! What is remembered of a handled delivery, and for how long.

use std::{fs, sync::Arc, time::Duration};

use revento_inbox::{Accepted, Handlers, Policy};
use revento_store::DeliveryState::{Buried, Done};

use crate::{
    engines::{self, Place},
    world::{Ahead, Running, builder, eventually, inbox, quick, run_until, sent},
};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test(flavor = "multi_thread")]
async fn q12_a_handled_delivery_is_known_for_seven_days_whatever_the_policy_says() {
    for place in engines::all() {
        let clock = Arc::new(Ahead::default());
        let policy = Policy {
            remember: Duration::ZERO,
            ..quick()
        };
        let inbox = builder(place.open().await)
            .policy(policy)
            .clock(clock.clone())
            .build();
        let sent = sent("1");
        sent.arrive(&inbox).await.unwrap();
        run_until(&inbox, Handlers::new(), &sent.id(), Done).await;

        clock.advance(7 * DAY - Duration::from_secs(3600));
        let running = Running::start(&inbox, Handlers::new());
        assert_eq!(
            sent.arrive(&inbox).await.unwrap(),
            Accepted::Known(Done),
            "{place:?}"
        );
        running.stop().await;
        assert_eq!(inbox.state(&sent.id()).await.unwrap(), Some(Done), "{place:?}");

        clock.advance(Duration::from_secs(7200));
        let running = Running::start(&inbox, Handlers::new());
        eventually(async || inbox.state(&sent.id()).await.unwrap().is_none()).await;
        running.stop().await;
    }
}

/// Once it is handled, only its identities are kept.
#[tokio::test(flavor = "multi_thread")]
async fn q18_the_content_of_a_handled_delivery_is_wiped_and_its_identity_stays() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("inbox.sqlite");
    let place = Place::Sqlite(directory);
    let inbox = inbox(place.open().await);
    let filler = "x".repeat(300_000);
    let sent = sent("1").with_data(&format!(r#"{{"id":"app_1","dietary_notes":"{filler}"}}"#));
    sent.arrive(&inbox).await.unwrap();
    run_until(&inbox, Handlers::new(), &sent.id(), Done).await;
    assert_eq!(inbox.state(&sent.id()).await.unwrap(), Some(Done));

    let copy = file.with_extension("copy");
    let connection = sqlx::SqlitePool::connect(file.to_str().unwrap()).await.unwrap();
    sqlx::query("VACUUM INTO ?")
        .bind(copy.to_str().unwrap())
        .execute(&connection)
        .await
        .unwrap();
    let rest = fs::metadata(copy).unwrap().len();
    assert!(rest < 200_000, "{rest} bytes are left");
}

#[tokio::test(flavor = "multi_thread")]
async fn q12_what_is_buried_is_not_forgotten() {
    for place in engines::all() {
        let clock = Arc::new(Ahead::default());
        let inbox = builder(place.open().await).clock(clock.clone()).build();
        let (sent, later) = (sent("1"), sent("2"));
        sent.arrive(&inbox).await.unwrap();
        let refuse =
            Handlers::new().on_any(async |_| Err(revento_inbox::HandlerError::permanent("no such table")));
        run_until(&inbox, refuse, &sent.id(), Buried).await;
        clock.advance(400 * DAY);
        later.arrive(&inbox).await.unwrap();
        run_until(&inbox, Handlers::new(), &later.id(), Done).await;
        assert_eq!(inbox.state(&sent.id()).await.unwrap(), Some(Buried), "{place:?}");
    }
}
