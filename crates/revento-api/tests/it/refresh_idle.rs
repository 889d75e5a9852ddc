//! Idle connections (T12).

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use revento_api::RefreshIdle;

use crate::support::World;

const DAY: Duration = Duration::from_secs(86_400);

fn refresh_idle(world: &World) -> RefreshIdle {
    world
        .client
        .refresh_idle()
        .every(Duration::from_secs(3600))
        .pause(Duration::from_secs(1))
}

#[tokio::test(start_paused = true)]
async fn t12_an_idle_connection_is_refreshed_before_its_90_days_end() {
    let world = World::connected().await;
    let running = tokio::spawn(refresh_idle(&world).run(pending()));
    for day in 1..=300 {
        world.clock.advance(DAY);
        // A little longer than two looks.
        tokio::time::sleep(Duration::from_secs(8000)).await;
        let left = world
            .stored()
            .await
            .refresh_expires_at
            .saturating_since(world.client.now());
        assert!(
            left > 28 * DAY,
            "day {day}: {} days left",
            left.as_secs() / 86_400
        );
    }
    assert!(
        (4..=6).contains(&world.platform.refreshes()),
        "{}",
        world.platform.refreshes()
    );

    drop(world);
    tokio::time::sleep(Duration::from_secs(8000)).await;
    assert!(running.is_finished());
}

#[tokio::test(start_paused = true)]
async fn t12_the_end_of_the_consent_is_told_at_30_7_and_1_days() {
    let world = World::connected().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let worker =
        refresh_idle(&world).on_consent_ending(move |ending| listener.lock().unwrap().push(ending.days));
    tokio::spawn(worker.run(pending()));
    for _ in 0..370 {
        world.clock.advance(DAY);
        tokio::time::sleep(Duration::from_secs(8000)).await;
    }
    assert_eq!(*told.lock().unwrap(), [30, 7, 1]);
    assert!(!world.platform.is_revoked());
}

#[tokio::test(start_paused = true)]
async fn when_told_to_stop_it_ends_between_two_looks() {
    let world = World::connected().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = tokio::spawn(refresh_idle(&world).run(async move { drop(stopped.await) }));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(!worker.is_finished());
    stop.send(()).unwrap();
    worker.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_does_not_end_the_worker() {
    let world = World::connected().await;
    tokio::spawn(refresh_idle(&world).run(pending()));
    world.store.down(true);
    world.clock.advance(70 * DAY);
    tokio::time::sleep(Duration::from_secs(8000)).await;
    world.store.down(false);
    tokio::time::sleep(Duration::from_secs(8000)).await;
    assert_eq!(world.stored().await.generation, 2);
}
