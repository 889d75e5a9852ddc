//! Webhook deliveries (contract §4).

use serde_json::{Value, json};

use crate::world::{EVENT, World};

async fn pending(world: &World) -> String {
    let list = world
        .control(&format!("/applications?event_id={EVENT}&status=pending"))
        .await;
    list["data"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_approval_arrives_signed_and_complete() {
    let world = World::start().await;
    world.connect().await;
    let id = pending(&world).await;
    world.approve(&id).await;
    let got = world.receiver.next().await;
    assert!(got.is_signed_with(&world.info().webhook_secret));
    assert_eq!(got.headers["x-revento-event"], "application.approved");
    assert_eq!(got.headers["content-type"], "application/json");
    for field in ["id", "type", "occurred_at", "event_id", "organization_id", "data"] {
        assert!(!got.body[field].is_null(), "{field}");
    }
    let data = &got.body["data"];
    assert_eq!((&data["id"], &data["status"]), (&json!(id), &json!("approved")));
    assert!(data["approved_at"].is_string() && data["approver_id"].is_string());
    let row = world
        .delivery(&got.headers["x-revento-delivery-id"], |row| {
            row["status"] == "delivered"
        })
        .await;
    assert_eq!(row["attempts"][0]["status"], 200);
    assert_eq!(row["attempts"][0]["response"]["body"], "noted");
}

#[tokio::test]
async fn no_webhook_is_sent_about_an_event_that_is_not_connected() {
    let world = World::start().await;
    let id = pending(&world).await;
    world.approve(&id).await;
    assert_eq!(world.stat("deliveries").await, 0);
}

#[tokio::test]
async fn p13_a_retry_is_signed_anew_under_the_same_id() {
    let world = World::start().await;
    world.connect().await;
    world.receiver.answer_with(503);
    let id = pending(&world).await;
    world.act(&format!("/applications/{id}/reject"), json!({})).await;
    let first = world.receiver.next().await;
    let delivery = first.headers["x-revento-delivery-id"].clone();
    world
        .delivery(&delivery, |row| {
            row["attempts"].as_array().is_some_and(|list| list.len() == 1)
        })
        .await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    world.receiver.answer_with(204);
    world.advance(31).await;
    let second = world.receiver.next().await;
    assert_eq!(second.headers["x-revento-delivery-id"], delivery);
    assert_eq!(second.raw, first.raw);
    assert_ne!(
        second.headers["x-revento-timestamp"],
        first.headers["x-revento-timestamp"]
    );
    assert!(second.is_signed_with(&world.info().webhook_secret));
    world
        .delivery(&delivery, |row| row["status"] == "delivered")
        .await;
}

#[tokio::test]
async fn p22_the_schedule_ends_in_the_dead_letters_and_a_replay_brings_back() {
    let world = World::start().await;
    world.connect().await;
    world.receiver.answer_with(500);
    let id = pending(&world).await;
    world.approve(&id).await;
    let first = world.receiver.next().await;
    let delivery = first.headers["x-revento-delivery-id"].clone();
    for (made, wait) in [30, 120, 600, 3_600, 21_600, 86_400].into_iter().enumerate() {
        let attempts = |row: &Value| row["attempts"].as_array().unwrap().len();
        let row = world.delivery(&delivery, |row| attempts(row) == made + 1).await;
        assert_eq!(row["status"], "pending");
        world.advance(wait - 5).await;
        world.receiver.stays_quiet().await;
        world.advance(6).await;
        world.receiver.next().await;
    }
    let row = world.delivery(&delivery, |row| row["status"] == "dead").await;
    assert_eq!(row["attempts"].as_array().unwrap().len(), 7);
    assert_eq!(world.stat("dead_letters").await, 1);
    world.receiver.answer_with(200);
    world
        .act(&format!("/deliveries/{delivery}/replay"), json!({}))
        .await;
    assert_eq!(
        world.receiver.next().await.headers["x-revento-delivery-id"],
        delivery
    );
    world
        .delivery(&delivery, |row| row["status"] == "delivered")
        .await;
}

#[tokio::test]
async fn h30_a_replay_is_one_attempt_and_leaves_the_schedule_as_it_is() {
    let world = World::start().await;
    world.connect().await;
    world.receiver.answer_with(500);
    let id = pending(&world).await;
    world.approve(&id).await;
    let delivery = world.receiver.next().await.headers["x-revento-delivery-id"].clone();
    let attempts = |row: &Value| row["attempts"].as_array().unwrap().len();
    let before = world.delivery(&delivery, |row| attempts(row) == 1).await;
    let replay = format!("/deliveries/{delivery}/replay");
    world.act(&replay, json!({})).await;
    let after = world.delivery(&delivery, |row| attempts(row) == 2).await;
    assert_eq!(
        (&after["status"], &after["next_attempt_at"], &after["replay_at"]),
        (&json!("pending"), &before["next_attempt_at"], &Value::Null)
    );
    for (made, wait) in [30, 120, 600, 3_600, 21_600, 86_400].into_iter().enumerate() {
        world.delivery(&delivery, |row| attempts(row) == made + 2).await;
        world.advance(wait + 1).await;
    }
    world.delivery(&delivery, |row| row["status"] == "dead").await;
    // Seven of the schedule, and one replay.
    let dead = world.delivery(&delivery, |row| attempts(row) == 8).await;
    assert_eq!(dead["status"], "dead");

    world.act(&replay, json!({})).await;
    let row = world.delivery(&delivery, |row| attempts(row) == 9).await;
    assert_eq!(
        (&row["status"], &row["next_attempt_at"]),
        (&json!("dead"), &Value::Null)
    );
    assert_eq!(world.stat("dead_letters").await, 1);
    world.advance(2 * 86_400).await;
    assert_eq!(
        attempts(&world.control(&format!("/deliveries/{delivery}")).await),
        9
    );
    world.receiver.answer_with(204);
    world.act(&replay, json!({})).await;
    world
        .delivery(&delivery, |row| row["status"] == "delivered")
        .await;
    // A replay of what was delivered fails: it stays delivered.
    world.receiver.answer_with(500);
    world.act(&replay, json!({})).await;
    let row = world.delivery(&delivery, |row| attempts(row) == 11).await;
    assert_eq!(row["status"], "delivered");
}

#[tokio::test]
async fn p11_p12_a_redirect_is_a_failure_and_not_followed() {
    let world = World::start().await;
    world.connect().await;
    for status in [308, 302, 304] {
        world.receiver.answer_with(status);
        let id = pending(&world).await;
        world.approve(&id).await;
        let got = world.receiver.next().await;
        let row = world
            .delivery(&got.headers["x-revento-delivery-id"], |row| {
                !row["attempts"].as_array().unwrap().is_empty()
            })
            .await;
        assert_eq!(
            (&row["status"], &row["attempts"][0]["status"]),
            (&json!("pending"), &json!(status))
        );
        world.receiver.stays_quiet().await;
    }
}

#[tokio::test]
async fn every_action_sends_its_webhook_type() {
    let world = World::start().await;
    world.connect().await;
    let id = pending(&world).await;
    let participant = id.replacen("app_", "par_", 1);
    for (path, body, event_type) in [
        (
            format!("/applications/{id}/request-revision"),
            json!({}),
            "application.revision_requested",
        ),
        (
            format!("/applications/{id}/reject"),
            json!({}),
            "application.rejected",
        ),
        (
            format!("/applications/{id}/approve"),
            json!({}),
            "application.approved",
        ),
        (
            format!("/participants/{participant}/register"),
            json!({}),
            "participant.registered",
        ),
        (
            "/users/usr_0002".to_owned(),
            json!({ "given_name": "Neve" }),
            "participant.profile_updated",
        ),
        (
            "/applications".to_owned(),
            json!({ "event_id": EVENT }),
            "application.submitted",
        ),
        (
            "/activities/act_published_0101".to_owned(),
            json!({ "title": "Moved" }),
            "activity.updated",
        ),
        (
            "/activities/act_published_0101".to_owned(),
            json!({ "signups": 500 }),
            "activity.capacity_state_changed",
        ),
        (
            format!("/events/{EVENT}/unpublish"),
            json!({}),
            "event.unpublished",
        ),
        (format!("/events/{EVENT}/publish"), json!({}), "event.published"),
    ] {
        world.act(&path, body).await;
        if event_type == "activity.capacity_state_changed" {
            world.advance(11).await;
        }
        let got = world.receiver.next().await;
        assert_eq!(got.body["type"], event_type, "{path}");
        assert_eq!(got.headers["x-revento-event"], event_type);
    }
}

#[tokio::test]
async fn an_attempt_without_a_receiver_has_status_0() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/webhooks", listener.local_addr().unwrap())
    };
    let mut world = World::start().await;
    world.sandbox = revento_sandbox::Sandbox::builder()
        .redirect_uri(crate::world::CALLBACK)
        .webhook_url(gone)
        .start()
        .await
        .unwrap();
    world.connect().await;
    let id = pending(&world).await;
    world.approve(&id).await;
    let delivery = world.control("/deliveries").await["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let row = world
        .delivery(&delivery, |row| !row["attempts"].as_array().unwrap().is_empty())
        .await;
    assert_eq!(row["attempts"][0]["status"], 0);
    assert!(
        row["attempts"][0]["error"]
            .as_str()
            .unwrap()
            .contains("could not connect")
    );
}
