//! The steps of the quickstarts, and what they do not survive: a kill.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test panics")]

#[path = "../../test-support/world.rs"]
mod world;

use std::time::Duration;

use revento_sandbox::{Action, Fault};
use serde_json::{Value, json};
use tokio::process::Command;

use world::{EVENT, World};

fn command(world: &World) -> Command {
    let mut command = world.command(env!("CARGO_BIN_EXE_revento-example-ported-quickstart"));
    command.env("DATABASE", world.data.path().join("quickstart.db"));
    command
}

async fn get(world: &World, path: &str) -> (u16, Vec<Value>) {
    let response = world
        .client
        .get(format!("{}{path}", world.base))
        .send()
        .await
        .unwrap();
    let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
    (status, serde_json::from_str(&text).unwrap_or_default())
}

async fn people(world: &World) -> Vec<Value> {
    let (status, people) = get(world, &format!("/events/{EVENT}/participants")).await;
    assert_eq!(status, 200, "{}", world.log());
    people
}

#[tokio::test(flavor = "multi_thread")]
async fn connects_reads_receives_and_refreshes() {
    let world = World::new().await;
    let mut program = world.run(command(&world)).await;
    let (status, _) = get(&world, &format!("/events/{EVENT}/participants")).await;
    assert_eq!(status, 409);
    world.connect().await;
    let before = people(&world).await;
    assert!(before.len() >= 30);

    let pending = world.sandbox.applications(EVENT, "pending").await.unwrap();
    world.sandbox.arm(Fault::named("delivery_storm")).unwrap();
    let approve = format!("/applications/{}/approve", pending.first().unwrap());
    world.control(&approve, json!({})).await;
    world
        .wait("the approval is handled", async || {
            get(&world, "/events-seen").await.1.len() == 1
        })
        .await;

    // The quickstarts lose their tokens here, and with them the connection.
    program.kill().await.unwrap();
    program = world.run(command(&world)).await;
    world.sandbox.advance(Duration::from_secs(3700)).await.unwrap();
    let reads = tokio::join!(people(&world), people(&world), people(&world), people(&world));
    for read in [reads.0, reads.1, reads.2, reads.3] {
        assert_eq!(read, before);
    }
    let stats = world.sandbox.stats().await.unwrap();
    assert_eq!((stats.refreshes, stats.reuses), (1, 0));
    for delivery in world.sandbox.deliveries().await.unwrap() {
        world.sandbox.perform(Action::Replay(delivery.id)).await.unwrap();
    }
    world.sandbox.deliveries_settled().await.unwrap();
    assert_eq!(get(&world, "/events-seen").await.1, [] as [Value; 0]);
    program.kill().await.unwrap();
}
