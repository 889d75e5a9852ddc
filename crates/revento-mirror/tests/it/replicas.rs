//! Crashes, lost answers of the store, and several replicas.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use revento_mirror::MirrorError;

use crate::{
    counting_store::CountingStore,
    platform::{Cursors, EVENT},
    world::World,
};

async fn with_people(count: usize) -> (World, Arc<CountingStore>) {
    let store = CountingStore::new();
    let world = World::with(Cursors::LastId, 3, Arc::<CountingStore>::clone(&store)).await;
    for number in 0..count {
        world.platform.submit(&format!("p{number:02}"), "none");
    }
    world.clock.advance(Duration::from_secs(10));
    (world, store)
}

#[tokio::test]
async fn after_a_crash_the_read_goes_on_at_the_same_page() {
    let (world, _) = with_people(12).await;
    for _ in 0..10 {
        // Each process dies after one page. The activities have one, too.
        world.platform.answer_only(Some(1));
        let _ = world.replica(|it| it).advance(&EVENT.into()).await;
    }
    world.platform.answer_only(None);
    assert_eq!(world.platform.reads(), 5, "no page was read twice");
    world.assert_equal().await;
}

#[tokio::test]
async fn a_lost_answer_of_the_store_loses_nothing() {
    for failing in 1..9 {
        let (world, store) = with_people(9).await;
        store.failing.store(failing, Ordering::SeqCst);
        let error = world.advance().await;
        assert!(matches!(error, Ok(_) | Err(MirrorError::Store(_))), "{error:?}");
        store.failing.store(0, Ordering::SeqCst);
        world.clock.advance(Duration::from_secs(600));
        world.advance().await.unwrap();
        world.assert_equal().await;
    }
}

#[tokio::test]
async fn a_cursor_that_the_platform_refuses_begins_the_read_again() {
    let (world, _) = with_people(9).await;
    world.platform.answer_only(Some(2));
    world.advance().await.unwrap_err();
    world.platform.answer_only(None);
    world.platform.change_cursor_format();
    world.advance().await.unwrap();
    world.assert_equal().await;
}

#[tokio::test]
async fn one_replica_reads_at_a_time() {
    let (world, store) = with_people(9).await;
    let event = EVENT.into();
    world.advance().await.unwrap();
    world.clock.advance(Duration::from_secs(24 * 3600));
    use revento_mirror::store::{MirrorStore as _, ReadClaim};
    let now = revento_store::Clock::now(&*world.clock);
    let until = now.saturating_add(Duration::from_secs(300));
    let claim = store.claim(&event, None, now, until).await.unwrap();
    assert!(matches!(claim, ReadClaim::Granted { .. }));
    let reads = world.platform.reads();
    assert_eq!(
        world.advance().await.unwrap(),
        until,
        "the other replica's claim has this end"
    );
    assert_eq!(world.platform.reads(), reads);
    // The other replica has died.
    world.clock.advance(Duration::from_secs(300));
    world.advance().await.unwrap();
    assert!(world.platform.reads() > reads);
}

#[tokio::test]
async fn a_replica_that_was_paused_beyond_its_claim_writes_nothing() {
    let (world, store) = with_people(3).await;
    let event = EVENT.into();
    world.advance().await.unwrap();
    use revento_mirror::store::{MirrorStore as _, MirrorWrite, ReadClaim, Wish, WriteOutcome};
    let now = revento_store::Clock::now(&*world.clock);
    let ReadClaim::Granted { fence, event: stored } = store.claim(&event, None, now, now).await.unwrap()
    else {
        panic!("the claim is free");
    };
    store.claim(&event, None, now, now).await.unwrap();
    let write = MirrorWrite {
        event_id: event,
        epoch: stored.epoch,
        fence: Some(fence),
        progress: Some("{}".into()),
        ends_epoch: false,
        wish: Wish::Keep,
        rows: Vec::new(),
        marks: None,
        at: now,
    };
    assert_eq!(store.write(&write).await.unwrap(), WriteOutcome::Fenced);
}
