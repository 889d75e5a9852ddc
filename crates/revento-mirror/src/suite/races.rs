use std::sync::Arc;

use futures_util::{
    future::{join, join_all, poll_fn},
    poll,
};

use super::{Subject, fixtures::*};
use crate::store::{MirrorStore, MirrorWrite, ReadClaim, WriteOutcome};

const WRITERS: usize = 12;

/// Handles that share the data, by turns.
async fn handles(subject: &Subject) -> Vec<Arc<dyn MirrorStore>> {
    let other = subject.another().await;
    (0..WRITERS)
        .map(|number| {
            if number % 2 == 0 {
                Arc::clone(&subject.store)
            } else {
                Arc::clone(&other)
            }
        })
        .collect()
}

pub(super) async fn one_of_many_simultaneous_writers_wins(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let handles = handles(&subject).await;
    for round in 0..10 {
        let before = calls.find("p1").await;
        let attempt = async |number: usize| {
            let row = person("p1", &format!("{round} {number}"));
            let change = match before.clone() {
                None => add(row),
                Some(before) => replace(before, row),
            };
            handles[number]
                .write(&MirrorWrite {
                    rows: vec![change],
                    ..write(&event())
                })
                .await
                .unwrap()
        };
        let outcomes = join_all((0..WRITERS).map(attempt)).await;
        let won = |outcome: &&WriteOutcome| matches!(outcome, WriteOutcome::Written { .. });
        let conflicts = outcomes
            .iter()
            .filter(|outcome| **outcome == WriteOutcome::Conflict)
            .count();
        assert_eq!(
            (outcomes.iter().filter(won).count(), conflicts),
            (1, WRITERS - 1),
            "round {round}: {outcomes:?}"
        );
    }
    assert_eq!(calls.changes(0).await.len(), 10);
}

pub(super) async fn one_of_many_simultaneous_claims_is_granted(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let handles = handles(&subject).await;
    for round in 0..10 {
        let now = at(round * 100);
        let attempt = async |number: usize| {
            let until = now.saturating_add(std::time::Duration::from_secs(100));
            handles[number].claim(&event(), None, now, until).await.unwrap()
        };
        let claims = join_all((0..WRITERS).map(attempt)).await;
        let granted = claims
            .iter()
            .filter(|claim| matches!(claim, ReadClaim::Granted { .. }))
            .count();
        assert_eq!(granted, 1, "round {round}: {claims:?}");
    }
}

pub(super) async fn no_change_appears_behind_a_reader(subject: Subject) {
    Calls(&*subject.store).begin().await;
    let handles = handles(&subject).await;
    let writer = async |number: usize| {
        for round in 0..6 {
            let rows = vec![
                add(person(&format!("{number} {round} a"), "x")),
                add(person(&format!("{number} {round} b"), "x")),
            ];
            let outcome = handles[number]
                .write(&MirrorWrite {
                    rows,
                    ..write(&event())
                })
                .await
                .unwrap();
            assert!(matches!(outcome, WriteOutcome::Written { .. }), "{outcome:?}");
        }
    };
    let all = WRITERS * 6 * 2;
    let reader = subject.another().await;
    let read = async {
        let mut position = 0;
        while position < i64::try_from(all).unwrap() {
            for change in reader.changes(&event(), position, 7).await.unwrap().changes {
                assert_eq!(
                    change.position,
                    position + 1,
                    "no gap, which a later commit would fill"
                );
                position = change.position;
            }
            // The others get a turn.
            let mut is_first = true;
            poll_fn(|context| {
                if std::mem::take(&mut is_first) {
                    context.waker().wake_by_ref();
                    return std::task::Poll::Pending;
                }
                std::task::Poll::Ready(())
            })
            .await;
        }
    };
    join(read, join_all((0..WRITERS).map(writer))).await;
    assert_eq!(Calls(&*subject.store).changes(0).await.len(), all);
}

pub(super) async fn a_dropped_call_happens_completely_or_not_at_all(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    for polls in 0..12 {
        let ids = [format!("{polls} a"), format!("{polls} b")];
        let rows = ids.iter().map(|id| add(person(id, "Ada"))).collect();
        let change = MirrorWrite {
            rows,
            ..write(&event())
        };
        {
            let mut call = std::pin::pin!(calls.0.write(&change));
            for _ in 0..polls {
                if poll!(call.as_mut()).is_ready() {
                    break;
                }
            }
        }
        // The next write comes after it, whatever has become of it.
        assert!(matches!(
            calls.write(&write(&event())).await,
            WriteOutcome::Written { .. }
        ));
        let loaded = calls.load(&[&ids[0], &ids[1]]).await;
        assert!(loaded.rows.len() != 1, "a half of a write: after {polls} polls");
    }
    let changes = calls.changes(0).await;
    let last = calls.load(&[]).await.event.unwrap().last_change;
    assert_eq!(i64::try_from(changes.len()).unwrap(), last);
}
