//! The background worker: refreshes whose callers have gone away.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;

use crate::support::World;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test(start_paused = true)]
async fn with_a_background_nobody_waits_for_a_refresh_in_time() {
    let world = World::connected().await;
    let background = tokio::spawn(world.client.background().run(pending()));
    tokio::task::yield_now().await;
    world.token().await.unwrap();
    world.until_before_the_end(Duration::from_secs(300));
    let before = tokio::time::Instant::now();
    for _ in 0..10 {
        assert_eq!(world.token().await.as_deref(), Ok("rev_install_1"));
    }
    assert_eq!(before.elapsed(), Duration::ZERO);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));
    assert_eq!(world.platform.refreshes(), 1);

    drop(world);
    background.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refresh_goes_on_in_the_background_when_its_caller_has_gone() {
    let world = World::connected().await;
    tokio::spawn(world.client.background().run(pending()));
    world.until_before_the_end(Duration::ZERO);
    drop_while_it_runs(&world).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(world.stored().await.generation, 2);
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));
    assert_eq!(world.platform.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_one_it_goes_on_with_the_next_caller() {
    let world = World::connected().await;
    world.until_before_the_end(Duration::ZERO);
    drop_while_it_runs(&world).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(world.stored().await.generation, 1, "it stands still");
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));
    assert_eq!(world.platform.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn t6_the_background_stores_what_could_not_be_stored() {
    let world = World::connected().await;
    tokio::spawn(world.client.background().run(pending()));
    world.until_before_the_end(Duration::ZERO);
    world.store.swaps_fail(true);
    world.token().await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.store.swaps_fail(false);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(world.stored().await.generation, 2, "without any caller");
    assert_eq!(world.platform.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn when_told_to_stop_it_finishes_what_is_under_way() {
    let world = World::connected().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let background = world.client.background().run(stopped.map(drop));
    let background = tokio::spawn(background);
    world.until_before_the_end(Duration::ZERO);
    drop_while_it_runs(&world).await;
    stop.send(()).unwrap();
    background.await.unwrap();
    assert_eq!(world.stored().await.generation, 2, "without any caller");
    assert_eq!(world.platform.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_one_ends_at_once() {
    let world = World::connected().await;
    let _first = tokio::spawn(world.client.background().run(pending()));
    world.client.background().run(pending()).await;
}

#[tokio::test(start_paused = true)]
async fn t12_it_refreshes_idle_connections_unless_told_not_to() {
    let (world, left_alone) = (World::connected().await, World::connected().await);
    tokio::spawn(world.client.background().run(pending()));
    let without = left_alone.client.background().without_refresh_idle();
    tokio::spawn(without.run(pending()));
    for world in [&world, &left_alone] {
        world.clock.advance(70 * DAY);
    }
    // Longer than the pause between two looks.
    tokio::time::sleep(DAY / 2).await;
    assert_eq!(world.stored().await.generation, 2);
    assert_eq!(left_alone.stored().await.generation, 1);
}

#[tokio::test(start_paused = true)]
async fn t12_the_settings_of_the_idle_refresh_count() {
    let world = World::connected().await;
    let told = Arc::new(AtomicBool::new(false));
    let listener = Arc::clone(&told);
    let idle = world.client.refresh_idle().every(Duration::from_secs(60));
    let idle = idle.on_consent_ending(move |_| listener.store(true, Ordering::Relaxed));
    tokio::spawn(world.client.background().with_refresh_idle(idle).run(pending()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.clock.advance(340 * DAY);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(told.load(Ordering::Relaxed));
}

/// Waits for a token until the request is on its way, then gives up.
async fn drop_while_it_runs(world: &World) {
    let token = world.token();
    assert_eq!(
        tokio::time::timeout(Duration::from_millis(1), token).await.ok(),
        None
    );
    assert!(world.token().now_or_never().is_none());
}
