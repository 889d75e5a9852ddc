//! What reading costs.

use std::time::Duration;

use revento_core::Timestamp;
use revento_mirror::{Mirror, Phase};
use revento_store::Clock as _;

use crate::{platform::EVENT, world::World};

const HOUR: Duration = Duration::from_secs(3600);

/// Lets the mirror work for this time, and returns when it read.
async fn work(world: &World, mirror: &Mirror, time: Duration) -> Vec<Timestamp> {
    let end = world.clock.now().saturating_add(time);
    let mut reads = Vec::new();
    while world.clock.now() < end {
        let before = world.platform.reads();
        let next = mirror.advance(&EVENT.into()).await.unwrap();
        let now = world.clock.now();
        reads.extend((before..world.platform.reads()).map(|_| now));
        world
            .clock
            .advance(next.saturating_since(now).clamp(Duration::from_secs(1), HOUR));
    }
    reads
}

async fn with_people(count: usize) -> World {
    let world = World::connected().await;
    for number in 0..count {
        world.platform.submit(&format!("p{number:04}"), "none");
    }
    while world.platform.take_webhook(0).is_some() {}
    world.clock.advance(Duration::from_secs(10));
    world
}

fn most_in_an_hour(reads: &[Timestamp]) -> usize {
    let within = |from: Timestamp| {
        let to = from.saturating_add(HOUR);
        reads.iter().filter(|at| from <= **at && **at < to).count()
    };
    reads.iter().map(|at| within(*at)).max().unwrap_or(0)
}

#[tokio::test]
async fn a_reconciliation_is_spread_over_the_day() {
    let world = with_people(300).await; // 100 pages
    world.advance().await.unwrap();
    let reads = work(&world, &world.mirror, 72 * HOUR).await;
    assert!(
        (202..=210).contains(&reads.len()),
        "two reconciliations of 101 pages: {}",
        reads.len()
    );
    assert!(
        most_in_an_hour(&reads) <= 6,
        "{} in an hour",
        most_in_an_hour(&reads)
    );
}

#[tokio::test]
async fn a_wished_read_keeps_to_the_share() {
    let world = with_people(900).await; // 300 pages
    world.advance().await.unwrap();
    for (share, most) in [(0.2, 100), (0.02, 10)] {
        let mirror = world.replica(|it| it.budget_share(share));
        mirror.wish_read(EVENT).await.unwrap();
        let reads = work(&world, &mirror, 6 * HOUR).await;
        let busiest = most_in_an_hour(&reads);
        assert!(
            (most * 9 / 10..=most).contains(&busiest),
            "{busiest} reads in an hour at {share}"
        );
    }
}

#[tokio::test]
async fn the_estimate_is_honest() {
    let world = with_people(60).await; // 20 pages
    world.platform.answer_only(Some(5));
    world.advance().await.unwrap_err();
    world.platform.answer_only(None);
    let status = world.mirror.status(EVENT).await.unwrap().unwrap();
    let Phase::FirstRead(read) = status.phase else {
        panic!("{:?}", status.phase)
    };
    assert_eq!((read.pages, read.resources), (5, 15));
    assert_eq!(
        read.estimated_end, None,
        "the platform does not say how many pages follow"
    );
    world.advance().await.unwrap();

    world.clock.advance(24 * HOUR);
    let mut estimates = Vec::new();
    let ended_at = loop {
        let next = world.advance().await.unwrap();
        let status = world.mirror.status(EVENT).await.unwrap().unwrap();
        match status.phase {
            Phase::Reconciling(read) => estimates.push(read.estimated_end.unwrap()),
            _ => break world.clock.now(),
        }
        let now = world.clock.now();
        world.clock.advance(next.saturating_since(now));
    };
    assert!(estimates.len() >= 10);
    for estimate in estimates {
        let off = estimate.saturating_since(ended_at) + ended_at.saturating_since(estimate);
        assert!(off < HOUR * 2, "{off:?}");
    }
}
