//! Code exchanges.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use revento_api::{ConnectError, SessionError};
use revento_core::{ConnectionStatus, Envelope, StatusReason};
use revento_store::{Record, TokenStore as _};

use tracing::instrument::WithSubscriber as _;

use crate::support::{EVENT, Plan, World, consent};
use crate::telemetry::Lines;

#[tokio::test(start_paused = true)]
async fn o19_a_code_is_sent_once_whatever_becomes_of_it() {
    let plans = [
        Plan::NeverSent,
        Plan::LoseAnswer,
        Plan::Answer(502, "<html>"),
        Plan::Answer(503, r#"{"error":"temporarily_unavailable"}"#),
        Plan::Answer(400, r#"{"error":"invalid_grant"}"#),
    ];
    for plan in plans {
        let world = World::connected().await;
        world.platform.plan_exchange(plan.clone());
        let error = world
            .client
            .finish_authorization(consent(&world.client))
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                ConnectError::NoAnswer { .. } | ConnectError::Exchange { .. }
            ),
            "{plan:?}: {error}"
        );
        // The first exchange was that of `World::connected`.
        assert_eq!(world.platform.exchanges(), 2, "{plan:?}");
        assert_eq!(world.token().await.as_deref(), Ok("rev_install_1"), "{plan:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_client_secret_is_in_the_log_and_nobody_is_told_to_try_in_vain() {
    for (answer, advice, level) in [
        ("invalid_client", "settings of this service", "ERROR"),
        ("invalid_grant", "no connection: connect again (request", "WARN"),
    ] {
        let world = World::connected().await;
        let body: &str = format!(r#"{{"error":"{answer}"}}"#).leak();
        world.platform.plan_exchange(Plan::Answer(401, body));
        let lines = Lines::default();
        let finishing = world.client.finish_authorization(consent(&world.client));
        let error = finishing.with_subscriber(lines.subscriber()).await.unwrap_err();
        assert!(error.to_string().contains(advice), "{error}");
        let log = lines.text();
        let told =
            |line: &str| line.contains(level) && line.contains(answer) && line.contains("gave no connection");
        assert!(log.lines().any(told), "{log}");
    }
}

#[tokio::test(start_paused = true)]
async fn h1_a_consent_without_a_refresh_token_can_be_used_until_its_access_token_ends() {
    let world = World::connected().await;
    world.platform.plan_exchange(Plan::Answer(
        200,
        r#"{"access_token":"rev_install_alone","expires_in":3600,"event_id":"evt_1","x":1e999}"#,
    ));
    let connection = world
        .client
        .finish_authorization(consent(&world.client))
        .await
        .unwrap();
    assert_eq!(connection.reason, Some(StatusReason::NoRefreshToken));
    let client = world.replica();
    for left in [3600, 60] {
        world.until_before_the_end(Duration::from_secs(left));
        let token = client.event(EVENT).access_token().await.unwrap();
        assert_eq!(token.expose(), "rev_install_alone");
    }
    world.clock.advance(Duration::from_secs(60));
    let error = client.event(EVENT).access_token().await.unwrap_err();
    assert_eq!(
        error,
        SessionError::NeedsConsent {
            reason: Some(StatusReason::NoRefreshToken)
        }
    );
    assert_eq!(world.platform.refreshes(), 0);
    assert_eq!(world.stored().await.status, ConnectionStatus::NeedsConsent);
}

#[tokio::test(start_paused = true)]
async fn h31_short_lived_tokens_are_not_refreshed_as_soon_as_they_are_issued() {
    let world = World::connected().await;
    world.until_before_the_end(Duration::ZERO);
    world.platform.plan([Plan::Answer(
        200,
        r#"{"access_token":"a","refresh_token":"rev_refresh_1","expires_in":300,"refresh_expires_in":604800}"#,
    )]);
    for _ in 0..20 {
        assert_eq!(world.token().await.as_deref(), Ok("a"));
        world.clock.advance(Duration::from_secs(6));
    }
    assert_eq!(world.platform.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn k24_what_a_client_has_stored_is_what_it_gives_out() {
    let world = World::connected().await;
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_1"));
    world
        .client
        .finish_authorization(consent(&world.client))
        .await
        .unwrap();
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));
    let revoked = format!(
        r#"{{"id":"1","type":"data.deletion_required","occurred_at":"2026-06-09T14:22:31Z","event_id":"{EVENT}",
            "organization_id":"org_1","data":{{"deadline_at":"2026-07-09T14:22:31Z","reason":"revoked"}}}}"#
    );
    let envelope = Envelope::parse(revoked.as_bytes()).unwrap();
    world.client.apply_webhook(&envelope).await.unwrap();
    assert!(matches!(world.token().await, Err(SessionError::Revoked { .. })));
    assert_eq!(world.stored().await.status, ConnectionStatus::Revoked);
}

fn webhook(event_type: &str, data: &str) -> Envelope {
    let body = format!(
        r#"{{"id":"1","type":"{event_type}","occurred_at":"2026-06-09T14:22:31Z","event_id":"{EVENT}",
            "organization_id":"org_1","data":{data}}}"#
    );
    Envelope::parse(body.as_bytes()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn h3_a_webhook_that_ends_a_connection_is_an_error_if_it_cannot_be_read() {
    let unreadable = [
        (
            "user.revoked_access",
            "{}",
            "data.user_id",
            ConnectionStatus::Connected,
        ),
        (
            "user.revoked_access",
            r#"{"user_id":["planted"]}"#,
            "data.user_id",
            ConnectionStatus::Connected,
        ),
        (
            "data.deletion_required",
            "null",
            "data",
            ConnectionStatus::Revoked,
        ),
        (
            "data.deletion_required",
            r#"{"deadline_at":"planted"}"#,
            "data.deadline_at",
            ConnectionStatus::Revoked,
        ),
    ];
    for (event_type, data, says, status) in unreadable {
        let world = World::connected().await;
        let error = world
            .client
            .apply_webhook(&webhook(event_type, data))
            .await
            .unwrap_err();
        let text = revento_core::error::chain(&error).to_string();
        assert!(text.contains(says) && !text.contains("planted"), "{text}");
        assert!(!error.is_transient());
        assert_eq!(world.stored().await.status, status, "{event_type}");
    }
    // What the SDK does not depend on may have any form.
    for (event_type, data) in [
        ("integration.suspended", "[]"),
        ("data.deletion_required", r#"{"reason":7,"deadline_at":null}"#),
    ] {
        let world = World::connected().await;
        world
            .client
            .apply_webhook(&webhook(event_type, data))
            .await
            .unwrap();
        assert_eq!(world.stored().await.status, ConnectionStatus::Revoked);
    }
}

/// The access token, the refresh token and the consent have expired, and the platform answers nothing.
#[tokio::test(start_paused = true)]
async fn q16_lifecycle_webhooks_are_applied_without_a_live_token_and_without_a_call() {
    for (event_type, data) in [
        (
            "data.deletion_required",
            r#"{"deadline_at":"2027-07-09T14:22:31Z"}"#,
        ),
        ("integration.suspended", "{}"),
    ] {
        let world = World::connected().await;
        world.clock.advance(std::time::Duration::from_secs(400 * 86_400));
        world.platform.refuse_reads(["token_revoked"; 9]);
        let (refreshes, exchanges) = (world.platform.refreshes(), world.platform.exchanges());
        world
            .client
            .apply_webhook(&webhook(event_type, data))
            .await
            .unwrap();
        assert_eq!(
            world.stored().await.status,
            ConnectionStatus::Revoked,
            "{event_type}"
        );
        assert_eq!(world.platform.refreshes(), refreshes);
        assert_eq!(world.platform.exchanges(), exchanges);
        assert_eq!(world.platform.reads(), 0);
        // A second delivery of it succeeds, too.
        world
            .client
            .apply_webhook(&webhook(event_type, data))
            .await
            .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn h3_a_deletion_without_an_event_ends_what_its_data_names_and_never_everything_by_mistake() {
    let without_event = |data: &str| {
        let body = format!(
            r#"{{"id":"1","type":"data.deletion_required","occurred_at":"2026-06-09T14:22:31Z","event_id":null,
                "organization_id":null,"data":{data}}}"#
        );
        Envelope::parse(body.as_bytes()).unwrap()
    };
    let world = World::connected().await;
    for unreadable in ["7", "null", "[]"] {
        let applied = world.client.apply_webhook(&without_event(unreadable)).await;
        assert!(!applied.unwrap_err().is_transient(), "{unreadable}");
        assert_eq!(world.stored().await.status, ConnectionStatus::Connected);
    }
    let of_other = without_event(r#"{"event_id":"evt_other"}"#);
    world.client.apply_webhook(&of_other).await.unwrap();
    assert_eq!(world.stored().await.status, ConnectionStatus::Connected);
    let of_ours = without_event(&format!(r#"{{"event_id":"{EVENT}"}}"#));
    world.client.apply_webhook(&of_ours).await.unwrap();
    assert_eq!(world.stored().await.status, ConnectionStatus::Revoked);
}

#[tokio::test(start_paused = true)]
async fn t11_scopes_that_were_taken_back_are_told() {
    let world = World::connected().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let client = world.configured(|builder| {
        builder.on_scopes_changed(move |change| tell.lock().unwrap().push(change.clone()))
    });
    world.until_before_the_end(std::time::Duration::ZERO);
    world.platform.plan([Plan::Answer(
        200,
        r#"{"access_token":"a","refresh_token":"r","token_type":"Bearer","expires_in":3600,
            "scope":"event.read","event_id":"evt_1","organization_id":"org_1"}"#,
    )]);
    client.event(EVENT).access_token().await.unwrap();
    let told = told.lock().unwrap().clone();
    let [change] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(change.lost().to_string(), "participants.read");
    assert_eq!(
        change.connection,
        world.stored().await,
        "it is stored before it is told"
    );
}

#[tokio::test(start_paused = true)]
async fn all_connections_are_listed_across_pages() {
    use futures_util::TryStreamExt as _;

    let world = World::connected().await;
    let first = world.stored().await;
    for number in 0..450 {
        let mut connection = first.clone();
        connection.key.event_id = format!("evt_more_{number:03}").into();
        let tokens = None;
        world.store.create(&Record { connection, tokens }).await.unwrap();
    }
    let listed: Vec<_> = world.client.connections().try_collect().await.unwrap();
    assert_eq!(listed.len(), 451);
    assert!(listed.is_sorted_by_key(|connection| connection.key.to_string()));
    world.store.down(true);
    assert!(world.client.connections().try_next().await.is_err());
}
