//! Connections that end, and the wiping of their data.

use std::time::Duration;

use revento_inbox::Deletions;
use revento_mirror::{Applied, ChangeKind, Changes, Phase, ResourceKind};
use revento_store::memory::MemoryDeletions;

use crate::{platform::EVENT, world::World};

async fn in_sync() -> (World, Deletions) {
    let world = World::connected().await;
    for number in 0..7 {
        world.platform.submit(&format!("p{number:02}"), "vegan");
    }
    world.clock.advance(Duration::from_secs(10));
    world.deliver_all().await;
    world.advance().await.unwrap();
    world.clock.advance(Duration::from_secs(10));
    let deletions = Deletions::new(MemoryDeletions::new()).clock(std::sync::Arc::clone(&world.clock));
    (world, deletions)
}

#[tokio::test]
async fn everything_is_wiped_with_evidence() {
    let (world, deletions) = in_sync().await;
    world.platform.revoke();
    let duty = world.platform.take_webhook(0).unwrap();
    assert!(deletions.record(&duty).await.unwrap());
    assert_eq!(world.apply(&duty).await, Applied::Ended);
    let status = world.mirror.status(EVENT).await.unwrap().unwrap();
    assert!(matches!(status.phase, Phase::Ended { .. }), "{:?}", status.phase);

    let evidence = world.mirror.fulfil(&deletions).await.unwrap();
    assert_eq!(evidence.len(), 1);
    assert_eq!(evidence[0].deleted.of(ResourceKind::Participant), 7);
    assert_eq!(evidence[0].deleted.answers, 21);
    assert_eq!(evidence[0].digest.len(), 64);
    let note = deletions
        .duty(&duty.id)
        .await
        .unwrap()
        .unwrap()
        .done
        .unwrap()
        .note;
    assert_eq!(note, evidence[0].to_string());
    assert!(
        note.contains("7 participant rows") && note.contains(&evidence[0].digest),
        "{note}"
    );
    assert!(!note.contains("p03") && !note.contains("Name of"), "{note}");

    let counts = world.store.counts(&EVENT.into()).await.unwrap();
    assert_eq!(counts.changes, 1, "that it was wiped: {counts:?}");
    assert!(world.rows(ResourceKind::Participant).await.is_empty());
    let missed = world.mirror.changes(EVENT, 0, 10).await.unwrap();
    let Changes::Missed { resume_after } = missed else {
        panic!("{missed:?}")
    };
    let Changes::Next(rest) = world.mirror.changes(EVENT, resume_after, 10).await.unwrap() else {
        panic!("nothing more is forgotten");
    };
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].what, ChangeKind::Wiped);

    // What comes late brings nothing back, and the evidence stays the same.
    world.platform.submit("p90", "vegan");
    let late = world.platform.take_webhook(0).unwrap();
    assert_eq!(world.apply(&late).await, Applied::NotMirrored);
    assert!(world.rows(ResourceKind::Participant).await.is_empty());
    let stored = deletions.duty(&duty.id).await.unwrap().unwrap();
    assert_eq!(world.mirror.wipe(&stored).await.unwrap(), evidence);
}

#[tokio::test]
async fn a_revocation_in_the_middle_of_a_read_stops_it() {
    let (world, _) = in_sync().await;
    world.clock.advance(Duration::from_secs(24 * 3600));
    world.platform.answer_only(Some(1));
    let _ = world.advance().await;
    world.platform.answer_only(None);
    world.platform.revoke();
    world.clock.advance(Duration::from_secs(3600 * 12));
    world.advance().await.unwrap();
    let reads = world.platform.reads();
    for _ in 0..10 {
        world.clock.advance(Duration::from_secs(3600));
        world.advance().await.unwrap();
    }
    assert_eq!(world.platform.reads(), reads, "background work has stopped");
}

#[tokio::test]
async fn q17_a_late_deletion_does_not_harm_the_data_of_a_new_consent() {
    let (world, deletions) = in_sync().await;
    world.platform.revoke();
    let duty = world.platform.take_webhook(0).unwrap();
    world.clock.advance(Duration::from_secs(60));
    world.connect().await;
    world.clock.advance(Duration::from_secs(60));
    world.advance().await.unwrap();
    world.assert_equal().await;
    // The webhook about the first connection comes an hour late.
    world.clock.advance(Duration::from_secs(3600));
    deletions.record(&duty).await.unwrap();
    assert_eq!(world.apply(&duty).await, Applied::Outdated);
    assert!(world.mirror.fulfil(&deletions).await.unwrap().is_empty());
    world.assert_equal().await;
    let done = deletions.duty(&duty.id).await.unwrap().unwrap().done;
    assert!(done.is_some(), "everything was read again under the new consent");
}

#[tokio::test]
async fn data_of_an_ended_connection_is_not_carried_over() {
    let (world, deletions) = in_sync().await;
    world.platform.revoke();
    let duty = world.platform.take_webhook(0).unwrap();
    deletions.record(&duty).await.unwrap();
    world.apply(&duty).await;
    world.platform.vanish("p03");
    world.clock.advance(Duration::from_secs(60));
    world.connect().await;
    world.clock.advance(Duration::from_secs(60));
    world.advance().await.unwrap();
    world.assert_equal().await;
    world.mirror.fulfil(&deletions).await.unwrap();
    assert!(deletions.duty(&duty.id).await.unwrap().unwrap().done.is_some());
    world.assert_equal().await;
    // And the new mirror works.
    world.clock.advance(Duration::from_secs(60));
    world.platform.review("p01", "approved");
    world.deliver_all().await;
    world.assert_equal().await;
}

#[tokio::test]
async fn without_any_webhook_the_data_is_wiped_before_the_deadline() {
    let (world, _) = in_sync().await;
    world.platform.revoke();
    // The webhook is lost. The next read learns that the token is revoked.
    world.mirror.wish_read(EVENT).await.unwrap();
    world.clock.advance(Duration::from_secs(600));
    world.advance().await.unwrap();
    let status = async || world.mirror.status(EVENT).await.unwrap().unwrap();
    assert!(matches!(status().await.phase, Phase::Ended { .. }));
    for _ in 0..28 {
        world.clock.advance(Duration::from_secs(24 * 3600));
        world.advance().await.unwrap();
    }
    assert_eq!(
        status().await.counts.of(ResourceKind::Participant),
        7,
        "somebody may still connect again"
    );
    world.clock.advance(Duration::from_secs(24 * 3600));
    world.advance().await.unwrap();
    assert_eq!(status().await.phase, Phase::Wiped);
    assert!(world.rows(ResourceKind::Participant).await.is_empty());
}

#[tokio::test]
async fn rows_whose_scope_is_not_granted_any_more_are_removed() {
    let (world, _) = in_sync().await;
    world.platform.update_activity("a1", "Opening");
    world.deliver_all().await;
    world.platform.refuse("participants");
    world.connect().await;
    world.clock.advance(Duration::from_secs(10));
    world.reconcile().await;
    assert!(world.rows(ResourceKind::Participant).await.is_empty());
    assert_eq!(
        world.rows(ResourceKind::Activity).await.len(),
        1,
        "the other list is read"
    );
}
