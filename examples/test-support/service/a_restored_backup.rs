//! What docs/guide/operate.md says about the restore of a backup.
use std::{fs, path::Path, time::Duration};

use revento_sandbox::{Action, ConsentDecision};

use super::world::{EVENT, World};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn spent_connections_are_connected_again_and_webhooks_are_replayed() {
    let world = World::new().await;
    let mut program = world.start().await;
    connect(&world).await;
    assert_eq!(world.reads().await.0, 200);
    program.kill().await.unwrap();
    let backup = tempfile::tempdir().unwrap();
    copy(world.data.path(), backup.path());

    // After the backup: a refresh, a webhook, and the end of everything on the disk.
    program = world.start().await;
    world.sandbox.advance(HOUR + HOUR / 60).await.unwrap();
    assert_eq!(world.reads().await.0, 200);
    assert_eq!(world.sandbox.stats().await.unwrap().refreshes, 1);
    world.act("/applications/app_published_0002/approve").await;
    world.handles("application.approved").await;
    program.kill().await.unwrap();
    copy(backup.path(), world.data.path());

    // The connection of the backup is spent. The organizer connects again.
    program = world.start().await;
    assert_eq!(world.reads().await.0, 410);
    let stats = world.sandbox.stats().await.unwrap();
    assert_eq!((stats.reuses, stats.families_revoked), (1, 1));
    connect(&world).await;
    assert_eq!(world.reads().await.0, 200);

    // The webhook after the backup is unknown, until the console replays it.
    assert_eq!(world.handled().await, serde_json::json!([]));
    for delivery in world.sandbox.deliveries().await.unwrap() {
        world.sandbox.perform(Action::Replay(delivery.id)).await.unwrap();
    }
    world.handles("application.approved").await;
    program.kill().await.unwrap();
}

async fn connect(world: &World) {
    let (consent_page, cookies) = world.begin(&format!("/connect?event_id={EVENT}")).await;
    let back = world
        .sandbox
        .authorize(&consent_page, ConsentDecision::Authorize)
        .await;
    let arrived = world.open(&back.unwrap(), &cookies).await;
    assert_eq!(arrived.status(), 303);
}

/// Replaces the files of a directory by those of another.
fn copy(from: &Path, to: &Path) {
    for file in fs::read_dir(to).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
