//! Tokens (contract §2.3, contract §2.4, contract §2.6).

use std::collections::HashSet;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::{EVENT, World, pair, refusal};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_token_answer_has_the_shape_of_the_contract() {
    let world = World::start().await;
    let pair = world.connect().await;
    assert!(pair.access.starts_with("rev_install_") && pair.refresh.starts_with("rev_refresh_"));
    assert_eq!(pair.body["token_type"], "Bearer");
    assert_eq!(pair.body["expires_in"], 3600);
    assert_eq!(pair.body["refresh_expires_in"], 7_776_000);
    assert_eq!(pair.body["event_id"], EVENT);
    assert_eq!(pair.body["organization_id"], "org_test_atlas");
    let again = world.refresh(&pair.refresh).await;
    assert_eq!(again.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn p2_a_bogus_refresh_token_is_an_invalid_grant() {
    let world = World::start().await;
    assert_eq!(
        refusal(world.refresh("rev_refresh_bogus").await).await,
        (400, "invalid_grant".to_owned())
    );
    let access = world.connect().await.access;
    assert_eq!(
        refusal(world.refresh(&access).await).await,
        (400, "invalid_grant".to_owned())
    );
}

#[tokio::test]
async fn p3_reuse_revokes_the_family() {
    let world = World::start().await;
    let first = world.connect().await;
    let second = pair(world.refresh(&first.refresh).await).await;
    assert_ne!(first.refresh, second.refresh);
    assert_eq!(
        refusal(world.refresh(&first.refresh).await).await,
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(
        refusal(world.refresh(&second.refresh).await).await,
        (400, "invalid_grant".to_owned())
    );
    let read = world.read(&second.access, "/events/evt_test_published").await;
    assert_eq!(refusal(read).await, (401, "token_revoked".to_owned()));
    let stats = world.control("/stats").await;
    assert_eq!(
        (&stats["refreshes"], &stats["reuses"], &stats["families_revoked"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(
        world.control("/connections").await["data"][0]["status"],
        "consent_required"
    );
}

#[tokio::test]
async fn p3_of_two_refreshes_at_once_one_wins_and_the_family_ends() {
    let world = World::start().await;
    let pair = world.connect().await;
    let (one, two) = tokio::join!(world.refresh(&pair.refresh), world.refresh(&pair.refresh));
    let mut statuses = [one.status().as_u16(), two.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(world.stat("families_revoked").await, 1);
}

#[tokio::test]
async fn p5_basic_and_form_are_the_same_client() {
    let world = World::start().await;
    let (id, secret) = (world.info().client_id.clone(), world.info().client_secret.clone());
    let url = format!("{}/oauth/token", world.info().auth_base);
    let token = world.connect().await.refresh;
    let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    let by_basic = world
        .http
        .post(&url)
        .basic_auth(&id, Some(&secret))
        .form(&form)
        .send()
        .await
        .unwrap();
    let token = pair(by_basic).await.refresh;
    let other = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &token),
        ("client_id", "another"),
    ];
    let mixed = world
        .http
        .post(&url)
        .basic_auth(&id, Some(&secret))
        .form(&other)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(mixed).await, (401, "invalid_client".to_owned()));
    let twice = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &token),
        ("client_secret", &secret),
    ];
    let twice = world
        .http
        .post(&url)
        .basic_auth(&id, Some(&secret))
        .form(&twice)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(twice).await, (400, "invalid_request".to_owned()));
    let wrong = world
        .http
        .post(&url)
        .basic_auth(&id, Some("wrong"))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.headers()["www-authenticate"], "Basic realm=\"revento\"");
    assert_eq!(refusal(wrong).await, (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn p9_a_body_beyond_the_cap_is_413() {
    let world = World::start().await;
    let huge = "x".repeat(70_000);
    let answer = world
        .token(&[("grant_type", "refresh_token"), ("refresh_token", &huge)])
        .await;
    assert_eq!(refusal(answer).await, (413, "payload_too_large".to_owned()));
}

#[tokio::test]
async fn a_code_is_single_use_and_its_second_use_revokes() {
    let world = World::start().await;
    let query = world.authorized("event.read").await;
    let first = pair(world.exchange(&query["code"]).await).await;
    assert_eq!(
        refusal(world.exchange(&query["code"]).await).await,
        (400, "invalid_grant".to_owned())
    );
    let read = world.read(&first.access, "/events/evt_test_published").await;
    assert_eq!(refusal(read).await, (401, "token_revoked".to_owned()));
}

#[tokio::test]
async fn a_code_lives_ten_minutes() {
    let world = World::start().await;
    let query = world.authorized("event.read").await;
    world.advance(601).await;
    assert_eq!(
        refusal(world.exchange(&query["code"]).await).await,
        (400, "invalid_grant".to_owned())
    );
}

#[tokio::test]
async fn unsupported_grants_and_wrong_secrets_have_their_codes() {
    let world = World::start().await;
    let (id, secret) = (world.info().client_id.clone(), world.info().client_secret.clone());
    for (fields, expected) in [
        (
            vec![
                ("grant_type", "password"),
                ("client_id", &id),
                ("client_secret", &secret),
            ],
            (400, "unsupported_grant_type"),
        ),
        (
            vec![("client_id", &id), ("client_secret", &secret)],
            (400, "invalid_request"),
        ),
        (
            vec![("grant_type", "refresh_token"), ("client_id", &id)],
            (401, "invalid_client"),
        ),
        (vec![("grant_type", "refresh_token")], (401, "invalid_client")),
    ] {
        let fields: Vec<(&str, &str)> = fields;
        let (status, error) = refusal(world.token(&fields).await).await;
        assert_eq!((status, error.as_str()), expected, "{fields:?}");
    }
}

#[tokio::test]
async fn p22_one_clock_moves_every_expiry() {
    let world = World::start().await;
    let mut pair = world.connect().await;
    world.advance(3_599).await;
    assert_eq!(
        world
            .read(&pair.access, "/events/evt_test_published")
            .await
            .status(),
        StatusCode::OK
    );
    world.advance(2).await;
    let expired = world.read(&pair.access, "/events/evt_test_published").await;
    assert_eq!(refusal(expired).await, (401, "token_expired".to_owned()));
    // Each refresh starts ninety new days, but not a new year.
    for _ in 0..4 {
        world.advance(89 * DAY).await;
        pair = crate::world::pair(world.refresh(&pair.refresh).await).await;
    }
    world.advance(10 * DAY).await;
    assert_eq!(
        refusal(world.refresh(&pair.refresh).await).await,
        (400, "invalid_grant".to_owned())
    );
}

#[tokio::test]
async fn a_refresh_token_that_is_unused_for_ninety_days_expires() {
    let world = World::start().await;
    let pair = world.connect().await;
    world.advance(90 * DAY + 1).await;
    assert_eq!(
        refusal(world.refresh(&pair.refresh).await).await,
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(world.stat("families_revoked").await, 0);
}

#[tokio::test]
async fn the_organizer_revokes_and_everything_of_the_event_ends() {
    let world = World::start().await;
    let (organizer, other) = (
        world.connect().await,
        world.connect_event("evt_test_summit").await,
    );
    let participant = world.sign_in("usr_0004").await;
    world
        .act(&format!("/connections/{EVENT}/revoke"), json!({}))
        .await;
    for (token, path) in [
        (&organizer.access, "/events/evt_test_published"),
        (&participant.access, "/me/profile"),
    ] {
        assert_eq!(
            refusal(world.read(token, path).await).await,
            (401, "token_revoked".to_owned())
        );
    }
    assert_eq!(
        world
            .read(&other.access, "/events/evt_test_summit")
            .await
            .status(),
        StatusCode::OK
    );
    let webhook = world.receiver.next().await;
    assert_eq!(webhook.body["type"], "data.deletion_required");
    assert_eq!(webhook.body["data"]["reason"], "connection_revoked");
    let day = |text: &Value| {
        text.as_str()
            .unwrap()
            .get(..10)
            .unwrap()
            .parse::<jiff::civil::Date>()
            .unwrap()
    };
    let (occurred, deadline) = (
        day(&webhook.body["occurred_at"]),
        day(&webhook.body["data"]["deadline_at"]),
    );
    assert_eq!((deadline - occurred).get_days(), 30);
}

#[tokio::test]
async fn every_other_cause_of_section_2_6_has_its_effects() {
    let world = World::start().await;
    let pair = world.connect().await;
    world.act("/events/evt_test_published/unpublish", json!({})).await;
    assert_eq!(world.receiver.next().await.body["type"], "event.unpublished");
    assert_eq!(
        world
            .read(&pair.access, "/events/evt_test_published")
            .await
            .status(),
        StatusCode::OK
    );

    let cases = [
        (
            format!("/events/{EVENT}/archive"),
            "event_archived",
            "evt_test_summit",
        ),
        (
            "/organizations/org_test_borealis/lose-formal-status".to_owned(),
            "organization_not_formal",
            "evt_test_unpublished",
        ),
        (
            "/integrations/int_sandbox_example/unpublish".to_owned(),
            "integration_unpublished",
            "",
        ),
    ];
    let mut pair = pair;
    for (act, reason, next) in cases {
        world.act(&act, json!({})).await;
        let webhook = world.receiver.next().await.body;
        assert_eq!(
            (&webhook["type"], &webhook["data"]["reason"]),
            (&json!("data.deletion_required"), &json!(reason))
        );
        assert_eq!(
            refusal(world.refresh(&pair.refresh).await).await,
            (400, "invalid_grant".to_owned())
        );
        if !next.is_empty() {
            pair = world.connect_event(next).await;
        }
    }
}

#[tokio::test]
async fn a_participant_revokes_and_only_their_tokens_end() {
    let world = World::start().await;
    let organizer = world.connect().await;
    let (one, two) = (world.sign_in("usr_0004").await, world.sign_in("usr_0005").await);
    world.act("/users/usr_0004/revoke", json!({})).await;
    assert_eq!(world.receiver.next().await.body["type"], "user.revoked_access");
    assert_eq!(
        refusal(world.read(&one.access, "/me/profile").await).await,
        (401, "token_revoked".to_owned())
    );
    assert_eq!(
        world.read(&two.access, "/me/profile").await.status(),
        StatusCode::OK
    );
    assert_eq!(
        world
            .read(&organizer.access, "/events/evt_test_published")
            .await
            .status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn suspension_ends_everything_and_names_no_event() {
    let world = World::start().await;
    let pair = world.connect().await;
    world
        .act("/integrations/int_sandbox_example/suspend", json!({}))
        .await;
    let webhook = world.receiver.next().await.body;
    assert_eq!(webhook["type"], "integration.suspended");
    assert!(webhook["event_id"].is_null() && webhook["organization_id"].is_null());
    assert_eq!(
        refusal(world.read(&pair.access, "/events/evt_test_published").await)
            .await
            .1,
        "token_revoked"
    );
}

#[tokio::test]
async fn p24_tokens_that_are_made_at_once_are_all_different() {
    let world = World::start().await;
    let mut seen = HashSet::new();
    for _ in 0..3 {
        let (a, b, c) = tokio::join!(world.connect(), world.connect(), world.connect());
        for pair in [a, b, c] {
            assert!(seen.insert(pair.access) && seen.insert(pair.refresh));
        }
    }
}
