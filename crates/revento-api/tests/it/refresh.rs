//! One refresh for any number of callers.

use std::time::Duration;

use futures_util::future::join_all;
use revento_api::{Error, Retry, SessionError};
use revento_core::{ApiErrorCode, ConnectionStatus};

use crate::support::{EVENT, Plan, World};

/// The time after which the platform answers.
const MOMENT: Duration = Duration::from_millis(5);

#[tokio::test(start_paused = true)]
async fn t2_a_hundred_callers_cause_one_refresh() {
    let world = World::connected().await;
    world.until_before_the_end(Duration::ZERO);
    let tokens = join_all((0..100).map(|_| world.token())).await;
    assert!(tokens.iter().all(|token| token.as_deref() == Ok("rev_install_2")));
    assert_eq!(world.platform.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn t3_replicas_on_one_store_cause_one_refresh() {
    let world = World::connected().await;
    world.until_before_the_end(Duration::ZERO);
    let replicas: Vec<_> = (0..5).map(|_| world.replica().event(EVENT)).collect();
    let calls = (0..50).map(|number| replicas[number % 5].access_token());
    for token in join_all(calls).await {
        assert_eq!(token.unwrap().expose(), "rev_install_2");
    }
    assert_eq!(world.platform.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn t1_a_good_token_costs_neither_call_nor_store() {
    let world = World::connected().await;
    world.token().await.unwrap();
    world.store.down(true);
    for _ in 0..10 {
        assert_eq!(world.token().await.as_deref(), Ok("rev_install_1"));
    }
    assert_eq!(world.platform.refreshes(), 0);
}

#[tokio::test(start_paused = true)]
async fn t17_refreshes_of_connections_that_began_together_spread_out() {
    let mut leads = Vec::new();
    for _ in 0..8 {
        let world = World::connected().await;
        world.token().await.unwrap();
        world.until_before_the_end(Duration::from_secs(730));
        let mut seconds = 730;
        while world.token().await.as_deref() == Ok("rev_install_1") {
            world.clock.advance(Duration::from_secs(1));
            seconds -= 1;
        }
        assert!((595..=721).contains(&seconds), "{seconds}");
        leads.push(seconds);
    }
    leads.dedup();
    assert!(leads.len() > 2, "{leads:?}");
}

#[tokio::test(start_paused = true)]
async fn t13_token_expired_is_refreshed_and_repeated_once() {
    let world = World::connected().await;
    world.platform.refuse_reads(["token_expired"]);
    assert_eq!(world.event().get().await.unwrap().id.as_str(), EVENT);
    assert_eq!((world.platform.refreshes(), world.platform.reads()), (1, 2));

    world.platform.refuse_reads(["token_expired", "token_expired"]);
    let Error::Refused { code, .. } = world.event().get().await.unwrap_err() else {
        panic!("refused")
    };
    assert_eq!(code, ApiErrorCode::TokenExpired);
    assert_eq!((world.platform.refreshes(), world.platform.reads()), (2, 4));
}

#[tokio::test(start_paused = true)]
async fn t13_many_that_are_refused_at_once_cause_one_refresh() {
    let world = World::connected().await;
    world.token().await.unwrap();
    world.platform.refuse_reads(["token_expired"; 20]);
    let event = world.event();
    for read in join_all((0..20).map(|_| event.get())).await {
        read.unwrap();
    }
    assert_eq!(world.platform.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn t14_token_revoked_ends_the_connection_without_another_call() {
    let world = World::connected().await;
    world.platform.refuse_reads(["token_revoked"]);
    let error = world.event().get().await.unwrap_err();
    assert!(error.is_connection_ended(), "{error}");
    assert_eq!(world.stored().await.status, ConnectionStatus::Revoked);
    let calls = world.platform.reads();
    for _ in 0..3 {
        let Error::Session(SessionError::Revoked { delete_by, .. }) = world.event().get().await.unwrap_err()
        else {
            panic!("revoked")
        };
        assert!(delete_by.is_some());
    }
    assert_eq!((world.platform.refreshes(), world.platform.reads()), (0, calls));
}

#[tokio::test(start_paused = true)]
async fn a_connection_made_anew_starts_afresh_after_it_was_forgotten() {
    let world = World::connected().await;
    world.until_before_the_end(Duration::ZERO);
    world.token().await.unwrap();
    let key = world.stored().await.key;
    world.client.delete_connection(&key).await.unwrap();
    assert_eq!(world.token().await, Err(SessionError::NotConnected));
}

/// A slow refresh does not hold a read beyond its deadline, and the deadline does not end the refresh.
#[tokio::test(start_paused = true)]
async fn a11_a_deadline_holds_over_a_refresh() {
    for refused_first in [false, true] {
        let world = World::connected().await;
        let mut soon = Duration::from_millis(1);
        if refused_first {
            world.platform.refuse_reads(["token_expired"]);
            world.platform.plan([Plan::Hang]);
            soon += MOMENT;
        } else {
            world.until_before_the_end(Duration::ZERO);
        }
        let before = tokio::time::Instant::now();
        let event = world.event().with_retry(Retry::default().deadline(soon));
        let error = event.get().await.unwrap_err();
        assert!(matches!(error, Error::Deadline { .. }), "{error}");
        assert!(error.is_transient());
        assert_eq!(error.attempts().len(), usize::from(refused_first));
        assert!(before.elapsed() <= 2 * soon, "{:?}", before.elapsed());
        // The next caller joins the same refresh.
        let token = if refused_first {
            "rev_install_1"
        } else {
            "rev_install_2"
        };
        assert_eq!(world.token().await.as_deref(), Ok(token));
        assert_eq!(world.platform.refreshes(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn t15_after_a_long_pause_the_token_is_fetched_anew() {
    let world = World::connected().await;
    world.token().await.unwrap();
    world.until_before_the_end(Duration::from_secs(30));
    // The token is usable, and no refresh is under way.
    world.store.down(true);
    world.platform.is_busy_for(60);
    let event = world.event();
    let meanwhile = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.store.down(false);
        world.clock.advance(Duration::from_secs(60));
    };
    let (read, ()) = futures_util::future::join(event.get(), meanwhile).await;
    read.unwrap();
    assert_eq!(world.platform.last_bearer(), "Bearer rev_install_2");
    assert_eq!((world.platform.refreshes(), world.platform.reads()), (1, 2));
}
