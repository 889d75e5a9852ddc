//! Whether a webhook follows from an action, and test deliveries.

use serde_json::{Value, json};

use crate::world::{CALLBACK, EVENT, World};

/// The first webhook of an answer.
fn webhook(answer: &Value) -> &Value {
    &answer["webhooks"][0]
}

#[tokio::test]
async fn an_action_says_which_webhook_follows() {
    let world = World::start().await;
    world.connect().await;
    let answer = world
        .act("/applications/app_published_0002/approve", json!({}))
        .await;
    let (id, got) = (
        webhook(&answer)["delivery_id"].as_str().unwrap(),
        world.receiver.next().await,
    );
    assert_eq!(
        (answer["id"].as_str(), id),
        (
            Some("app_published_0002"),
            got.headers["x-revento-delivery-id"].as_str()
        )
    );
    assert_eq!(webhook(&answer)["type"], "application.approved");
    let withdrawn = world
        .act("/applications/app_published_0002/cancel", json!({}))
        .await;
    assert_eq!(withdrawn["webhooks"], json!([]));
    let later = world
        .act("/activities/act_published_0101", json!({ "signups": 500 }))
        .await;
    assert_eq!(
        (&webhook(&later)["delayed_s"], &webhook(&later)["type"]),
        (&json!(10), &json!("activity.capacity_state_changed"))
    );
    let ended = world
        .act("/organizations/org_test_atlas/lose-formal-status", json!({}))
        .await;
    assert_eq!(
        (
            ended["webhooks"].as_array().unwrap().len(),
            &webhook(&ended)["type"]
        ),
        (1, &json!("data.deletion_required"))
    );
}

#[tokio::test]
async fn an_action_says_why_no_webhook_follows() {
    let world = World::start().await;
    let answer = world
        .act("/applications/app_published_0002/approve", json!({}))
        .await;
    assert_eq!(webhook(&answer)["not_sent"], "not_connected");
    assert!(
        webhook(&answer)["message"]
            .as_str()
            .unwrap()
            .contains("/_sandbox/connect"),
        "{answer}"
    );
    world.receiver.stays_quiet().await;

    let silent = World::start_with(|builder| {
        let manifest = format!(
            "[[integration]]\nclient_id = \"int_a\"\nname = \"A\"\npublisher = \"A\"\ntype = \"public\"\n\
             client = \"confidential\"\nscopes.required = [\"event.read\"]\nredirect_uris = [\"{CALLBACK}\"]\n\
             declared_webhook_event_types = [\"event.published\"]\n"
        );
        builder.manifest(manifest)
    })
    .await;
    let connect = json!({ "event_id": EVENT, "client_id": "int_a" });
    silent.act("/connect", connect).await;
    let undeclared = silent
        .act("/applications/app_published_0002/approve", json!({}))
        .await;
    assert_eq!(webhook(&undeclared)["not_sent"], "type_not_declared");
}

#[tokio::test]
async fn an_event_that_cannot_be_connected_says_why_and_what_helps() {
    let world = World::start().await;
    let approve = |world: &World, id: &str| {
        let path = format!("/applications/{id}/approve");
        let http = world.http.clone();
        let url = format!("{}{path}", world.info().control_base);
        async move {
            http.post(url)
                .send()
                .await
                .unwrap()
                .json::<Value>()
                .await
                .unwrap()
        }
    };
    let suspend = format!("/integrations/{}/suspend", world.info().client_id);
    world.act(&suspend, json!({})).await;
    let answer = approve(&world, "app_published_0002").await;
    assert_eq!(webhook(&answer)["not_sent"], "cannot_connect");
    let message = webhook(&answer)["message"].as_str().unwrap();
    assert!(
        message.contains("suspended") && message.contains("/publish"),
        "{message}"
    );

    world.act("/reset", json!({})).await;
    world.act(&format!("/events/{EVENT}/archive"), json!({})).await;
    let answer = approve(&world, "app_published_0002").await;
    assert_eq!(webhook(&answer)["not_sent"], "cannot_connect");
    assert!(
        webhook(&answer)["message"].as_str().unwrap().contains("archived"),
        "{answer}"
    );
}

#[tokio::test]
async fn an_action_that_ends_nothing_says_so() {
    let world = World::start().await;
    for path in [
        format!("/events/{EVENT}/archive"),
        "/organizations/org_test_atlas/lose-formal-status".to_owned(),
        format!("/integrations/{}/unpublish", world.info().client_id),
    ] {
        let answer = world.act(&path, json!({})).await;
        assert_eq!(webhook(&answer)["not_sent"], "nothing_ended", "{path}");
        assert_eq!(webhook(&answer)["type"], "data.deletion_required", "{path}");
    }
}

#[tokio::test]
async fn errors_name_the_next_command() {
    let world = World::start().await;
    for (path, body, says) in [
        (
            "/applications/app_none/approve",
            json!({}),
            "GET /_sandbox/applications",
        ),
        (
            "/connect",
            json!({ "event_id": "evt_none" }),
            "GET /_sandbox/directory",
        ),
        ("/activities/act_none", json!({}), "GET /_sandbox/seed"),
        ("/deliveries/none/replay", json!({}), "GET /_sandbox/deliveries"),
        ("/nothing", json!({}), "GET /openapi.json"),
    ] {
        let refused = world.try_act(path, body).await;
        assert_eq!(refused.status(), 404, "{path}");
        let text = refused.text().await.unwrap();
        assert!(text.contains(says), "{path}: {text}");
    }
    let connect = format!("{}/connect", world.info().control_base);
    let untyped = world
        .http
        .post(&connect)
        .body(r#"{"event_id":"evt_test_published"}"#)
        .send();
    assert!(untyped.await.unwrap().text().await.unwrap().contains("curl"));
    let empty = world
        .http
        .post(&connect)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(empty.contains("empty") && empty.contains("event_id"), "{empty}");
}

#[tokio::test]
async fn no_webhook_url_is_a_reason() {
    let world = World::start().await;
    let sandbox = revento_sandbox::Sandbox::builder()
        .redirect_uri(CALLBACK)
        .start()
        .await
        .unwrap();
    let world = World { sandbox, ..world };
    world.act("/connect", json!({ "event_id": EVENT })).await;
    let answer = world
        .act("/applications/app_published_0002/approve", json!({}))
        .await;
    assert_eq!(webhook(&answer)["not_sent"], "no_webhook_url");
    let refused = world
        .try_act("/deliveries/test", json!({ "type": "event.published" }))
        .await;
    assert_eq!(refused.status(), 409);
    assert!(refused.text().await.unwrap().contains("--webhook-url"));
}

#[tokio::test]
async fn a_test_delivery_of_each_type_is_signed_and_fits_its_schema() {
    let world = World::start().await;
    let schema: Value = world
        .http
        .get(format!("{}/webhooks.schema.json", world.info().auth_base))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let variants = schema["oneOf"].as_array().unwrap();
    assert_eq!(variants.len(), 13);
    for variant in variants {
        let name = variant["title"].as_str().unwrap();
        let answer = world.act("/deliveries/test", json!({ "type": name })).await;
        let got = world.receiver.next().await;
        assert!(got.is_signed_with(&world.info().webhook_secret), "{name}");
        assert_eq!(
            answer["delivery_id"],
            got.headers["x-revento-delivery-id"].as_str()
        );
        assert_eq!(got.body["type"], name);
        let required = schema["$defs"][variant["properties"]["data"]["$ref"]
            .as_str()
            .unwrap()
            .trim_start_matches("#/$defs/")]["required"]
            .clone();
        for member in required.as_array().into_iter().flatten() {
            assert!(
                got.body["data"].get(member.as_str().unwrap()).is_some(),
                "{name}: {member}"
            );
        }
    }
    let connections = world.control("/connections").await;
    assert_eq!(connections["data"], json!([]), "nothing is connected");
}

#[tokio::test]
async fn l12_members_of_a_test_delivery_are_set_by_their_path() {
    let world = World::start().await;
    world
        .act(
            "/deliveries/test",
            json!({
                "type": "application.approved",
                "event_id": EVENT,
                "set": { "data.custom_form_fields.size": "XL", "data.approver_id": "usr_me" },
            }),
        )
        .await;
    let got = world.receiver.next().await.body;
    assert_eq!(
        (
            &got["data"]["custom_form_fields"]["size"],
            &got["data"]["approver_id"]
        ),
        (&json!("XL"), &json!("usr_me"))
    );
    assert_eq!(got["event_id"], EVENT);
    world
        .act(
            "/deliveries/test",
            json!({ "type": "event.published", "data": { "mine": [1] } }),
        )
        .await;
    assert_eq!(world.receiver.next().await.body["data"], json!({ "mine": [1] }));
    for (body, status, says) in [
        (
            json!({ "type": "application.approved", "set": { "data.size": 1 } }),
            404,
            "data.approver_id",
        ),
        (
            json!({ "type": "application.aproved" }),
            404,
            "application.approved",
        ),
        (
            json!({ "type": "event.published", "event_id": "evt_none" }),
            404,
            "evt_none",
        ),
        (
            json!({ "type": "event.published", "client_id": "int_none" }),
            404,
            "int_none",
        ),
        (json!({}), 400, "type"),
    ] {
        let refused = world.try_act("/deliveries/test", body.clone()).await;
        assert_eq!(refused.status(), status, "{body}");
        let text = refused.text().await.unwrap();
        assert!(text.contains(says), "{body}: {text}");
    }
    world.receiver.stays_quiet().await;
}

#[tokio::test]
async fn deliveries_are_listed_by_event_and_time() {
    let world = World::start().await;
    let send = |event: &str| json!({ "type": "event.published", "event_id": event });
    world.act("/deliveries/test", send(EVENT)).await;
    world.advance(3_600).await;
    world.act("/deliveries/test", send("evt_test_summit")).await;
    let now = world.control("/clock").await["now"].as_str().unwrap().to_owned();
    let half_an_hour_ago =
        (now.parse::<jiff::Timestamp>().unwrap() - jiff::SignedDuration::from_mins(30)).to_string();
    for (query, events) in [
        (String::new(), vec![EVENT, "evt_test_summit"]),
        (format!("?since={half_an_hour_ago}"), vec!["evt_test_summit"]),
        (format!("?until={half_an_hour_ago}"), vec![EVENT]),
        (format!("?event_id={EVENT}&type=event.published"), vec![EVENT]),
    ] {
        let listed = world.control(&format!("/deliveries{query}")).await;
        let listed: Vec<&str> = listed["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["event_id"].as_str().unwrap())
            .collect();
        assert_eq!(listed, events, "{query}");
    }
    let refused = world
        .http
        .get(format!(
            "{}/deliveries?since=yesterday",
            world.info().control_base
        ))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
    let replayed = world
        .act("/deliveries/replay", json!({ "event_id": EVENT }))
        .await;
    assert_eq!(replayed["replayed"], 1);
}

#[tokio::test]
async fn a_participant_signs_in_without_a_browser() {
    let world = World::start().await;
    let sign_in = json!({ "event_id": EVENT, "user_id": "usr_0004" });
    let early = world.try_act("/connect", sign_in.clone()).await;
    assert_eq!(early.status(), 400);
    assert!(early.text().await.unwrap().contains("Connect it first"));
    world.act("/connect", json!({ "event_id": EVENT })).await;
    let tokens = world.act("/connect", sign_in).await;
    assert_eq!(
        (&tokens["user_id"], &tokens["scope"]),
        (&json!("usr_0004"), &json!("profile.read event.attendance"))
    );
    let profile = world
        .read(tokens["access_token"].as_str().unwrap(), "/me/profile")
        .await;
    assert_eq!(profile.status(), 200);
    let answer = world.act("/users/usr_0004/revoke", json!({})).await;
    assert_eq!(webhook(&answer)["type"], "user.revoked_access");
    let stranger = json!({ "event_id": EVENT, "user_id": "usr_none" });
    assert_eq!(world.try_act("/connect", stranger).await.status(), 400);
}
