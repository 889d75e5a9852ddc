//! Following the changes.

use std::time::Duration;

use revento_core::resource::{ApplicationStatus, Participant};
use revento_mirror::{Change, ChangeKind, Changes};

use crate::{platform::EVENT, world::World};

async fn next(world: &World, after: i64) -> Vec<Change> {
    match world.mirror.changes(EVENT, after, 100).await.unwrap() {
        Changes::Next(changes) => changes,
        missed => panic!("{missed:?}"),
    }
}

#[tokio::test]
async fn a_reader_follows_from_its_position() {
    let world = World::connected().await;
    world.platform.submit("p1", "vegan");
    while world.platform.take_webhook(0).is_some() {}
    world.clock.advance(Duration::from_secs(10));
    world.advance().await.unwrap();
    let added = next(&world, 0).await;
    assert_eq!(added.len(), 1);
    let ChangeKind::Added(row) = &added[0].what else {
        panic!("{added:?}")
    };
    assert_eq!(
        row.after::<Participant>().unwrap().name.as_deref(),
        Some("Name of p1")
    );

    world.clock.advance(Duration::from_secs(10));
    world.platform.review("p1", "approved");
    let webhook = world.platform.take_webhook(0).unwrap();
    world.apply(&webhook).await;
    world.apply(&webhook).await;
    let changed = next(&world, 1).await;
    assert_eq!(changed.len(), 1, "the same again is no change: {changed:?}");
    let ChangeKind::Changed(row) = &changed[0].what else {
        panic!("{changed:?}")
    };
    let status = |it: Option<Participant>| it.unwrap().application_status;
    assert_eq!(status(row.before()), ApplicationStatus::Pending);
    assert_eq!(status(row.after()), ApplicationStatus::Approved);

    world.platform.vanish("p1");
    world.clock.advance(Duration::from_secs(10));
    world.reconcile().await;
    let removed = next(&world, 2).await;
    assert_eq!(removed.len(), 1);
    let ChangeKind::Removed(row) = &removed[0].what else {
        panic!("{removed:?}")
    };
    assert_eq!((&*row.id, row.after_json()), ("p1", None));
    assert!(
        !format!("{removed:?}").contains("Name of"),
        "changes are personal"
    );
}

#[tokio::test]
async fn a_reader_that_is_too_late_learns_of_it() {
    let world = World::connected().await;
    world.platform.submit("p1", "vegan");
    world.platform.submit("p2", "vegan");
    world.clock.advance(Duration::from_secs(10));
    world.advance().await.unwrap();
    world.clock.advance(Duration::from_secs(8 * 24 * 3600));
    let before = world
        .client
        .now()
        .saturating_sub(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(world.store.forget_changes(before).await.unwrap(), 2);
    let late = world.mirror.changes(EVENT, 1, 10).await.unwrap();
    assert_eq!(late, Changes::Missed { resume_after: 2 });
    assert!(next(&world, 2).await.is_empty());
}

#[tokio::test]
async fn who_waits_for_a_change_gets_it() {
    let world = World::connected().await;
    world.clock.advance(Duration::from_secs(10));
    world.advance().await.unwrap();
    let long = Duration::from_secs(60);
    let wait = world.mirror.wait_for_changes(EVENT, 0, 10, long);
    let act = async {
        tokio::task::yield_now().await;
        world.platform.update_activity("a1", "Opening");
        world.deliver_all().await;
    };
    let (changes, ()) = tokio::join!(wait, act);
    let Changes::Next(changes) = changes.unwrap() else {
        panic!("nothing is forgotten")
    };
    assert_eq!(changes.len(), 1);
}
