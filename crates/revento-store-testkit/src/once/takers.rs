//! Checks of who gets a mark.

use std::sync::Arc;

use revento_store::Once;

use super::sample::{NOW, after, one_of_all, takes};
use crate::{
    check::SharedSubject,
    expect::same,
    race::{CALLERS, ROUNDS, race},
    show,
    subject::CheckResult,
};

/// How many replicas race.
const REPLICAS: usize = 3;

pub(super) async fn o21_a_mark_is_taken_once(subject: SharedSubject<dyn Once>) -> CheckResult {
    let store = subject.store();
    takes(&*store, "a", (NOW, after(600)), true).await?;
    takes(&*store, "a", (NOW, after(600)), false).await?;
    takes(&*store, "a", (after(1), after(700)), false).await?;
    takes(&*store, "b", (NOW, after(600)), true).await?;
    takes(&*store, "a", (after(599), after(700)), false).await?;
    takes(&*store, "b", (after(599), after(700)), false).await
}

pub(super) async fn o21_of_many_simultaneous_takers_one_has_it(
    subject: SharedSubject<dyn Once>,
) -> CheckResult {
    for round in 0..ROUNDS {
        let answers = race(|_| {
            let store = subject.store();
            async move { store.take(&format!("mark {round}"), NOW, after(600)).await }
        })
        .await?;
        one_of_all(&answers)?;
    }
    Ok(())
}

pub(super) async fn o21_replicas_share_their_marks(subject: SharedSubject<dyn Once>) -> CheckResult {
    let (ours, theirs) = (subject.store(), subject.replica().await?);
    for number in 0..10 {
        let id = format!("mark {number}");
        let (first, second) = if number % 2 == 0 {
            (&ours, &theirs)
        } else {
            (&theirs, &ours)
        };
        takes(&**first, &id, (NOW, after(600)), true).await?;
        takes(&**second, &id, (NOW, after(600)), false).await?;
    }
    Ok(())
}

pub(super) async fn o21_of_many_replicas_at_once_one_has_it(subject: SharedSubject<dyn Once>) -> CheckResult {
    let mut replicas = vec![subject.store()];
    while replicas.len() < REPLICAS {
        replicas.push(subject.replica().await?);
    }
    for round in 0..ROUNDS {
        let answers = race(|caller| {
            let store = Arc::clone(&replicas[caller % REPLICAS]);
            async move { store.take(&format!("mark {round}"), NOW, after(600)).await }
        })
        .await?;
        one_of_all(&answers)?;
    }
    Ok(())
}

/// Calls that take one ended mark and forget others must not wait for each other in a circle.
pub(super) async fn o21_marks_that_ended_are_taken_again_at_once(
    subject: SharedSubject<dyn Once>,
) -> CheckResult {
    const MARKS: usize = 10;
    let ids: Vec<String> = (0..MARKS).map(|number| format!("mark {number}")).collect();
    for id in &ids {
        takes(&*subject.store(), id, (NOW, after(10)), true).await?;
    }
    for round in 1..=10 {
        let now = after(10 * round);
        let answers = race(|caller| {
            let (store, id) = (subject.store(), ids[caller % MARKS].clone());
            async move { store.take(&id, now, after(10 * round + 10)).await }
        })
        .await?;
        for (number, id) in ids.iter().enumerate() {
            let takers = (number..CALLERS).step_by(MARKS).filter(|caller| answers[*caller]);
            same(
                &format!("how many callers got {} after its end", show::quoted(id)),
                takers.count(),
                1,
            )?;
        }
    }
    Ok(())
}
