use revento_core::EventId;

use super::{Subject, fixtures::*};
use crate::store::{MirrorWrite, ReadClaim, RowCounts, Wish, WriteOutcome};

pub(super) async fn an_event_begins_once(subject: Subject) {
    let store = &*subject.store;
    assert!(store.begin(&event(), r#"{"a":1}"#).await.unwrap());
    assert!(
        !store.begin(&event(), r#"{"b":2}"#).await.unwrap(),
        "a known event is not added again"
    );
    let loaded = store.load(&event(), &[]).await.unwrap().event.unwrap();
    assert_eq!((loaded.epoch, loaded.last_change, loaded.wished_at), (1, 0, None));
    assert_eq!(&*loaded.progress, r#"{"a":1}"#, "the notes of a known event stay");
}

pub(super) async fn an_unknown_event_has_nothing(subject: Subject) {
    let store = &*subject.store;
    let calls = Calls(store);
    let loaded = calls.load(&["p"]).await;
    assert!(loaded.event.is_none() && loaded.rows.is_empty());
    assert_eq!(calls.claim(1, 2).await, ReadClaim::Unknown);
    store.release(&event(), revento_store::Fence(1)).await.unwrap();
    assert_eq!(calls.write(&write(&event())).await, WriteOutcome::OtherEpoch);
    assert!(store.rows(&all_people()).await.unwrap().is_empty());
    assert_eq!(store.counts(&event()).await.unwrap(), RowCounts::default());
    let changes = store.changes(&event(), 0, 10).await.unwrap();
    assert!(changes.changes.is_empty() && changes.forgotten_to == 0);
    assert_eq!(store.wipe(&event(), 1, at(1)).await.unwrap(), None);
    assert!(store.events(None, 10).await.unwrap().is_empty());
}

pub(super) async fn events_are_listed_in_the_order_of_their_ids(subject: Subject) {
    let store = &*subject.store;
    let mut ids = ["b", "é", "a\0", "a", "Z", "aa", "\u{10ffff}"];
    for id in ids {
        store.begin(&EventId::new(id), "{}").await.unwrap();
    }
    ids.sort_unstable();
    let mut listed = Vec::new();
    loop {
        let page = store.events(listed.last(), 2).await.unwrap();
        listed.extend(page.iter().map(|event| event.event_id.clone()));
        if page.len() < 2 {
            break;
        }
    }
    let listed: Vec<_> = listed.iter().map(EventId::as_str).collect();
    assert_eq!(listed, ids, "in byte order, each once");
    assert!(store.events(None, 0).await.unwrap().is_empty());
}

pub(super) async fn a_wish_stays_until_it_is_cleared(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    for (wish, expected) in [
        (Wish::Since(at(5)), Some(at(5))),
        (Wish::Since(at(3)), Some(at(5))),
        (Wish::Since(at(9)), Some(at(5))),
        (Wish::Keep, Some(at(5))),
        (Wish::Clear, None),
        (Wish::Clear, None),
        (Wish::Since(at(9)), Some(at(9))),
    ] {
        calls
            .write(&MirrorWrite {
                wish,
                ..write(&event())
            })
            .await;
        assert_eq!(
            calls.load(&[]).await.event.unwrap().wished_at,
            expected,
            "after {wish:?}"
        );
    }
}

pub(super) async fn a_write_of_another_epoch_has_no_effect(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let last = MirrorWrite {
        rows: vec![add(person("p1", "Ada"))],
        progress: Some("1".into()),
        ends_epoch: true,
        ..write(&event())
    };
    assert_eq!(calls.write(&last).await, WriteOutcome::Written { last_change: 1 });
    for epoch in [0, 1, 3] {
        let late = MirrorWrite {
            epoch,
            rows: vec![add(person("p2", "Bob"))],
            progress: Some("late".into()),
            wish: Wish::Since(at(1)),
            ..write(&event())
        };
        assert_eq!(
            calls.write(&late).await,
            WriteOutcome::OtherEpoch,
            "epoch {epoch}"
        );
    }
    let loaded = calls.load(&["p1", "p2"]).await;
    let state = loaded.event.unwrap();
    assert_eq!((state.epoch, &*state.progress, state.wished_at), (2, "1", None));
    assert_eq!(loaded.rows.len(), 1);
    let next = MirrorWrite {
        epoch: 2,
        ..write(&event())
    };
    assert!(matches!(calls.write(&next).await, WriteOutcome::Written { .. }));
}
