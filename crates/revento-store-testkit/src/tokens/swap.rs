//! Checks of compare-and-swap.

use std::collections::BTreeSet;

use revento_store::{SwapOutcome, TokenStore, Version};

use super::sample::{created, key, loaded, marked, record, renewed, swapped};
use crate::{
    check::SharedSubject,
    expect::{fail, holds, same},
    race::{ROUNDS, race},
    subject::CheckResult,
};

pub(super) async fn k11_a_stale_version_changes_nothing(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let record = record("evt_1");
    let absent = store.compare_and_swap(Version(1), &record, None).await?;
    same(
        "a swap of a record that does not exist",
        absent,
        SwapOutcome::Conflict,
    )?;
    same("the store after it", store.load(&key("evt_1")).await?, None)?;

    let first = created(&*store, &record).await?;
    let second = swapped(&*store, first, &marked(&record, 2), None).await?;
    let before = loaded(&*store, &key("evt_1")).await?;
    for (which, stale) in [
        ("the version before", first),
        ("a version that never was", Version(0)),
        ("a version that never was", Version(-1)),
        ("a version that is still to come", Version(second.0 + 1)),
        ("a version that is still to come", Version(i64::MAX)),
    ] {
        let answer = store.compare_and_swap(stale, &renewed(&record), None).await?;
        same(
            &format!("a swap of {stale:?}, {which}, where {second:?} is stored"),
            answer,
            SwapOutcome::Conflict,
        )?;
        same(
            "the record after it",
            loaded(&*store, &key("evt_1")).await?,
            before.clone(),
        )?;
    }
    Ok(())
}

pub(super) async fn k11_of_many_swaps_one_wins(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let record = record("evt_1");
    let mut version = created(&*subject.store(), &record).await?;
    for _ in 0..ROUNDS {
        let answers = race(|caller| {
            let (store, record) = (subject.store(), marked(&record, caller));
            async move { store.compare_and_swap(version, &record, None).await }
        })
        .await?;
        let winners: Vec<_> = answers
            .iter()
            .enumerate()
            .filter_map(|(caller, answer)| match answer {
                SwapOutcome::Swapped(version) => Some((caller, *version)),
                SwapOutcome::Conflict => None,
            })
            .collect();
        let &[(winner, won)] = winners.as_slice() else {
            return fail(format!(
                "exactly one swap of a version has to win, but {} did",
                winners.len()
            ));
        };
        let stored = loaded(&*subject.store(), &key("evt_1")).await?;
        same("the stored version", stored.version, won)?;
        same(
            "the stored tokens",
            &stored.record.tokens,
            &marked(&record, winner).tokens,
        )?;
        version = won;
    }
    Ok(())
}

pub(super) async fn k11_versions_grow_and_are_never_used_twice(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let record = record("evt_1");
    let mut seen = BTreeSet::new();
    for life in 0..3 {
        let mut version = created(&*store, &record).await?;
        holds(
            "a new life of a key begins with a higher version",
            seen.last() < Some(&version),
        )?;
        for stale in &seen {
            let answer = store.compare_and_swap(*stale, &record, None).await?;
            same(
                &format!("a swap of {stale:?} from before the removal"),
                answer,
                SwapOutcome::Conflict,
            )?;
        }
        seen.insert(version);
        for _ in 0..3 + life {
            let next = swapped(&*store, version, &record, None).await?;
            holds(
                "a swap makes the version grow, even when nothing else changes",
                next > version,
            )?;
            same(
                "the stored version",
                loaded(&*store, &key("evt_1")).await?.version,
                next,
            )?;
            seen.insert(next);
            version = next;
        }
        store.remove(&key("evt_1")).await?;
    }
    Ok(())
}

pub(super) async fn k11_a_swap_touches_one_key(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let store = subject.store();
    let mut user = record("evt_1");
    user.connection.key.user_id = Some("usr_1".into());
    created(&*store, &user).await?;
    created(&*store, &record("evt_2")).await?;
    let version = created(&*store, &record("evt_1")).await?;
    let neighbours = [user.connection.key, key("evt_2")];
    let mut before = Vec::new();
    for neighbour in &neighbours {
        before.push(loaded(&*store, neighbour).await?);
    }
    swapped(&*store, version, &marked(&record("evt_1"), 2), None).await?;
    for (neighbour, before) in neighbours.iter().zip(before) {
        same(
            "another record beside the swapped one",
            loaded(&*store, neighbour).await?,
            before,
        )?;
    }
    Ok(())
}
