//! Listeners take the webhooks of an integration instead of its registered URL.

use std::time::Duration;

use reqwest::Response;
use revento_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use crate::world::{CALLBACK, EVENT, World};

/// The stream of a connected listener.
struct Listener {
    response: Response,
    buffer: String,
    id: String,
    resumed: u64,
}

impl Listener {
    async fn connect(world: &World, more: Value) -> Self {
        let mut body = json!({ "forwards_to": "http://localhost:3000/hooks" });
        let members = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(members);
        let response = world.try_act("/listeners", body).await;
        assert_eq!(response.status(), 200);
        let mut listener = Self {
            response,
            buffer: String::new(),
            id: String::new(),
            resumed: 0,
        };
        let greeting = listener.next().await.expect("the stream ended");
        let text = |name: &str| greeting["listening"][name].clone();
        listener.id = text("id").as_str().unwrap().to_owned();
        listener.resumed = text("resumed").as_u64().unwrap();
        listener
    }

    /// The next document of the stream; `None` at its end.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((line, rest)) = self.buffer.split_once('\n') {
                let (line, rest) = (line.to_owned(), rest.to_owned());
                self.buffer = rest;
                if !line.is_empty() {
                    return Some(serde_json::from_str(&line).unwrap());
                }
                continue;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.response.chunk());
            let chunk = chunk.await.expect("nothing within ten seconds").ok()??;
            self.buffer += std::str::from_utf8(&chunk).unwrap();
        }
    }

    async fn attempt(&mut self) -> Value {
        self.next().await.expect("the stream ended")["attempt"].clone()
    }

    async fn answer(&self, world: &World, attempt: &Value, body: Value) -> u16 {
        let path = format!("/listeners/{}/answers/{}", self.id, attempt["number"]);
        world.try_act(&path, body).await.status().as_u16()
    }
}

async fn without_url() -> World {
    let world = World::start().await;
    let sandbox = Sandbox::builder().redirect_uri(CALLBACK).start().await.unwrap();
    let world = World { sandbox, ..world };
    world.act("/connect", json!({ "event_id": EVENT })).await;
    world
}

/// Sends a test delivery and returns its id.
async fn send(world: &World, event_type: &str) -> String {
    let answer = world.act("/deliveries/test", json!({ "type": event_type })).await;
    answer["delivery_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn l5_a_listener_gets_what_the_platform_sends_and_its_answer_counts() {
    let world = World::start().await;
    let mut listener = Listener::connect(&world, json!({})).await;
    let id = send(&world, "application.approved").await;
    let attempt = listener.attempt().await;
    assert_eq!(
        (&attempt["delivery_id"], &attempt["type"], &attempt["attempt"]),
        (&json!(id), &json!("application.approved"), &json!(1))
    );
    let names: Vec<&str> = attempt["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| header["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"x-revento-signature"), "{attempt}");
    let headers = json!([{ "name": "server", "value": "mine" }]);
    let answered = json!({ "status": 202, "headers": headers, "body": "noted" });
    assert_eq!(listener.answer(&world, &attempt, answered.clone()).await, 200);
    let row = world.delivery(&id, |row| row["status"] == "delivered").await;
    let logged = &row["attempts"][0];
    assert_eq!(
        (
            &logged["status"],
            &logged["forwarded_to"],
            &logged["response"]["body"]
        ),
        (
            &json!(202),
            &json!("http://localhost:3000/hooks"),
            &json!("noted")
        )
    );
    assert_eq!(listener.answer(&world, &attempt, answered).await, 404, "twice");
    world.receiver.stays_quiet().await;
}

#[tokio::test]
async fn l4_a_failed_forward_is_a_failed_attempt() {
    let world = World::start().await;
    let mut listener = Listener::connect(&world, json!({})).await;
    for (answer, status, error) in [
        (json!({ "error": "could not connect" }), 0, "could not connect"),
        (
            json!({ "status": 302 }),
            302,
            "answered 302; only a 2xx is success",
        ),
    ] {
        let id = send(&world, "event.published").await;
        let attempt = listener.attempt().await;
        listener.answer(&world, &attempt, answer).await;
        let row = world.delivery(&id, |row| row["attempts"][0].is_object()).await;
        assert_eq!(
            (&row["attempts"][0]["status"], &row["attempts"][0]["error"]),
            (&json!(status), &json!(error))
        );
        assert_eq!(row["status"], "pending");
    }
    let id = send(&world, "event.published").await;
    let attempt = listener.attempt().await;
    assert_eq!(listener.answer(&world, &attempt, json!({})).await, 400);
    listener.answer(&world, &attempt, json!({ "status": 200 })).await;
    world.delivery(&id, |row| row["status"] == "delivered").await;
}

#[tokio::test]
async fn l5_what_a_listener_misses_is_attempted_again_when_it_comes_back() {
    let world = without_url().await;
    let mut listener = Listener::connect(&world, json!({})).await;
    let cut = send(&world, "event.published").await;
    listener.attempt().await;
    let id = listener.id.clone();
    drop(listener);
    let left = |row: &Value| {
        row["attempts"][0]["error"]
            .as_str()
            .is_some_and(|text| text.contains("left"))
    };
    world.delivery(&cut, left).await;
    let test = json!({ "type": "event.published" });
    let told = world.act("/deliveries/test", test).await;
    assert!(
        told["webhooks"][0]["message"]
            .as_str()
            .unwrap()
            .contains("is away"),
        "{told}"
    );
    let missed = told["delivery_id"].as_str().unwrap().to_owned();
    let away = |row: &Value| {
        row["attempts"][0]["error"]
            .as_str()
            .is_some_and(|text| text.contains("away"))
    };
    world.delivery(&missed, away).await;
    let mut back = Listener::connect(&world, json!({ "id": id })).await;
    assert_eq!((back.resumed, &back.id), (2, &id));
    let mut got = Vec::new();
    for _ in 0..2 {
        let attempt = back.attempt().await;
        assert_eq!(attempt["attempt"], 2);
        back.answer(&world, &attempt, json!({ "status": 204 })).await;
        got.push(attempt["delivery_id"].as_str().unwrap().to_owned());
    }
    got.sort();
    let mut all = vec![cut, missed];
    all.sort();
    assert_eq!(got, all);
    for id in all {
        world.delivery(&id, |row| row["status"] == "delivered").await;
    }
}

#[tokio::test]
async fn l5_a_restarted_sandbox_waits_for_its_listener() {
    let file = tempfile::tempdir().unwrap();
    let start = || {
        let data = file.path().join("sandbox.db");
        Sandbox::builder().redirect_uri(CALLBACK).data(data).start()
    };
    let world = World::start().await;
    let mut world = World {
        sandbox: start().await.unwrap(),
        ..world
    };
    world.act("/connect", json!({ "event_id": EVENT })).await;
    let mut listener = Listener::connect(&world, json!({})).await;
    let stopped = std::mem::replace(&mut world.sandbox, Sandbox::builder().start().await.unwrap());
    stopped.shutdown().await;
    assert_eq!(listener.next().await, None, "the sandbox ends the stream");
    world.sandbox = start().await.unwrap();
    let answer = world
        .act("/applications/app_published_0002/approve", json!({}))
        .await;
    let id = answer["webhooks"][0]["delivery_id"].as_str().unwrap();
    world.delivery(id, |row| row["attempts"][0].is_object()).await;
    let mut back = Listener::connect(&world, json!({ "id": listener.id })).await;
    assert_eq!(
        (back.resumed, &back.attempt().await["delivery_id"]),
        (1, &json!(id))
    );
}

#[tokio::test]
async fn l5_a_listener_that_leaves_gives_the_webhooks_back() {
    let world = World::start().await;
    let mut listener = Listener::connect(&world, json!({})).await;
    assert_eq!(
        world.control("/listeners").await["data"][0]["id"],
        listener.id.as_str()
    );
    let page = world
        .http
        .get(format!("{}/deliveries", world.info().console_url))
        .send()
        .await
        .unwrap();
    let page = page.text().await.unwrap();
    assert!(
        page.contains("forwards them to <code>http://localhost:3000/hooks</code>"),
        "{page}"
    );
    let other = world.try_act("/listeners", json!({ "forwards_to": "x" })).await;
    assert_eq!(other.status(), 409);
    let leave = format!("{}/listeners/{}", world.info().control_base, listener.id);
    assert_eq!(world.http.delete(&leave).send().await.unwrap().status(), 200);
    assert_eq!(listener.next().await, None);
    assert_eq!(world.http.delete(&leave).send().await.unwrap().status(), 404);
    send(&world, "event.published").await;
    world.receiver.next().await;
    let next = Listener::connect(&world, json!({})).await;
    assert_ne!(next.id, listener.id);
}

#[tokio::test]
async fn l5_the_same_listener_replaces_its_old_connection() {
    let world = World::start().await;
    let mut old = Listener::connect(&world, json!({})).await;
    let mut new = Listener::connect(&world, json!({ "id": old.id })).await;
    assert_eq!(old.next().await, None);
    // The end of the old connection does not end the new one.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let id = send(&world, "event.published").await;
    assert_eq!(new.attempt().await["delivery_id"], id.as_str());
}

#[tokio::test]
async fn a_listener_can_take_some_types_only() {
    let world = World::start().await;
    let unknown = json!({ "forwards_to": "x", "event_types": ["event.publishd"] });
    let refused = world.try_act("/listeners", unknown).await;
    assert_eq!(refused.status(), 404);
    assert!(refused.text().await.unwrap().contains("event.published"));
    let types = json!({ "event_types": ["event.published"] });
    let mut listener = Listener::connect(&world, types).await;
    send(&world, "application.approved").await;
    assert_eq!(world.receiver.next().await.body["type"], "application.approved");
    let id = send(&world, "event.published").await;
    assert_eq!(listener.attempt().await["delivery_id"], id.as_str());
}

#[tokio::test]
async fn faults_reach_a_listener_and_a_reset_keeps_it() {
    let world = World::start().await;
    let mut listener = Listener::connect(&world, json!({})).await;
    world.act("/reset", json!({})).await;
    world.sandbox.arm(Fault::named("delivery_duplicated")).unwrap();
    let id = send(&world, "event.published").await;
    for _ in 0..2 {
        let attempt = listener.attempt().await;
        assert_eq!(
            (&attempt["delivery_id"], &attempt["attempt"]),
            (&json!(id), &json!(1))
        );
        listener.answer(&world, &attempt, json!({ "status": 200 })).await;
    }
    let row = world.delivery(&id, |row| row["status"] == "delivered").await;
    assert_eq!(row["attempts"].as_array().unwrap().len(), 1);
    world.sandbox.arm(Fault::named("delivery_title_case")).unwrap();
    send(&world, "event.published").await;
    assert_eq!(listener.attempt().await["title_case"], true);
}
