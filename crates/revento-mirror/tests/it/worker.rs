//! The worker: what wakes it, and how it stops.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use revento_mirror::Phase;

use crate::{
    counting_store::CountingStore,
    platform::{Cursors, EVENT},
    world::World,
};

/// Waits for a condition. The worker looks by itself only once a minute, so this fails if nothing wakes it.
async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(40), waiting).await;
    assert!(waited.is_ok(), "{what}");
}

async fn until_in_sync(world: &World) {
    until("the mirror is in sync", async || {
        let status = world.mirror.status(EVENT).await.unwrap();
        status.is_some_and(|status| matches!(status.phase, Phase::InSync { .. }))
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_this_process_makes_wakes_the_worker() {
    let store = CountingStore::new();
    let world = World::unconnected(Cursors::LastId, 3, Arc::<CountingStore>::clone(&store));
    world.platform.submit("p01", "none");
    let mirror = world.mirror.clone();
    tokio::spawn(async move { mirror.run(pending()).await });
    until("the worker has looked", async || {
        store.forgotten.load(Ordering::SeqCst) > 0
    })
    .await;
    world.connect().await;
    until_in_sync(&world).await;
}

#[tokio::test]
async fn the_first_webhook_of_an_event_wakes_the_worker() {
    let store = CountingStore::new();
    let world = World::with(Cursors::LastId, 3, Arc::<CountingStore>::clone(&store)).await;
    let is_accepted = Arc::new(AtomicBool::new(false));
    let accepts = Arc::clone(&is_accepted);
    let mirror = world.replica(|it| it.only(move |_| accepts.load(Ordering::SeqCst)));
    let worker = mirror.clone();
    tokio::spawn(async move { worker.run(pending()).await });
    until("the worker has looked", async || {
        store.forgotten.load(Ordering::SeqCst) > 0
    })
    .await;
    // As if another replica had connected the event meanwhile.
    is_accepted.store(true, Ordering::SeqCst);
    world.platform.submit("p01", "none");
    let webhook = world.platform.take_webhook(0).unwrap();
    mirror.apply(&webhook).await.unwrap();
    until_in_sync(&world).await;
}

#[tokio::test]
async fn a_worker_that_is_stopped_in_a_read_releases_its_claim() {
    let store = CountingStore::new();
    let world = World::with(Cursors::LastId, 3, Arc::<CountingStore>::clone(&store)).await;
    world.platform.submit("p01", "none");
    world.platform.hang();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mirror = world.mirror.clone();
    let worker = tokio::spawn(async move { mirror.run(async { drop(stopped.await) }).await });
    until("a read is under way", async || world.platform.reads() > 0).await;
    assert_eq!(store.released.load(Ordering::SeqCst), 0);
    drop(stop);
    worker.await.unwrap();
    assert_eq!(store.released.load(Ordering::SeqCst), 1);
    use revento_mirror::store::{MirrorStore as _, ReadClaim};
    let now = world.client.now();
    let until = now.saturating_add(Duration::from_secs(300));
    let claim = store.claim(&EVENT.into(), None, now, until).await.unwrap();
    assert!(matches!(claim, ReadClaim::Granted { .. }), "{claim:?}");
}
