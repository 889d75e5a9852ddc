//! Failures of the platform, the transport and the store during a refresh.

use std::time::Duration;

use revento_api::SessionError;
use revento_core::{ConnectionStatus, StatusReason, error::ErrorKind};

use crate::support::{EVENT, Plan, World};

const MINUTES_5: Duration = Duration::from_secs(300);

#[tokio::test(start_paused = true)]
async fn t8_invalid_grant_is_permanent() {
    let world = World::connected().await;
    world.until_before_the_end(MINUTES_5);
    world
        .platform
        .plan([Plan::Answer(400, r#"{"error":"invalid_grant"}"#)]);
    for _ in 0..3 {
        assert_eq!(
            world.token().await,
            Err(SessionError::NeedsConsent {
                reason: Some(StatusReason::RefreshRejected)
            })
        );
    }
    assert_eq!(world.platform.refreshes(), 1);
    assert_eq!(world.stored().await.status, ConnectionStatus::NeedsConsent);
}

#[tokio::test(start_paused = true)]
async fn t8_a_rejected_token_is_not_sent_again_where_the_store_failed() {
    let world = World::connected().await;
    world.until_before_the_end(MINUTES_5);
    world
        .platform
        .plan([Plan::Answer(400, r#"{"error":"invalid_grant"}"#)]);
    let rejected = Err(SessionError::NeedsConsent {
        reason: Some(StatusReason::RefreshRejected),
    });
    world.store.swaps_fail(true);
    assert_eq!(world.token().await, rejected);
    assert_eq!(world.stored().await.status, ConnectionStatus::Connected);
    // The access token has expired, and so has the claim.
    world.clock.advance(MINUTES_5 * 2);
    world.store.swaps_fail(false);
    assert_eq!(world.token().await, rejected);
    assert_eq!(world.platform.refreshes(), 1);
    assert_eq!(world.stored().await.status, ConnectionStatus::NeedsConsent);
}

/// Until the store has the rejection, another replica would send the rejected token once more.
#[tokio::test(start_paused = true)]
async fn t8_a_rejection_is_stored_while_the_claim_holds() {
    let world = World::connected().await;
    world.until_before_the_end(MINUTES_5);
    world
        .platform
        .plan([Plan::Answer(400, r#"{"error":"invalid_grant"}"#)]);
    world.store.swaps_fail(true);
    let recovers = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.store.swaps_fail(false);
    };
    let (token, ()) = tokio::join!(world.token(), recovers);
    assert!(token.is_err());
    assert_eq!(world.stored().await.status, ConnectionStatus::NeedsConsent);
    assert_eq!(world.platform.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn t8_nothing_else_is_permanent() {
    let answers = [
        (401, r#"{"error":"invalid_client"}"#),
        (400, r#"{"error":"invalid_request"}"#),
        (429, r#"{"error":"rate_limit_exceeded"}"#),
    ];
    for (status, body) in answers {
        let world = World::connected().await;
        world.until_before_the_end(Duration::ZERO);
        world.platform.plan([Plan::Answer(status, body)]);
        let error = world.token().await.unwrap_err();
        assert!(matches!(error, SessionError::Refused { .. }), "{error}");
        assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));
    }
    for (status, body) in [(502, "<html>"), (500, r#"{"error":"invalid_grant"}"#), (200, "")] {
        let world = World::connected().await;
        world.until_before_the_end(MINUTES_5);
        world.platform.plan([Plan::Answer(status, body)]);
        assert_eq!(world.token().await.as_deref(), Ok("rev_install_1"));
        assert_eq!(world.stored().await.status, ConnectionStatus::InDoubt);
    }
}

#[tokio::test(start_paused = true)]
async fn t7_a_lost_answer_leaves_the_access_token_to_its_end() {
    let world = World::connected().await;
    world.until_before_the_end(MINUTES_5);
    world.platform.plan([Plan::LoseRequest]);
    for _ in 0..5 {
        assert_eq!(world.token().await.as_deref(), Ok("rev_install_1"));
        world.clock.advance(Duration::from_secs(50));
    }
    assert_eq!(world.platform.refreshes(), 1);
    assert_eq!(world.stored().await.reason, Some(StatusReason::AnswerLost));
    world.clock.advance(Duration::from_secs(50));
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));
    assert_eq!(world.platform.refreshes(), 2);
    assert_eq!(world.stored().await.status, ConnectionStatus::Connected);
}

#[tokio::test(start_paused = true)]
async fn t7_when_the_platform_had_rotated_consent_is_needed_at_the_end_and_not_before() {
    let world = World::connected().await;
    world.until_before_the_end(MINUTES_5);
    world.platform.plan([Plan::LoseAnswer]);
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_1"));
    assert!(!world.platform.is_revoked());
    world.clock.advance(MINUTES_5);
    assert!(matches!(
        world.token().await,
        Err(SessionError::NeedsConsent { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn t7_a_platform_that_is_away_is_told_as_such() {
    let world = World::connected().await;
    world.until_before_the_end(Duration::ZERO);
    world.platform.plan([Plan::NeverSent]);
    let error = world.token().await.unwrap_err();
    assert!(matches!(error, SessionError::Unreachable { .. }), "{error}");
    assert!(error.is_transient());
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));
}

#[tokio::test(start_paused = true)]
async fn t6_a_pair_that_could_not_be_stored_is_stored_later() {
    let world = World::connected().await;
    world.until_before_the_end(Duration::ZERO);
    world.store.swaps_fail(true);
    for _ in 0..3 {
        let error = world.token().await.unwrap_err();
        assert!(matches!(error, SessionError::Unsaved { .. }), "{error}");
        assert!(error.to_string().contains("do not restart"));
    }
    world.store.swaps_fail(false);
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));
    assert_eq!(world.platform.refreshes(), 1);
    let other = world.replica().event("evt_1").access_token().await.unwrap();
    assert_eq!(other.expose(), "rev_install_2");
    assert!(!world.platform.is_revoked());
}

#[tokio::test(start_paused = true)]
async fn t5_a_store_that_panics_loses_no_pair() {
    let world = World::connected().await;
    world.until_before_the_end(Duration::ZERO);
    world.store.swap_panics();
    let error = world.token().await.unwrap_err();
    assert!(matches!(error, SessionError::Unsaved { .. }), "{error}");
    assert!(error.may_have_taken_effect());
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));
    assert_eq!(world.platform.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_does_not_poison_the_session() {
    let world = World::connected().await;
    world.until_before_the_end(Duration::ZERO);
    world.platform.plan([Plan::Panic]);
    // The request may have arrived: the connection is in doubt, and the token is deliberately sent once more.
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));
    assert_eq!(world.platform.refreshes(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_in_every_request_leaves_a_doubt() {
    let world = World::connected().await;
    world.until_before_the_end(Duration::ZERO);
    world.platform.plan(std::iter::repeat_n(Plan::Panic, 20));
    let error = world.token().await.unwrap_err();
    assert!(
        matches!(error, SessionError::InDoubt { .. }) && error.may_have_taken_effect(),
        "{error}"
    );
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert_eq!(error.endpoint(), Some("/oauth/token"));
    assert!(error.request_id().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_panics_says_that_the_refresh_took_effect() {
    let world = World::connected().await;
    let client = world.configured(|builder| builder.on_scopes_changed(|_| panic!("a callback's")));
    world.until_before_the_end(Duration::ZERO);
    world.platform.plan([Plan::Answer(
        200,
        r#"{"access_token":"a","refresh_token":"r","token_type":"Bearer","expires_in":3600,
            "scope":"event.read","event_id":"evt_1","organization_id":"org_1"}"#,
    )]);
    let event = client.event(EVENT);
    let error = event.access_token().await.unwrap_err();
    assert!(
        matches!(error, SessionError::Panicked { sent: true, .. }) && error.may_have_taken_effect(),
        "{error}"
    );
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert_eq!(event.access_token().await.unwrap().expose(), "a", "it is stored");
}

#[test]
fn a_runtime_that_ends_during_a_refresh_leaves_one_that_goes_on() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    };
    let first = runtime();
    let world = first.block_on(World::connected());
    world.until_before_the_end(Duration::ZERO);
    world.platform.plan([Plan::Hang]);
    first.block_on(async {
        let waiting = tokio::time::timeout(Duration::from_millis(50), world.token());
        assert!(waiting.await.is_err(), "the request is under way");
    });
    drop(first);
    // The timer of the old runtime panics. The request may have arrived.
    let error = runtime().block_on(world.token());
    let error = match error {
        Err(error) => error,
        Ok(token) => panic!("{token} without a doubt"),
    };
    assert!(error.may_have_taken_effect(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn t16_a_store_that_is_down_does_not_stop_a_token_that_works() {
    let world = World::connected().await;
    world.token().await.unwrap();
    world.until_before_the_end(MINUTES_5);
    world.store.down(true);
    for _ in 0..5 {
        assert_eq!(world.token().await.as_deref(), Ok("rev_install_1"));
        world.clock.advance(Duration::from_secs(50));
    }
    world.clock.advance(Duration::from_secs(50));
    assert!(matches!(world.token().await, Err(SessionError::Store { .. })));
    world.store.down(false);
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));
}

#[tokio::test(start_paused = true)]
async fn t7_a_transport_without_a_time_limit_is_given_one() {
    let world = World::connected().await;
    world.until_before_the_end(MINUTES_5);
    world.platform.plan([Plan::Hang]);
    let before = tokio::time::Instant::now();
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_1"));
    assert_eq!(before.elapsed().as_secs(), 30);
    assert_eq!(world.stored().await.status, ConnectionStatus::InDoubt);
}
