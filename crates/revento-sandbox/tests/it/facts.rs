//! Facts of the platform that clients rely on (contract §1, contract §2.3, contract §3.4, contract §3.6).

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::{EVENT, World, pair, refusal};

const DAY: i64 = 86_400;

fn number(answer: &reqwest::Response, name: &str) -> i64 {
    answer.headers()[name].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn h31_a_token_answer_says_how_long_the_refresh_token_lives() {
    let world = World::start().await;
    let mut tokens = world.connect().await;
    assert_eq!(tokens.body["refresh_expires_in"], 90 * DAY);
    for _ in 0..4 {
        world.advance(80 * DAY).await;
        tokens = pair(world.refresh(&tokens.refresh).await).await;
    }
    // The family ends after a year, so 45 days are left, less the seconds that the test took.
    let left = tokens.body["refresh_expires_in"].as_i64().unwrap();
    assert!((45 * DAY - 600..=45 * DAY).contains(&left), "{left}");
    world.advance(left - 10).await;
    tokens = pair(world.refresh(&tokens.refresh).await).await;
    let left = tokens.body["refresh_expires_in"].as_i64().unwrap();
    assert!((1..=10).contains(&left), "{left}");
    assert!(tokens.body["expires_in"].as_i64().unwrap() <= left);
}

#[tokio::test]
async fn h31_the_rate_headers_are_those_of_the_hour_and_its_end_fills_the_budget() {
    let world = World::start().await;
    let mut tokens = world.connect().await;
    let path = format!("/events/{EVENT}");
    let first = world.read(&tokens.access, &path).await;
    let reset = number(&first, "x-ratelimit-reset");
    for minute in 0..16 {
        let calls = if minute == 0 { 29 } else { 30 };
        for _ in 0..calls {
            let answer = world.read(&tokens.access, &path).await;
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(number(&answer, "x-ratelimit-limit"), 500);
        }
        // The minute is spent: the headers are still those of the hour.
        let refused = world.read(&tokens.access, &path).await;
        assert_eq!(number(&refused, "x-ratelimit-remaining"), 500 - 30 * (minute + 1));
        assert!((1..=60).contains(&number(&refused, "retry-after")));
        assert_eq!(refusal(refused).await, (429, "rate_limit_exceeded".to_owned()));
        world.advance(61).await;
    }
    for left in (0..20).rev() {
        let answer = world.read(&tokens.access, &path).await;
        assert_eq!(number(&answer, "x-ratelimit-remaining"), left);
    }
    let refused = world.read(&tokens.access, &path).await;
    assert_eq!(number(&refused, "x-ratelimit-remaining"), 0);
    let wait = number(&refused, "retry-after");
    // The reset is in real time, and the test has advanced the clock by sixteen minutes.
    let moved = reset - 16 * 61 - number(&refused, "x-ratelimit-reset");
    assert!(moved.abs() <= 2, "{moved}");
    world.advance(wait).await;
    tokens = pair(world.refresh(&tokens.refresh).await).await;
    let full = world.read(&tokens.access, &path).await;
    assert_eq!(number(&full, "x-ratelimit-remaining"), 499);
}

#[tokio::test]
async fn h31_too_many_calls_in_flight_are_refused_without_rate_headers() {
    let world = World::start().await;
    let token = world.connect().await.access;
    let slow = json!({ "fault": "slow_answer", "endpoint": "event", "times": 5, "delay_ms": 5_000 });
    world.act("/faults", slow).await;
    let path = format!("/events/{EVENT}");
    let reads = (0..12).map(|_| world.read(&token, &path));
    let answers = futures_util::future::join_all(reads).await;
    let refused: Vec<_> = answers
        .into_iter()
        .filter(|answer| answer.status() == 429)
        .collect();
    assert_eq!(refused.len(), 7);
    for answer in refused {
        let names: Vec<&str> = answer.headers().keys().map(|name| name.as_str()).collect();
        let told = |name: &&str| name.starts_with("x-ratelimit") || *name == "retry-after";
        assert!(!names.iter().any(told), "{names:?}");
        assert_eq!(refusal(answer).await.1, "concurrent_limit_exceeded");
    }
}

#[tokio::test]
async fn h31_no_id_is_a_uuid_except_that_of_a_delivery_and_kinds_share_prefixes() {
    let world = World::start().await;
    let token = world.connect().await.access;
    world
        .act("/applications/app_published_0002/approve", json!({}))
        .await;
    let webhook = world.receiver.next().await;
    let delivery = &webhook.headers["x-revento-delivery-id"];
    assert!(uuid::Uuid::try_parse(delivery).is_ok(), "{delivery}");
    let envelope = webhook.body["id"].as_str().unwrap();
    assert!(envelope.starts_with("evt_delivery_"), "{envelope}");
    let reviewer = webhook.body["data"]["approver_id"].as_str().unwrap();
    let user = webhook.body["data"]["user_id"].as_str().unwrap();
    assert!(reviewer.starts_with("usr_") && user.starts_with("usr_"));
    let page: Value = world
        .read(&token, &format!("/events/{EVENT}/participants?limit=50"))
        .await
        .json()
        .await
        .unwrap();
    let mut ids = vec![envelope.to_owned()];
    collect_ids(&page, &mut ids);
    collect_ids(&webhook.body, &mut ids);
    assert!(ids.len() > 150, "{}", ids.len());
    assert!(ids.iter().all(|id| uuid::Uuid::try_parse(id).is_err()), "{ids:?}");
}

fn collect_ids(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "id" || name.ends_with("_id") {
                    into.extend(value.as_str().map(str::to_owned));
                }
                collect_ids(value, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_ids(item, into)),
        _ => {}
    }
}

#[tokio::test]
async fn h31_a_participant_has_a_role_and_a_status_of_their_own() {
    let world = World::start().await;
    let token = world.connect().await.access;
    let page: Value = world
        .read(&token, &format!("/events/{EVENT}/participants?limit=50"))
        .await
        .json()
        .await
        .unwrap();
    let rows = page["data"].as_array().unwrap();
    for role in ["attendee", "speaker", "volunteer"] {
        assert!(rows.iter().any(|row| row["role"] == role), "{role}");
    }
    for row in rows {
        let expected = match (&row["registered_at"], &row["application_status"]) {
            (Value::String(_), _) => "registered",
            (_, status) if status == "cancelled" => "cancelled",
            _ => "applied",
        };
        assert_eq!(row["status"], expected, "{row}");
    }
    world.approve("app_published_0002").await;
    world.receiver.next().await;
    world
        .act("/participants/par_published_0002/register", json!({}))
        .await;
    let webhook = world.receiver.next().await.body;
    assert_eq!(
        (&webhook["type"], &webhook["data"]["status"]),
        (&json!("participant.registered"), &json!("registered"))
    );
}
