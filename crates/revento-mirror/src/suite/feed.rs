use super::{Subject, fixtures::*};
use crate::store::{ChangeContent, MirrorWrite, RowWrite};

pub(super) async fn announced_changes_are_in_the_feed(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    assert_eq!(
        calls
            .put(vec![add(person("p1", "Ada")), add(person("p2", "Bob"))])
            .await,
        2
    );
    let (ada, bob) = (calls.one("p1").await, calls.one("p2").await);
    let quiet = RowWrite {
        is_announced: false,
        ..replace(bob.clone(), bob.row.clone())
    };
    let rows = vec![
        replace(ada.clone(), person("p1", "Eve")),
        quiet,
        add(person("p0", "Cy")),
    ];
    assert_eq!(calls.put(rows).await, 4);
    let removal = MirrorWrite {
        rows: vec![remove(calls.one("p1").await)],
        at: at(2000),
        ..write(&event())
    };
    calls.write(&removal).await;
    assert_eq!(calls.load(&[]).await.event.unwrap().last_change, 5);

    let changes = calls.changes(0).await;
    let positions: Vec<_> = changes.iter().map(|change| change.position).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5]);
    assert_eq!((changes[3].at, changes[4].at), (at(1000), at(2000)));
    let row = |id: &str, before: Option<&str>, after: Option<&str>| ChangeContent::Row {
        key: key(id),
        before: before.map(|name| person(id, name).json),
        after: after.map(|name| person(id, name).json),
    };
    let contents: Vec<_> = changes.into_iter().map(|change| change.content).collect();
    assert_eq!(
        contents,
        [
            row("p1", None, Some("Ada")),
            row("p2", None, Some("Bob")),
            row("p1", Some("Ada"), Some("Eve")),
            row("p0", None, Some("Cy")),
            row("p1", Some("Eve"), None),
        ]
    );
    let part = calls.0.changes(&event(), 1, 2).await.unwrap();
    let positions: Vec<_> = part.changes.iter().map(|change| change.position).collect();
    assert_eq!((positions, part.forgotten_to), (vec![2, 3], 0));
    assert!(calls.changes(5).await.is_empty());
    assert!(calls.0.changes(&event(), 0, 0).await.unwrap().changes.is_empty());
}

pub(super) async fn a_forgotten_change_is_missed_and_no_position_is_used_again(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let write_at = async |id: &str, seconds| {
        let write = MirrorWrite {
            rows: vec![add(person(id, "Ada"))],
            at: at(seconds),
            ..write(&event())
        };
        calls.write(&write).await;
    };
    for (id, seconds) in [("p1", 10), ("p2", 20), ("p3", 30), ("p4", 15)] {
        write_at(id, seconds).await;
    }
    assert_eq!(
        calls.0.forget_changes(at(10)).await.unwrap(),
        0,
        "not those at the time itself"
    );
    assert_eq!(
        calls.0.forget_changes(at(25)).await.unwrap(),
        2,
        "not behind one that stays"
    );
    let left = calls.0.changes(&event(), 0, 10).await.unwrap();
    let positions: Vec<_> = left.changes.iter().map(|change| change.position).collect();
    assert_eq!((positions, left.forgotten_to), (vec![3, 4], 2));
    assert_eq!(calls.0.forget_changes(at(1000)).await.unwrap(), 2);
    assert_eq!(calls.0.changes(&event(), 4, 10).await.unwrap().forgotten_to, 4);
    write_at("p5", 2000).await;
    let changes = calls.changes(4).await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].position, 5);
}
