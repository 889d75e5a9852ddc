//! One test for each row of the contract's tables, named by section and row. Other files test the details.

use revento_sandbox::Fault;
use serde_json::{Value, json};

use crate::world::{EVENT, Pair, World, landed, pair, refusal, request};

const SCOPES: &str = "event.read participants.read program.read";

/// Checks that a wrong authorization request redirects to the integration with this error and its state.
async fn sent_back(spoil: &[(&'static str, &str)], error: &str) -> String {
    let world = World::start().await;
    let mut params = request(world.info(), SCOPES);
    for (name, value) in spoil {
        params.insert(name, (*value).to_owned());
    }
    let query = landed(&world.ask(&params).await);
    assert_eq!(
        (query["error"].as_str(), query["state"].as_str()),
        (error, "st&te 1")
    );
    assert!(!query.contains_key("code"));
    query["error_description"].clone()
}

#[tokio::test]
async fn s2_1_no_code_challenge_is_invalid_request() {
    let message = sent_back(&[("code_challenge", "")], "invalid_request").await;
    assert!(message.starts_with("PKCE required"), "{message}");
}

#[tokio::test]
async fn s2_1_a_method_other_than_s256_is_invalid_request() {
    sent_back(&[("code_challenge_method", "plain")], "invalid_request").await;
}

#[tokio::test]
async fn s2_1_scopes_of_both_kinds_are_invalid_scope() {
    sent_back(&[("scope", "event.read profile.read")], "invalid_scope").await;
}

#[tokio::test]
async fn s2_1_an_undeclared_scope_is_invalid_scope() {
    sent_back(&[("scope", "event.write")], "invalid_scope").await;
}

#[tokio::test]
async fn s2_1_an_organization_that_is_not_formal_is_access_denied() {
    sent_back(&[("event_id", "evt_test_informal")], "access_denied").await;
}

#[tokio::test]
async fn s2_1_an_unknown_client_or_redirect_uri_is_a_page_and_never_a_redirect() {
    let world = World::start().await;
    for (name, value) in [
        ("client_id", "nobody"),
        ("redirect_uri", "http://localhost:3000/callback/"),
    ] {
        let mut params = request(world.info(), SCOPES);
        params.insert(name, value.to_owned());
        let answer = world.ask(&params).await;
        assert_eq!(answer.status(), 400, "{name}");
        assert!(answer.headers().get("location").is_none(), "{name}");
    }
}

#[tokio::test]
async fn s2_1_anything_else_wrong_goes_back_with_error_and_state() {
    sent_back(&[("response_type", "token")], "unsupported_response_type").await;
}

#[tokio::test]
async fn s2_1_an_organizer_who_declines_is_access_denied_with_the_state() {
    let world = World::start().await;
    let params = request(world.info(), SCOPES);
    let query = landed(&world.consent(&params, &[("decision", "decline")]).await);
    assert_eq!(
        (query["error"].as_str(), query["state"].as_str()),
        ("access_denied", "st&te 1")
    );
}

/// A sandbox with an organizer's connection and a signed-in participant.
async fn connected() -> (World, Pair, Pair) {
    let world = World::start().await;
    let organizer = world.connect().await;
    let participant = world.sign_in("usr_0004").await;
    (world, organizer, participant)
}

async fn api_error(world: &World, pair: &Pair, path: &str) -> (u16, String) {
    refusal(world.read(&pair.access, path).await).await
}

fn event() -> String {
    format!("/events/{EVENT}")
}

/// Checks that an action ends a connection: both tokens are revoked, and the deletion webhook has this reason.
async fn ends(act: &str, reason: &str) {
    let (world, organizer, participant) = connected().await;
    world.act(act, json!({})).await;
    for (pair, path) in [(&organizer, event().as_str()), (&participant, "/me/profile")] {
        assert_eq!(
            api_error(&world, pair, path).await,
            (401, "token_revoked".to_owned())
        );
        let refused = refusal(world.refresh(&pair.refresh).await).await;
        assert_eq!(refused, (400, "invalid_grant".to_owned()));
    }
    let webhook = world.receiver.next().await.body;
    assert_eq!(webhook["type"], "data.deletion_required");
    assert_eq!(webhook["data"]["reason"], reason);
    world.receiver.stays_quiet().await;
}

#[tokio::test]
async fn s2_6_a_revoked_connection_ends_the_installation_and_its_users() {
    ends(&format!("/connections/{EVENT}/revoke"), "connection_revoked").await;
}

#[tokio::test]
async fn s2_6_an_archived_event_ends_its_tokens() {
    ends(&format!("/events/{EVENT}/archive"), "event_archived").await;
}

#[tokio::test]
async fn s2_6_an_unpublished_event_ends_nothing() {
    let (world, organizer, participant) = connected().await;
    world.act(&format!("/events/{EVENT}/unpublish"), json!({})).await;
    assert_eq!(world.receiver.next().await.body["type"], "event.unpublished");
    assert_eq!(world.read(&organizer.access, &event()).await.status(), 200);
    assert_eq!(world.read(&participant.access, "/me/profile").await.status(), 200);
}

#[tokio::test]
async fn s2_6_an_organization_that_loses_its_formal_status_ends_its_connections() {
    ends(
        "/organizations/org_test_atlas/lose-formal-status",
        "organization_not_formal",
    )
    .await;
}

#[tokio::test]
async fn s2_6_an_integration_unpublished_by_its_owner_ends_every_connection() {
    ends(
        "/integrations/int_sandbox_example/unpublish",
        "integration_unpublished",
    )
    .await;
}

#[tokio::test]
async fn s2_6_a_participant_who_revokes_ends_their_own_tokens() {
    let (world, organizer, participant) = connected().await;
    world.act("/users/usr_0004/revoke", json!({})).await;
    assert_eq!(world.receiver.next().await.body["type"], "user.revoked_access");
    let refused = api_error(&world, &participant, "/me/profile").await;
    assert_eq!(refused, (401, "token_revoked".to_owned()));
    assert_eq!(world.read(&organizer.access, &event()).await.status(), 200);
}

#[tokio::test]
async fn s2_6_a_suspended_integration_ends_everything_at_once() {
    let (world, organizer, participant) = connected().await;
    world
        .act("/integrations/int_sandbox_example/suspend", json!({}))
        .await;
    for (pair, path) in [(&organizer, event().as_str()), (&participant, "/me/profile")] {
        assert_eq!(
            api_error(&world, pair, path).await,
            (401, "token_revoked".to_owned())
        );
    }
    let webhook = world.receiver.next().await.body;
    assert_eq!(webhook["type"], "integration.suspended");
    assert_eq!(
        (&webhook["event_id"], &webhook["organization_id"]),
        (&Value::Null, &Value::Null)
    );
    world.receiver.stays_quiet().await;
}

#[tokio::test]
async fn s3_5_invalid_token() {
    let world = World::start().await;
    let refused = refusal(world.read("rev_install_unknown", &event()).await).await;
    assert_eq!(refused, (401, "invalid_token".to_owned()));
}

#[tokio::test]
async fn s3_5_token_expired() {
    let world = World::start().await;
    let pair = world.connect().await;
    world.advance(3_601).await;
    assert_eq!(
        api_error(&world, &pair, &event()).await,
        (401, "token_expired".to_owned())
    );
}

#[tokio::test]
async fn s3_5_token_revoked() {
    let world = World::start().await;
    let pair = world.connect().await;
    world
        .act(&format!("/connections/{EVENT}/revoke"), json!({}))
        .await;
    // A revoked token stays revoked after it has expired, so that the client does not refresh.
    world.advance(3_601).await;
    assert_eq!(
        api_error(&world, &pair, &event()).await,
        (401, "token_revoked".to_owned())
    );
}

#[tokio::test]
async fn s3_5_user_token_required() {
    let (world, organizer, _) = connected().await;
    let refused = api_error(&world, &organizer, "/me/profile").await;
    assert_eq!(refused, (403, "user_token_required".to_owned()));
}

#[tokio::test]
async fn s3_5_installation_token_required() {
    let (world, _, participant) = connected().await;
    let refused = api_error(&world, &participant, &event()).await;
    assert_eq!(refused, (403, "installation_token_required".to_owned()));
}

#[tokio::test]
async fn s3_5_event_not_authorized() {
    let (world, organizer, _) = connected().await;
    let refused = api_error(&world, &organizer, "/events/evt_test_summit").await;
    assert_eq!(refused, (403, "event_not_authorized".to_owned()));
}

#[tokio::test]
async fn s3_5_insufficient_scope() {
    let world = World::start().await;
    // Without the optional scope.
    let query = world.authorized(SCOPES).await;
    let pair = pair(world.exchange(&query["code"]).await).await;
    assert_eq!(pair.body["scope"], "event.read participants.read");
    let refused = api_error(&world, &pair, &format!("/events/{EVENT}/program")).await;
    assert_eq!(refused, (403, "insufficient_scope".to_owned()));
}

#[tokio::test]
async fn s3_5_not_found() {
    let (world, organizer, _) = connected().await;
    let refused = api_error(&world, &organizer, "/nowhere").await;
    assert_eq!(refused, (404, "not_found".to_owned()));
}

#[tokio::test]
async fn s3_5_invalid_request() {
    let (world, organizer, _) = connected().await;
    for query in ["limit=0", "limit=51", "limit=ten", "cursor=elsewhere"] {
        let path = format!("/events/{EVENT}/participants?{query}");
        let refused = api_error(&world, &organizer, &path).await;
        assert_eq!(refused, (400, "invalid_request".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn s3_5_rate_limit_exceeded() {
    let (world, _, participant) = connected().await;
    for _ in 0..20 {
        assert_eq!(world.read(&participant.access, "/me/profile").await.status(), 200);
    }
    let answer = world.read(&participant.access, "/me/profile").await;
    let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(refusal(answer).await, (429, "rate_limit_exceeded".to_owned()));
}

#[tokio::test]
async fn s3_5_concurrent_limit_exceeded() {
    let (world, organizer, _) = connected().await;
    let slow = Fault::named("slow_answer").times(5);
    let slow = slow.with_delay(std::time::Duration::from_millis(500));
    world.sandbox.arm(slow).unwrap();
    let path = event();
    let calls = (0..6).map(|_| world.read(&organizer.access, &path));
    let answers = futures_util::future::join_all(calls).await;
    let refused: Vec<_> = answers
        .into_iter()
        .filter(|answer| answer.status() == 429)
        .collect();
    assert_eq!(refused.len(), 1);
    for answer in refused {
        assert!(answer.headers().get("retry-after").is_none());
        assert_eq!(refusal(answer).await.1, "concurrent_limit_exceeded");
    }
}

#[tokio::test]
async fn s3_5_any_5xx() {
    let (world, organizer, _) = connected().await;
    for (fault, status) in [("server_error", 500), ("unavailable", 503), ("html_error", 502)] {
        world.sandbox.arm(Fault::named(fault)).unwrap();
        assert_eq!(world.read(&organizer.access, &event()).await.status(), status);
    }
    assert_eq!(world.read(&organizer.access, &event()).await.status(), 200);
}

/// Performs the actions. Checks that the last one sends a webhook of this type, whose `data` has these fields.
async fn tells(acts: &[(&str, Value)], event_type: &str, fields: &[&str]) {
    let (world, _, _) = connected().await;
    for (path, body) in acts {
        world.act(path, body.clone()).await;
    }
    world.advance(11).await;
    let got = loop {
        let got = world.receiver.next().await;
        if got.body["type"] == event_type {
            break got;
        }
    };
    assert!(got.is_signed_with(&world.info().webhook_secret));
    assert_eq!(got.headers["x-revento-event"], event_type);
    let envelope = got.body.as_object().unwrap();
    let names: Vec<&str> = envelope.keys().map(String::as_str).collect();
    for name in ["id", "type", "occurred_at", "event_id", "organization_id", "data"] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
    for field in fields {
        assert!(
            got.body["data"].get(field).is_some(),
            "{field} is missing: {}",
            got.body
        );
    }
}

macro_rules! rows {
    ($($test:ident $event_type:literal [$($act:literal $body:tt),*] [$($field:literal),*];)*) => {$(
        #[tokio::test]
        async fn $test() {
            tells(&[$(($act, json!($body))),*], $event_type, &[$($field),*]).await;
        }
    )*};
}

rows! {
    s4_3_application_submitted "application.submitted"
        ["/applications" { "event_id": "evt_test_published" }]
        ["id", "participant_id", "user_id", "status", "custom_form_fields"];
    s4_3_application_approved "application.approved"
        ["/applications/app_published_0002/approve" {}]
        ["id", "participant_id", "user_id", "status", "custom_form_fields", "approved_at", "approver_id"];
    s4_3_application_rejected "application.rejected"
        ["/applications/app_published_0002/reject" {}]
        ["id", "participant_id", "user_id", "status", "custom_form_fields", "rejected_at"];
    s4_3_application_revision_requested "application.revision_requested"
        ["/applications/app_published_0002/request-revision" {}]
        ["id", "participant_id", "user_id", "status", "custom_form_fields"];
    s4_3_participant_registered "participant.registered"
        ["/applications/app_published_0002/approve" {}, "/participants/par_published_0002/register" {}]
        ["id", "application_status", "last_reviewed_at", "last_reviewer_id", "last_review_action", "registered_at"];
    s4_3_participant_profile_updated "participant.profile_updated"
        ["/users/usr_0002" { "given_name": "Neve" }]
        ["id", "given_name", "email", "application_status"];
    s4_3_activity_updated "activity.updated"
        ["/activities/act_published_0101" { "title": "Moved" }]
        ["id", "title", "status", "min_age", "starts_at"];
    s4_3_activity_capacity_state_changed "activity.capacity_state_changed"
        ["/activities/act_published_0101" { "signups": 500 }]
        ["activity_id", "capacity", "signups", "capacity_state"];
    s4_3_event_published "event.published"
        ["/events/evt_test_published/unpublish" {}, "/events/evt_test_published/publish" {}]
        ["id", "name", "publish_status"];
    s4_3_event_unpublished "event.unpublished"
        ["/events/evt_test_published/unpublish" {}]
        ["id", "name", "publish_status"];
    s4_3_user_revoked_access "user.revoked_access"
        ["/users/usr_0004/revoke" {}]
        ["user_id", "event_id"];
    s4_3_data_deletion_required "data.deletion_required"
        ["/connections/evt_test_published/revoke" {}]
        ["event_id", "organization_id", "deadline_at", "reason"];
    s4_3_integration_suspended "integration.suspended"
        ["/integrations/int_sandbox_example/suspend" {}]
        [];
}
