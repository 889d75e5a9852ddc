use revento_core::EventId;

use super::{Subject, fixtures::*};
use crate::store::{
    Mark, Marks, MirrorWrite, ResourceKind, Row, RowKey, RowWrite, Stamp, Wish, WriteOutcome,
};

pub(super) async fn a_row_is_kept_as_it_is(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let mut rows = Vec::new();
    for (number, kind) in ResourceKind::ALL.into_iter().enumerate() {
        let odd = number % 2 == 1;
        rows.push(Row {
            kind,
            id: "same".into(),
            json: format!(r#"{{ "id" : "same","n":9007199254740993, "kind":"{kind}"}}"#).into(),
            answers: if kind == ResourceKind::Participant {
                vec![answer("q", "v"), answer("q", "w")]
            } else {
                Vec::new()
            },
            whole_as_of: (!odd).then(|| Stamp::from_number(i64::MIN)),
            part_as_of: Some(Stamp::from_number(i64::MAX)),
            missing_in: odd.then_some(i64::MAX),
        });
    }
    calls.put(rows.iter().cloned().map(add).collect()).await;
    let keys: Vec<RowKey> = rows.iter().chain(&rows).map(Row::key).collect();
    let mut loaded = calls.0.load(&event(), &keys).await.unwrap().rows;
    loaded.sort_by_key(|stored| stored.row.kind);
    let versions: Vec<_> = loaded.iter().map(|stored| stored.version).collect();
    assert!(
        versions.windows(2).all(|two| two[0] == two[1]),
        "one write, one version: {versions:?}"
    );
    let same: Vec<Row> = loaded.into_iter().map(|stored| stored.row).collect();
    assert_eq!(same, rows, "each once, byte for byte");
    // Replaced, with its answers.
    let before = calls
        .0
        .load(&event(), &[rows[1].key()])
        .await
        .unwrap()
        .rows
        .remove(0);
    let after = Row {
        answers: vec![answer("r", "x")],
        json: "{}".into(),
        ..rows[1].clone()
    };
    calls.put(vec![replace(before, after.clone())]).await;
    let stored = calls
        .0
        .load(&event(), &[after.key()])
        .await
        .unwrap()
        .rows
        .remove(0);
    assert_eq!(stored.row, after);
    assert!(stored.version > versions[0], "a new version");
}

const ODD: [&str; 8] = [
    "",
    "a\0b",
    "'; --",
    "\"\\",
    "Zoë 東京 🎫",
    "\u{202e}rtl",
    "a\n\tb",
    "%_",
];

pub(super) async fn odd_texts_are_kept(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let row = |text: &str| Row {
        answers: vec![answer(text, text)],
        ..person(&format!("id{text}"), text)
    };
    calls.put(ODD.iter().map(|text| add(row(text))).collect()).await;
    for text in ODD {
        let expected = row(text);
        assert_eq!(calls.one(&expected.id).await.row, expected, "{text:?}");
        let mut query = all_people();
        query.conditions = vec![crate::store::Condition::Answer {
            question: text.into(),
            value: text.into(),
        }];
        assert_eq!(
            calls.ids(&query).await,
            [format!("id{text}")],
            "the answer {text:?} is found"
        );
    }
    let odd = EventId::new("evt\0 '\"🎫");
    assert!(calls.0.begin(&odd, "{}").await.unwrap());
    assert!(calls.0.load(&odd, &[]).await.unwrap().event.is_some());
}

pub(super) async fn long_texts_are_kept(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    // Longer than an index of any engine takes, alike in the beginning, and not compressible.
    let noise: String = (0..6000_u32)
        .map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 27) as u8 % 26))
        .collect();
    let rows: Vec<Row> = ["x", "y"]
        .iter()
        .map(|end| {
            let long = format!("{noise}{end}");
            Row {
                answers: vec![answer(&long, &long)],
                ..person(&long, &long.repeat(20))
            }
        })
        .collect();
    calls.put(rows.iter().cloned().map(add).collect()).await;
    for row in &rows {
        assert_eq!(calls.one(&row.id).await.row, *row);
        let mut query = all_people();
        query.conditions = vec![crate::store::Condition::Answer {
            question: row.id.clone(),
            value: row.id.clone(),
        }];
        assert_eq!(calls.ids(&query).await, [row.id.to_string()]);
    }
}

pub(super) async fn a_write_happens_completely_or_not_at_all(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    calls
        .put(vec![add(person("p1", "Ada")), add(person("p2", "Bob"))])
        .await;
    let (ada, bob) = (calls.one("p1").await, calls.one("p2").await);
    calls.put(vec![replace(bob.clone(), person("p2", "Bo"))]).await;
    let stale = [
        replace(bob.clone(), person("p2", "Rob")),
        remove(bob.clone()),
        add(person("p2", "Rob")),
        remove(crate::store::StoredRow {
            row: person("p9", "Nobody"),
            ..bob.clone()
        }),
    ];
    let before = (calls.load(&["p1", "p2", "p3"]).await, calls.changes(0).await);
    for stale in stale {
        let conflicting = MirrorWrite {
            progress: Some("late".into()),
            wish: Wish::Since(at(1)),
            ends_epoch: true,
            rows: vec![
                replace(ada.clone(), person("p1", "Eve")),
                add(person("p3", "Cy")),
                stale,
            ],
            marks: Some(Marks {
                kind: ResourceKind::Participant,
                pass: 1,
                as_of: Stamp::read(at(1)),
                ids: vec!["p1".into()],
            }),
            ..write(&event())
        };
        assert_eq!(calls.write(&conflicting).await, WriteOutcome::Conflict);
        assert_eq!(
            (calls.load(&["p1", "p2", "p3"]).await, calls.changes(0).await),
            before
        );
    }
}

pub(super) async fn a_version_is_never_used_again(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    calls.put(vec![add(person("p1", "Ada"))]).await;
    let first = calls.one("p1").await;
    calls.put(vec![remove(first.clone())]).await;
    assert!(calls.find("p1").await.is_none());
    calls.put(vec![add(person("p1", "Ada"))]).await;
    let second = calls.one("p1").await;
    assert!(
        second.version > first.version,
        "{:?}, {:?}",
        first.version,
        second.version
    );
    let late = MirrorWrite {
        rows: vec![remove(first)],
        ..write(&event())
    };
    assert_eq!(calls.write(&late).await, WriteOutcome::Conflict);
}

pub(super) async fn events_do_not_touch_each_other(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let other = EventId::new("evt_2");
    calls.0.begin(&other, "{}").await.unwrap();
    calls.put(vec![add(person("p1", "Ada"))]).await;
    let same_id = MirrorWrite {
        rows: vec![add(person("p1", "Bob"))],
        ..write(&other)
    };
    assert_eq!(
        calls.write(&same_id).await,
        WriteOutcome::Written { last_change: 1 }
    );
    calls.put(vec![remove(calls.one("p1").await)]).await;
    let bob = calls.0.load(&other, &[key("p1")]).await.unwrap();
    assert_eq!(bob.rows.len(), 1);
    assert_eq!(bob.rows[0].row, person("p1", "Bob"));
    assert_eq!(calls.0.changes(&other, 0, 10).await.unwrap().changes.len(), 1);
}

pub(super) async fn a_mark_says_which_read_has_shown_a_row(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    calls
        .put(vec![add(person("p1", "Ada")), add(person("p2", "Bob"))])
        .await;
    let version = calls.one("p1").await.version;
    let mark = |pass, seconds, ids: &[&str]| MirrorWrite {
        marks: Some(Marks {
            kind: ResourceKind::Participant,
            pass,
            as_of: Stamp::read(at(seconds)),
            ids: ids.iter().map(|id| (*id).into()).collect(),
        }),
        ..write(&event())
    };
    calls.write(&mark(1, 10, &["p1", "p2", "nobody"])).await;
    calls.write(&mark(2, 20, &["p1"])).await;
    let expected = |pass, seconds| {
        Some(Mark {
            pass,
            as_of: Stamp::read(at(seconds)),
        })
    };
    let ada = calls.one("p1").await;
    assert_eq!(
        (ada.mark, ada.version),
        (expected(2, 20), version),
        "a mark is no new version"
    );
    assert_eq!(calls.one("p2").await.mark, expected(1, 10));
    let mut query = all_people();
    for (pass, ids) in [(1, vec!["p1"]), (2, vec!["p2"]), (3, vec!["p1", "p2"])] {
        query.conditions = vec![crate::store::Condition::NotShownBy(pass)];
        assert_eq!(calls.ids(&query).await, ids, "not shown by {pass}");
    }
    let listed = calls.0.rows(&all_people()).await.unwrap();
    assert_eq!(listed[0].mark, expected(2, 20), "lists have the marks, too");
    calls.put(vec![remove(ada)]).await;
    calls.put(vec![add(person("p1", "Ada"))]).await;
    assert_eq!(calls.one("p1").await.mark, None, "a removed row loses its mark");
    assert!(calls.changes(2).await.len() == 2, "marks are no changes");
}

pub(super) async fn another_handle_sees_what_was_written(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    calls.put(vec![add(person("p1", "Ada"))]).await;
    let quiet = RowWrite {
        is_announced: false,
        ..replace(calls.one("p1").await, person("p1", "Eve"))
    };
    calls.put(vec![quiet]).await;
    let other = subject.another().await;
    let other = Calls(&*other);
    assert_eq!(other.one("p1").await, calls.one("p1").await);
    assert_eq!(other.changes(0).await, calls.changes(0).await);
    other.put(vec![remove(other.one("p1").await)]).await;
    assert!(calls.find("p1").await.is_none());
}
