//! Checks of creating: it never overwrites.

use revento_store::{CreateOutcome, TokenStore};

use super::sample::{NOW, created, granted, key, loaded, marked, record};
use crate::{
    check::SharedSubject,
    expect::{fail, same},
    race::{ROUNDS, race},
    subject::CheckResult,
};

pub(super) async fn k10_creating_never_overwrites(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let store = subject.store();
    created(&*store, &record("evt_1")).await?;
    let before = loaded(&*store, &key("evt_1")).await?;
    granted(&*store, &key("evt_1"), before.version, NOW).await?;
    same(
        "the second creation",
        store.create(&marked(&record("evt_1"), 2)).await?,
        CreateOutcome::AlreadyExists,
    )?;
    same(
        "the record after it",
        loaded(&*store, &key("evt_1")).await?,
        before.clone(),
    )?;
    let claim = super::sample::claim(&*store, &key("evt_1"), before.version, NOW).await?;
    same(
        "the claim after it",
        matches!(claim, revento_store::ClaimOutcome::Held { .. }),
        true,
    )
}

pub(super) async fn k10_of_many_creators_one_wins(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    for round in 0..ROUNDS {
        let event = format!("evt_{round}");
        let answers = race(|caller| {
            let (store, record) = (subject.store(), marked(&record(&event), caller));
            async move { store.create(&record).await }
        })
        .await?;
        let winners: Vec<_> = answers
            .iter()
            .enumerate()
            .filter_map(|(caller, answer)| match answer {
                CreateOutcome::Created(version) => Some((caller, *version)),
                CreateOutcome::AlreadyExists => None,
            })
            .collect();
        let &[(winner, version)] = winners.as_slice() else {
            return fail(format!(
                "exactly one creator has to win, but {} did",
                winners.len()
            ));
        };
        let stored = loaded(&*subject.store(), &key(&event)).await?;
        same("the stored version", stored.version, version)?;
        same(
            "the stored tokens",
            &stored.record.tokens,
            &marked(&record(&event), winner).tokens,
        )?;
    }
    Ok(())
}
