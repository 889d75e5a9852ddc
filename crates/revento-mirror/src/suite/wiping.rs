use revento_core::EventId;

use super::{Subject, fixtures::*};
use crate::store::{
    ChangeContent, Marks, MirrorWrite, ResourceKind, Row, RowCounts, Stamp, Wish, WriteOutcome,
};

async fn fill(calls: &Calls<'_>) {
    calls.begin().await;
    let activity = Row {
        kind: ResourceKind::Activity,
        answers: Vec::new(),
        ..person("a1", "Opening")
    };
    calls
        .put(vec![
            add(person("p1", "Ada")),
            add(person("p2", "Bob")),
            add(activity),
        ])
        .await;
    let marks = MirrorWrite {
        marks: Some(Marks {
            kind: ResourceKind::Participant,
            pass: 1,
            as_of: Stamp::read(at(1)),
            ids: vec!["p1".into(), "p2".into()],
        }),
        ..write(&event())
    };
    calls.write(&marks).await;
}

pub(super) async fn a_wipe_deletes_everything_of_one_event(subject: Subject) {
    let calls = Calls(&*subject.store);
    fill(&calls).await;
    let other = EventId::new("evt_2");
    calls.0.begin(&other, "{}").await.unwrap();
    calls
        .write(&MirrorWrite {
            rows: vec![add(person("p1", "Eve"))],
            ..write(&other)
        })
        .await;
    let counts = calls.0.counts(&event()).await.unwrap();
    assert_eq!(
        (
            counts.of(ResourceKind::Participant),
            counts.of(ResourceKind::Activity)
        ),
        (2, 1)
    );
    assert_eq!((counts.answers, counts.marks, counts.changes), (2, 2, 3));

    let wiped = calls
        .0
        .wipe(&event(), 1, at(5000))
        .await
        .unwrap()
        .expect("the epoch is right");
    for kind in ResourceKind::ALL {
        assert_eq!(wiped.of(kind), counts.of(kind), "{kind}");
    }
    assert_eq!((wiped.answers, wiped.marks, wiped.changes), (2, 2, 3));
    let left = calls.0.counts(&event()).await.unwrap();
    assert!(
        RowCounts {
            changes: 0,
            ..left.clone()
        }
        .is_empty(),
        "{left:?}"
    );
    assert!(calls.load(&["p1", "p2"]).await.rows.is_empty());
    assert!(calls.ids(&all_people()).await.is_empty());
    let feed = calls.0.changes(&event(), 0, 10).await.unwrap();
    assert_eq!(feed.forgotten_to, 3);
    assert_eq!(feed.changes.len(), 1);
    let last = &feed.changes[0];
    assert_eq!(
        (last.position, last.at, &last.content),
        (4, at(5000), &ChangeContent::Wiped)
    );
    let eve = calls.0.load(&other, &[key("p1")]).await.unwrap();
    assert_eq!(eve.rows.len(), 1, "other events stay");
    assert_eq!(calls.0.counts(&other).await.unwrap().changes, 1);
}

pub(super) async fn a_wipe_of_another_epoch_has_no_effect(subject: Subject) {
    let calls = Calls(&*subject.store);
    fill(&calls).await;
    calls
        .write(&MirrorWrite {
            ends_epoch: true,
            ..write(&event())
        })
        .await;
    for epoch in [0, 1, 3] {
        assert_eq!(
            calls.0.wipe(&event(), epoch, at(1)).await.unwrap(),
            None,
            "epoch {epoch}"
        );
    }
    assert_eq!(calls.load(&["p1", "p2"]).await.rows.len(), 2);
    assert!(calls.0.wipe(&event(), 2, at(1)).await.unwrap().is_some());
}

pub(super) async fn an_event_goes_on_after_a_wipe(subject: Subject) {
    let calls = Calls(&*subject.store);
    fill(&calls).await;
    let before = calls.one("p1").await;
    calls.0.wipe(&event(), 1, at(1)).await.unwrap();
    let late = MirrorWrite {
        rows: vec![replace(before, person("p1", "Eve"))],
        ..write(&event())
    };
    assert_eq!(
        calls.write(&late).await,
        WriteOutcome::Conflict,
        "the row is gone"
    );
    assert_eq!(calls.put(vec![add(person("p1", "Ada"))]).await, 5);
    let state = calls.load(&[]).await.event.unwrap();
    assert_eq!((state.last_change, state.epoch), (5, 1));
    calls
        .write(&MirrorWrite {
            wish: Wish::Clear,
            progress: Some("9".into()),
            ..write(&event())
        })
        .await;
    assert_eq!(calls.0.events(None, 10).await.unwrap().len(), 1);
}

pub(super) async fn nothing_is_left_in_the_files_after_a_wipe(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    // Enough for pages to be split and freed, and for values to be in several of them.
    let name = |number: u32| format!("Planted{number:04}Name");
    for slice in 0..10 {
        let numbers = slice * 40..(slice + 1) * 40;
        let rows = numbers.map(|number| {
            let row = person(
                &format!("p{number:04}"),
                &name(number).repeat(1 + number as usize % 40),
            );
            add(Row {
                answers: vec![answer("diet", &format!("Planted{number}Answer"))],
                ..row
            })
        });
        calls.put(rows.collect()).await;
    }
    for number in (0..400).step_by(3) {
        let id = format!("p{number:04}");
        calls
            .put(vec![replace(
                calls.one(&id).await,
                person(&id, &name(number + 1000)),
            )])
            .await;
    }
    for number in (0..400).step_by(7) {
        calls
            .put(vec![remove(calls.one(&format!("p{number:04}")).await)])
            .await;
    }
    let count = |bytes: &[u8]| bytes.windows(7).filter(|window| *window == b"Planted").count();
    if let Some(bytes) = subject.bytes().await {
        assert!(
            count(&bytes) > 0,
            "the dump hook shows no values even before the wipe"
        );
    }
    calls
        .0
        .wipe(&event(), 1, at(1))
        .await
        .unwrap()
        .expect("the epoch is right");
    if let Some(bytes) = subject.bytes().await {
        assert_eq!(count(&bytes), 0, "values are left in the files");
    }
}
