//! The weekly reset of the test data (contract §6).

use serde_json::{Value, json};

use crate::world::{EVENT, World, refusal};

/// The time of the next reset.
async fn next_reset(world: &World) -> Option<String> {
    let clock = world.control("/clock").await;
    let ahead = clock["ahead"].as_array().unwrap();
    let reset = ahead
        .iter()
        .find(|milestone| milestone["kind"] == "weekly_reset")?;
    Some(reset["at"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn h31_the_weekly_reset_follows_the_sandbox_clock() {
    let world = World::start_with(|builder| builder.reset_weekly()).await;
    let at = next_reset(&world).await.unwrap();
    assert!(at.ends_with("T00:00:00Z"), "{at}");
    let day: jiff::Timestamp = at.parse().unwrap();
    let weekday = day.to_zoned(jiff::tz::TimeZone::UTC).weekday();
    assert_eq!(weekday, jiff::civil::Weekday::Monday);

    let tokens = world.connect().await;
    // An hour before, because the clock runs on during the test.
    let now: jiff::Timestamp = world.control("/clock").await["now"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    world
        .advance((day.as_second() - now.as_second() - 3_600).max(0))
        .await;
    assert_eq!(
        world.control("/connections").await["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world
        .act("/clock", json!({ "to": "weekly_reset", "side": "after" }))
        .await;
    assert_eq!(world.control("/connections").await["data"], json!([]));
    let read = world.read(&tokens.access, &format!("/events/{EVENT}")).await;
    assert_eq!(refusal(read).await, (401, "invalid_token".to_owned()));
    // The clock shows the real time again, and the next reset is ahead.
    assert_eq!(world.control("/clock").await["offset_s"], 0);
    assert!(next_reset(&world).await.is_some());
    world.advance(8 * 86_400).await;
    assert_eq!(world.control("/clock").await["offset_s"], 0);
}

#[tokio::test]
async fn h31_without_the_option_there_is_no_weekly_reset() {
    let world = World::start().await;
    world.connect().await;
    world.advance(15 * 86_400).await;
    assert_eq!(next_reset(&world).await, None);
    assert_eq!(
        world.control("/connections").await["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let to = world.try_act("/clock", json!({ "to": "weekly_reset" })).await;
    assert_eq!(to.status(), 409);
}

#[tokio::test]
async fn h31_a_reset_that_was_missed_follows_the_next_start() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("platform.db");
    let week = std::time::Duration::from_secs(8 * 86_400);
    let start = async |later: bool| {
        let file = file.clone();
        World::start_with(move |builder| {
            let builder = builder.reset_weekly().data(file);
            if later {
                builder.clock(move || now() + week)
            } else {
                builder
            }
        })
        .await
    };
    let world = start(false).await;
    world.connect().await;
    let at = next_reset(&world).await.unwrap();
    world.sandbox.shutdown().await;

    let world = start(false).await;
    assert_eq!(
        next_reset(&world).await,
        Some(at.clone()),
        "a restart does not move it"
    );
    assert_eq!(
        world.control("/connections").await["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world.sandbox.shutdown().await;

    let world = start(true).await;
    for _ in 0..200 {
        if world.control("/connections").await["data"] == Value::Array(Vec::new()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(world.control("/connections").await["data"], json!([]));
    assert_ne!(next_reset(&world).await, Some(at));
}

#[allow(clippy::disallowed_methods, reason = "a clock for the sandbox")]
fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
