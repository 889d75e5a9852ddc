//! The sandbox clock and its milestones.

use reqwest::StatusCode;
use serde_json::json;

use crate::world::{EVENT, World, refusal};

#[tokio::test]
async fn the_clock_advances_to_just_before_and_just_after_a_milestone() {
    let world = World::start().await;
    let token = world.connect().await;
    let path = format!("/events/{EVENT}");
    world
        .act("/clock", json!({ "to": "access_expiry", "side": "before" }))
        .await;
    assert_eq!(world.read(&token.access, &path).await.status(), StatusCode::OK);
    let reached = world
        .act("/clock", json!({ "to": "access_expiry", "side": "after" }))
        .await;
    assert_eq!(reached["reached"]["kind"], "access_expiry");
    assert_eq!(
        refusal(world.read(&token.access, &path).await).await.1,
        "token_expired"
    );
    world
        .act("/clock", json!({ "to": "refresh_expiry", "side": "before" }))
        .await;
    let token = crate::world::pair(world.refresh(&token.refresh).await).await;
    world
        .act("/clock", json!({ "to": "year_cap", "side": "after" }))
        .await;
    assert_eq!(
        refusal(world.refresh(&token.refresh).await).await.1,
        "invalid_grant"
    );
}

#[tokio::test]
async fn the_clock_advances_to_the_next_retry_and_the_deadline() {
    let world = World::start().await;
    world.connect().await;
    world.receiver.answer_with(500);
    world
        .act(&format!("/connections/{EVENT}/revoke"), json!({}))
        .await;
    let first = world.receiver.next().await;
    let id = first.headers["x-revento-delivery-id"].clone();
    world
        .delivery(&id, |row| !row["attempts"].as_array().unwrap().is_empty())
        .await;
    world
        .act("/clock", json!({ "to": "retry", "side": "before" }))
        .await;
    world.receiver.stays_quiet().await;
    world.act("/clock", json!({ "to": "retry" })).await;
    world.receiver.next().await;
    world.act("/clock", json!({ "to": "deadline" })).await;
    let now = world.control("/clock").await["now"].as_str().unwrap().to_owned();
    assert!(now.as_str() > first.body["data"]["deadline_at"].as_str().unwrap());
}

#[tokio::test]
async fn a_wrong_request_to_the_clock_is_refused() {
    let world = World::start().await;
    for (body, status) in [
        (json!({ "to": "doomsday" }), 404),
        (json!({ "to": "retry" }), 409),
        (json!({ "advance_s": -1 }), 400),
        (json!({ "advance_s": 1e30 }), 400),
        (json!({ "advance_s": 1, "to": "any" }), 400),
        (json!({}), 400),
    ] {
        assert_eq!(
            refusal(world.try_act("/clock", body.clone()).await).await.0,
            status,
            "{body}"
        );
    }
}

#[tokio::test]
async fn t8_the_token_endpoint_is_dated_by_the_clock_that_dates_webhooks() {
    let world = World::start().await;
    world.advance(40 * 86_400).await;
    let now: jiff::Timestamp = world.control("/clock").await["now"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    for answer in [world.exchange("nothing").await, world.refresh("nothing").await] {
        let date = answer.headers()["date"].to_str().unwrap();
        let date = jiff::fmt::rfc2822::parse(date).unwrap().timestamp();
        assert!(
            date.duration_since(now).abs().as_secs() < 3_600,
            "{date} is not near {now}"
        );
    }
}

#[tokio::test]
async fn capacity_changes_wait_until_signups_are_quiet() {
    let world = World::start().await;
    world.connect().await;
    let path = "/activities/act_published_0101";
    for signups in [500, 0, 501] {
        world.act(path, json!({ "signups": signups })).await;
        world.advance(5).await;
        world.receiver.stays_quiet().await;
    }
    world.act("/clock", json!({ "to": "capacity_notice" })).await;
    let webhook = world.receiver.next().await.body;
    assert_eq!(
        (&webhook["type"], &webhook["data"]["capacity_state"]),
        (&json!("activity.capacity_state_changed"), &json!("full"))
    );
    // A state that changes and changes back is not announced.
    world.act(path, json!({ "signups": 0 })).await;
    world.act(path, json!({ "signups": 500 })).await;
    world.advance(60).await;
    world.receiver.stays_quiet().await;
}
