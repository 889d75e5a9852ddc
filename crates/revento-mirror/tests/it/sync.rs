//! The copy: full reads, webhooks, reconciliations.

use std::{sync::Arc, time::Duration};

use revento_core::resource::ApplicationStatus;
use revento_mirror::{Applied, Phase, ResourceKind};

use crate::{
    counting_store::CountingStore,
    platform::{Cursors, EVENT},
    world::World,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn with_people(count: usize) -> World {
    let world = World::connected().await;
    for number in 0..count {
        world.platform.submit(&format!("p{number:02}"), "none");
    }
    while world.platform.take_webhook(0).is_some() {}
    world.clock.advance(Duration::from_secs(10));
    world
}

#[tokio::test]
async fn the_first_read_copies_everything_as_it_came() {
    let world = with_people(10).await;
    world.platform.update_activity("a1", "Opening");
    world.advance().await.unwrap();
    world.assert_equal().await;
    let status = world.mirror.status(EVENT).await.unwrap().unwrap();
    assert!(matches!(status.phase, Phase::InSync { .. }), "{:?}", status.phase);
    assert_eq!(status.counts.of(ResourceKind::Participant), 10);
    assert_eq!(status.last_read.unwrap().resources, 11);
    let ada = world
        .mirror
        .participants(EVENT)
        .find(&"p03".into())
        .await
        .unwrap()
        .unwrap();
    assert!(ada.is_complete);
    assert!(
        ada.json().contains("9007199254740993"),
        "numbers keep their digits"
    );
}

#[tokio::test]
async fn a_webhook_replaces_what_is_older() {
    let world = with_people(3).await;
    world.advance().await.unwrap();
    world.clock.advance(Duration::from_secs(10));
    world.platform.review("p01", "approved");
    let approved = world.platform.take_webhook(0).unwrap();
    assert_eq!(world.apply(&approved).await, Applied::Current);
    let person = world
        .mirror
        .participants(EVENT)
        .find(&"p01".into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(person.item.application_status, ApplicationStatus::Approved);
    assert_eq!(person.item.name.as_deref(), Some("Name of p01"), "the rest stays");
    world.assert_equal().await;
}

#[tokio::test]
async fn q13_webhooks_may_arrive_late_twice_and_out_of_order() {
    let world = with_people(3).await;
    world.advance().await.unwrap();
    world.clock.advance(Duration::from_secs(10));
    world.platform.review("p01", "approved");
    world.clock.advance(Duration::from_secs(10));
    world.platform.rename("p01", "Ada");
    world.clock.advance(Duration::from_secs(10));
    world.platform.review("p01", "rejected");
    let webhooks = world.platform.webhooks();
    let order = [2, 0, 1, 0, 2, 1];
    let mut applied = Vec::new();
    for number in order {
        applied.push(world.apply(&webhooks[number]).await);
    }
    use Applied::{Current, Outdated};
    assert_eq!(applied, [Current, Outdated, Current, Outdated, Current, Current]);
    world.assert_equal().await;
}

#[tokio::test]
async fn a_webhook_during_the_full_read_wins_over_the_page_that_is_older() {
    let world = with_people(9).await;
    world.platform.answer_only(Some(1));
    world.advance().await.unwrap_err();
    world.platform.answer_only(None);
    // The read has begun, and has not reached p08 yet. Its webhook occurs after the page is asked for.
    world.clock.advance(Duration::from_secs(10));
    world.platform.review("p08", "approved");
    let approved = world.platform.take_webhook(0).unwrap();
    assert_eq!(world.apply(&approved).await, Applied::Current);
    assert!(
        !world
            .mirror
            .participants(EVENT)
            .find(&"p08".into())
            .await
            .unwrap()
            .unwrap()
            .is_complete
    );
    world.clock.advance(Duration::from_secs(10));
    world.advance().await.unwrap();
    world.assert_equal().await;
    // A webhook that is older than the page that has shown its row changes nothing.
    assert_eq!(world.apply(&approved).await, Applied::Outdated);
}

#[tokio::test]
async fn a_reconciliation_finds_what_no_webhook_tells() {
    let world = with_people(7).await;
    world.advance().await.unwrap();
    world.clock.advance(Duration::from_secs(60));
    world.platform.review("p01", "approved");
    let late = world.platform.take_webhook(0).unwrap();
    world.clock.advance(Duration::from_secs(60));
    world.platform.cancel("p01");
    world.platform.vanish("p02");
    world.reconcile().await;
    world.assert_equal().await;
    // The approval comes late, and after it the participant has cancelled.
    assert_eq!(world.apply(&late).await, Applied::Outdated);
    world.assert_equal().await;
}

#[tokio::test]
async fn a_webhook_about_somebody_who_is_gone_does_not_bring_them_back() {
    let world = with_people(4).await;
    world.advance().await.unwrap();
    world.clock.advance(Duration::from_secs(60));
    world.platform.rename("p02", "Late");
    let late = world.platform.take_webhook(0).unwrap();
    world.platform.vanish("p02");
    world.clock.advance(Duration::from_secs(10));
    world.reconcile().await;
    assert_eq!(world.apply(&late).await, Applied::Outdated);
    world.assert_equal().await;
}

#[tokio::test]
async fn an_item_that_a_shifting_list_has_skipped_is_not_removed() {
    let store = CountingStore::new();
    let world = World::with(Cursors::Offset, 3, store).await;
    for number in 0..8 {
        world.platform.submit(&format!("p{number:02}"), "none");
    }
    world.clock.advance(Duration::from_secs(10));
    world.advance().await.unwrap();
    world.clock.advance(DAY);
    // After the first page its items vanish, and the following ones move up by one.
    world.platform.answer_only(Some(1));
    let _ = world.advance().await;
    world.platform.answer_only(None);
    world.platform.vanish("p00");
    let before = world.mirror.last_change(EVENT).await.unwrap();
    world.reconcile().await;
    world.assert_equal().await;
    let changes = world.mirror.changes(EVENT, before, 100).await.unwrap();
    let revento_mirror::Changes::Next(changes) = changes else {
        panic!("{changes:?}")
    };
    assert_eq!(changes.len(), 1, "only p00 was removed: {changes:?}");
}

#[tokio::test]
async fn a_reconciliation_without_news_writes_no_row_and_no_change() {
    let store = CountingStore::new();
    let world = World::with(Cursors::LastId, 3, Arc::<CountingStore>::clone(&store)).await;
    for number in 0..10 {
        world.platform.submit(&format!("p{number:02}"), "none");
    }
    world.clock.advance(Duration::from_secs(10));
    world.advance().await.unwrap();
    let (rows, changes) = (
        store.rows_written(),
        world.mirror.last_change(EVENT).await.unwrap(),
    );
    assert_eq!((rows, changes), (10, 10));
    world.clock.advance(DAY);
    world.reconcile().await;
    assert_eq!(store.rows_written(), rows);
    assert_eq!(world.mirror.last_change(EVENT).await.unwrap(), changes);
}

#[tokio::test]
async fn a_new_applicant_gets_a_name_within_minutes() {
    let world = with_people(3).await;
    world.advance().await.unwrap();
    world.clock.advance(Duration::from_secs(3600));
    world.platform.submit("p90", "vegan");
    world.deliver_all().await;
    let find = async || {
        world
            .mirror
            .participants(EVENT)
            .find(&"p90".into())
            .await
            .unwrap()
            .unwrap()
    };
    let applicant = find().await;
    assert_eq!(
        (applicant.is_complete, applicant.item.name.as_deref()),
        (false, None)
    );
    assert_eq!(applicant.item.application_status, ApplicationStatus::Pending);
    let mut minutes = 0;
    while !find().await.is_complete {
        minutes += 1;
        assert!(minutes < 15, "the read does not come");
        world.clock.advance(Duration::from_secs(60));
        world.advance().await.unwrap();
    }
    assert!(minutes >= 5, "several applicants share a read");
    world.assert_equal().await;
}

#[tokio::test]
async fn webhooks_that_arrive_together_share_a_write() {
    let store = CountingStore::new();
    let world = World::with(Cursors::LastId, 50, Arc::<CountingStore>::clone(&store)).await;
    for number in 0..40 {
        world.platform.submit(&format!("p{number:02}"), "none");
    }
    while world.platform.take_webhook(0).is_some() {}
    world.clock.advance(Duration::from_secs(10));
    world.advance().await.unwrap();
    world.clock.advance(Duration::from_secs(10));
    for number in 0..40 {
        world.platform.review(&format!("p{number:02}"), "approved");
    }
    let before = store.writes.load(std::sync::atomic::Ordering::SeqCst);
    let webhooks = world.platform.webhooks();
    let applied = futures_util::future::join_all(webhooks.iter().map(|webhook| world.apply(webhook))).await;
    assert!(applied.iter().all(|applied| *applied == Applied::Current));
    let writes = store.writes.load(std::sync::atomic::Ordering::SeqCst) - before;
    assert!(writes <= 3, "{writes} writes for 40 webhooks");
    world.assert_equal().await;
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_no_other_webhook_with_it() {
    let store = CountingStore::new();
    let world = World::with(Cursors::LastId, 50, store).await;
    for number in 0..20 {
        world.platform.submit(&format!("p{number:02}"), "none");
    }
    while world.platform.take_webhook(0).is_some() {}
    world.clock.advance(Duration::from_secs(10));
    world.advance().await.unwrap();
    world.clock.advance(Duration::from_secs(10));
    for number in 0..20 {
        world.platform.review(&format!("p{number:02}"), "approved");
    }
    let webhooks = world.platform.webhooks();
    let mut calls: Vec<_> = webhooks
        .iter()
        .map(|webhook| Box::pin(world.mirror.apply(webhook)))
        .collect();
    // Each is polled once: the first leads a batch with all others, and is dropped within it.
    for call in &mut calls {
        assert!(futures_util::poll!(call.as_mut()).is_pending());
    }
    drop(calls.remove(0));
    for applied in futures_util::future::join_all(calls).await {
        assert_eq!(applied.unwrap(), Applied::Current);
    }
    assert_eq!(world.apply(&webhooks[0]).await, Applied::Current);
    world.assert_equal().await;
}

#[tokio::test]
async fn a_wished_read_does_not_wait_for_a_reconciliation() {
    let world = with_people(40).await;
    world.advance().await.unwrap();
    // A reconciliation begins, spread over a day.
    world.clock.advance(DAY);
    world.advance().await.unwrap();
    let status = world.mirror.status(EVENT).await.unwrap().unwrap();
    assert!(
        matches!(status.phase, Phase::Reconciling(_)),
        "{:?}",
        status.phase
    );
    world.platform.submit("p99", "none");
    world.deliver_all().await;
    let person = async || {
        world
            .mirror
            .participants(EVENT)
            .find(&"p99".into())
            .await
            .unwrap()
            .unwrap()
    };
    assert!(!person().await.is_complete);
    let begin = world.client.now();
    while !person().await.is_complete {
        let next = world.advance().await.unwrap();
        world.clock.advance(
            next.saturating_since(world.client.now())
                .max(Duration::from_secs(1)),
        );
        let passed = world.client.now().saturating_since(begin);
        assert!(passed < DAY / 24, "nameless for {passed:?}");
    }
    world.reconcile().await;
    world.assert_equal().await;
}

#[tokio::test]
async fn a_wish_shortly_before_a_reconciliation_is_not_spread_over_the_day() {
    let world = with_people(40).await;
    world.advance().await.unwrap();
    world.clock.advance(DAY - Duration::from_secs(120));
    world.platform.submit("p99", "none");
    world.deliver_all().await;
    world.clock.advance(Duration::from_secs(120));
    world.advance().await.unwrap();
    world.clock.advance(DAY / 24);
    for _ in 0..20 {
        let next = world.advance().await.unwrap();
        world.clock.advance(
            next.saturating_since(world.client.now())
                .min(Duration::from_secs(60)),
        );
    }
    let person = world
        .mirror
        .participants(EVENT)
        .find(&"p99".into())
        .await
        .unwrap()
        .unwrap();
    assert!(person.is_complete);
}
