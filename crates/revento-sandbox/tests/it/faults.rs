//! Faults trigger where they are armed, and nowhere else.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::{EVENT, World, pair, refusal};

async fn arm(world: &World, order: Value) {
    world.act("/faults", order).await;
}

fn participants() -> String {
    format!("/events/{EVENT}/participants")
}

#[tokio::test]
async fn every_fault_is_listed_and_can_be_armed_and_disarmed() {
    let world = World::start().await;
    let kinds = world.control("/faults").await["kinds"]
        .as_array()
        .unwrap()
        .clone();
    assert!(kinds.len() >= 25);
    for kind in &kinds {
        arm(&world, json!({ "fault": kind["fault"] })).await;
    }
    let url = format!("{}/faults", world.info().control_base);
    assert_eq!(
        world
            .http
            .delete(format!("{url}/1"))
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::OK
    );
    assert_eq!(
        world.control("/faults").await["armed"].as_array().unwrap().len(),
        kinds.len() - 1
    );
    assert_eq!(
        world.http.delete(&url).send().await.unwrap().status(),
        StatusCode::OK
    );
    assert!(
        world.control("/faults").await["armed"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let unknown = world.try_act("/faults", json!({ "fault": "meteor" })).await;
    assert_eq!(refusal(unknown).await, (400, "invalid_request".to_owned()));
    let typo = world
        .try_act("/faults", json!({ "fault": "server_error", "endpiont": "event" }))
        .await;
    assert_eq!(refusal(typo).await, (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn an_answer_lost_after_rotation_leaves_the_old_token_used() {
    let world = World::start().await;
    let first = world.connect().await;
    arm(&world, json!({ "fault": "answer_lost", "endpoint": "refresh" })).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", first.refresh.as_str()),
        ("client_id", &world.info().client_id),
        ("client_secret", &world.info().client_secret),
    ];
    let url = format!("{}/oauth/token", world.info().auth_base);
    assert!(world.http.post(url).form(&form).send().await.is_err());
    assert_eq!(world.stat("refreshes").await, 1);
    assert_eq!(
        refusal(world.refresh(&first.refresh).await).await,
        (400, "invalid_grant".to_owned())
    );
}

#[tokio::test]
async fn a_connection_closed_before_the_refresh_leaves_the_token_unused() {
    let world = World::start().await;
    let first = world.connect().await;
    for fault in ["unavailable", "html_error", "server_error"] {
        arm(&world, json!({ "fault": fault, "endpoint": "token" })).await;
        assert!(world.refresh(&first.refresh).await.status().is_server_error());
    }
    pair(world.refresh(&first.refresh).await).await;
}

#[tokio::test]
async fn answers_are_replaced_changed_and_cut() {
    let world = World::start().await;
    let token = world.connect().await.access;
    let path = participants();
    for (fault, status) in [
        ("server_error", 500),
        ("html_error", 502),
        ("html_success", 200),
        ("unknown_error", 418),
    ] {
        arm(&world, json!({ "fault": fault, "endpoint": "participants" })).await;
        let other = world.read(&token, &format!("/events/{EVENT}")).await;
        assert_eq!(other.status(), StatusCode::OK);
        assert_eq!(
            world.read(&token, &path).await.status().as_u16(),
            status,
            "{fault}"
        );
    }
    arm(&world, json!({ "fault": "invalid_json" })).await;
    assert!(world.read(&token, &path).await.json::<Value>().await.is_err());
    for fault in ["truncated_body", "answer_lost", "reset_before"] {
        arm(&world, json!({ "fault": fault })).await;
        let request = world
            .http
            .get(format!("{}{path}", world.info().api_base))
            .bearer_auth(&token);
        let read = match request.send().await {
            Ok(answer) => answer.bytes().await.map(drop),
            Err(error) => Err(error),
        };
        assert!(read.is_err(), "{fault}");
    }
    arm(&world, json!({ "fault": "slow_answer", "delay_ms": 300 })).await;
    let before = tokio::time::Instant::now();
    world.read(&token, &path).await;
    assert!(before.elapsed().as_millis() >= 300);
    assert_eq!(world.read(&token, &path).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_kinds_of_429_differ_in_retry_after() {
    let world = World::start().await;
    let token = world.connect().await.access;
    for (fault, expected) in [
        ("rate_limited", Some("7")),
        ("rate_limited_odd", Some("soon")),
        ("rate_limited_silent", None),
        ("concurrent_limited", None),
    ] {
        arm(&world, json!({ "fault": fault, "seconds": 7 })).await;
        let answer = world.read(&token, &participants()).await;
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(
            answer
                .headers()
                .get("retry-after")
                .map(|value| value.to_str().unwrap()),
            expected,
            "{fault}"
        );
    }
}

#[tokio::test]
async fn page_faults_change_the_content_of_pages() {
    let world = World::start().await;
    let token = world.connect().await.access;
    let page = async |fault: &str, query: &str| -> Value {
        arm(&world, json!({ "fault": fault })).await;
        world
            .read(&token, &format!("{}{query}", participants()))
            .await
            .json()
            .await
            .unwrap()
    };
    let empty = page("empty_page_with_more", "").await;
    assert_eq!(
        (empty["data"].as_array().unwrap().len(), &empty["has_more"]),
        (0, &json!(true))
    );
    let first: Value = world.read(&token, &participants()).await.json().await.unwrap();
    let cursor = first["next_cursor"].as_str().unwrap();
    let repeated = page("repeated_cursor", &format!("?cursor={cursor}")).await;
    assert_eq!(repeated["next_cursor"], cursor);
    assert!(page("more_without_cursor", "").await["next_cursor"].is_null());
    assert_eq!(
        page("duplicate_rows", "").await["data"].as_array().unwrap().len(),
        50
    );
    assert!(page("unknown_fields", "").await["data"][0]["x_new_field"].is_object());
    assert_eq!(
        page("unknown_values", "").await["data"][0]["application_status"],
        "value_of_the_future"
    );
    assert_eq!(
        page("missing_fields", "").await["data"][0]
            .as_object()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_connection_is_revoked_between_two_pages() {
    let world = World::start().await;
    let token = world.connect().await.access;
    arm(&world, json!({ "fault": "revoke_after_page", "event_id": EVENT })).await;
    assert_eq!(world.read(&token, &participants()).await.status(), StatusCode::OK);
    assert_eq!(
        refusal(world.read(&token, &participants()).await).await,
        (401, "token_revoked".to_owned())
    );
    assert_eq!(world.receiver.next().await.body["type"], "data.deletion_required");
}

#[tokio::test]
async fn token_faults_change_token_answers() {
    let world = World::start().await;
    let mut now = world.connect().await;
    for (fault, check) in [
        (
            "wider_scope",
            &(|body: &Value| body["scope"].as_str().unwrap().ends_with("event.write"))
                as &dyn Fn(&Value) -> bool,
        ),
        ("narrower_scope", &|body| body["scope"] == "event.read"),
        ("other_event", &|body| body["event_id"] != EVENT),
        ("no_expiry", &|body| body["expires_in"].is_null()),
    ] {
        arm(&world, json!({ "fault": fault })).await;
        now = pair(world.refresh(&now.refresh).await).await;
        assert!(check(&now.body), "{fault}: {}", now.body);
    }
}

#[tokio::test]
async fn delivery_faults_change_deliveries() {
    let world = World::start().await;
    world.connect().await;
    let secret = world.info().webhook_secret.clone();
    let mut pending = world
        .control(&format!("/applications?event_id={EVENT}&status=pending"))
        .await["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    let mut next = async |fault: &str| {
        arm(
            &world,
            json!({ "fault": fault, "event_type": "application.approved" }),
        )
        .await;
        world
            .act(
                &format!("/applications/{}/approve", pending.pop().unwrap()),
                json!({}),
            )
            .await;
        world.receiver.next().await
    };

    for fault in [
        "delivery_corrupted",
        "delivery_truncated",
        "delivery_wrong_secret",
        "delivery_bare_signature",
    ] {
        assert!(!next(fault).await.is_signed_with(&secret), "{fault}");
    }
    assert!(
        !next("delivery_unsigned")
            .await
            .headers
            .contains_key("x-revento-signature")
    );
    let stale = next("delivery_stale").await;
    let ahead = next("delivery_ahead").await;
    let second = |got: &crate::world::Received| got.headers["x-revento-timestamp"].parse::<i64>().unwrap();
    assert!(stale.is_signed_with(&secret) && ahead.is_signed_with(&secret));
    assert!(second(&ahead) - second(&stale) >= 602);
    let other = next("delivery_other_type").await;
    assert_ne!(
        other.headers["x-revento-event"],
        other.body["type"].as_str().unwrap()
    );
    let future = next("delivery_unknown_type").await;
    assert!(future.is_signed_with(&secret) && future.body["type"] == "something.of_the_future");

    let first = next("delivery_duplicated").await;
    let again = world.receiver.next().await;
    assert_eq!(
        first.headers["x-revento-delivery-id"],
        again.headers["x-revento-delivery-id"]
    );
    let first = next("delivery_other_id").await;
    let again = world.receiver.next().await;
    assert_ne!(
        first.headers["x-revento-delivery-id"],
        again.headers["x-revento-delivery-id"]
    );
    assert!(again.is_signed_with(&secret) && first.raw == again.raw);
    let lost = next("delivery_ack_lost").await;
    let row = world
        .delivery(&lost.headers["x-revento-delivery-id"], |row| {
            !row["attempts"].as_array().unwrap().is_empty()
        })
        .await;
    assert_eq!(
        (&row["status"], &row["attempts"][0]["fault"]),
        (&json!("pending"), &json!("delivery_ack_lost"))
    );
}

#[tokio::test]
async fn a_delivery_is_sent_many_times_or_held_back() {
    let world = World::start().await;
    world.connect().await;
    arm(&world, json!({ "fault": "delivery_storm", "times_sent": 5 })).await;
    world.approve("app_published_0002").await;
    for _ in 0..5 {
        world.receiver.next().await;
    }
    world.receiver.stays_quiet().await;
    arm(&world, json!({ "fault": "delivery_reordered", "delay_ms": 400 })).await;
    world.approve("app_published_0005").await;
    world.approve("app_published_0008").await;
    assert_eq!(
        world.receiver.next().await.body["data"]["id"],
        "app_published_0008"
    );
    assert_eq!(
        world.receiver.next().await.body["data"]["id"],
        "app_published_0005"
    );
}

#[tokio::test]
async fn the_transcript_has_everything_but_secrets() {
    let world = World::start().await;
    world.act("/transcript", json!({ "record_bodies": true })).await;
    let token = world.connect().await;
    world.read(&token.access, "/events/evt_none").await;
    let text = world.control("/transcript").await;
    let refused = text["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["status"] == 403)
        .unwrap();
    assert_eq!(refused["error"], "event_not_authorized");
    let text = text.to_string();
    for secret in [
        &token.access,
        &token.refresh,
        &world.info().client_secret,
        crate::world::VERIFIER,
    ] {
        assert!(!text.contains(secret), "{secret} is in the transcript");
    }
    assert!(text.contains("expires_in"), "the bodies are missing");
}
