//! Checks of sealing: round trips and secrecy.

use std::collections::BTreeSet;

use revento_store::{Sealer, StoreError, StoreErrorReason};

use crate::{
    check::SharedSubject,
    expect::{holds, same},
    race::race,
    subject::CheckResult,
};

pub(crate) const CONTEXT: &str = "clt_test/evt_1";
pub(crate) const SECRET: &[u8] = b"rev_refresh_planted_0123456789";

pub(super) async fn k8_everything_comes_back(subject: SharedSubject<dyn Sealer>) -> CheckResult {
    let sealer = subject.store();
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let large = all.repeat(400);
    for plaintext in [b"".as_slice(), b"\0", SECRET, &all, &large] {
        for context in ["", CONTEXT, "überall/🎟\0\n%", &"c".repeat(5000)] {
            let sealed = sealer.seal(context, plaintext).await?;
            let unsealed = sealer.open(context, &sealed).await?;
            same(
                "the size of the opened bytes",
                unsealed.plaintext.len(),
                plaintext.len(),
            )?;
            holds(
                "the opened bytes are the sealed plaintext",
                *unsealed.plaintext == plaintext,
            )?;
            same(
                "whether the new sealed bytes have to be sealed again",
                unsealed.reseal,
                false,
            )?;
        }
    }
    Ok(())
}

pub(super) async fn k21_nothing_of_the_plaintext_shows(subject: SharedSubject<dyn Sealer>) -> CheckResult {
    let sealed = subject.store().seal(CONTEXT, SECRET).await?;
    let shows = |part: &[u8]| sealed.as_bytes().windows(part.len()).any(|window| window == part);
    holds(
        "no part of the plaintext is in the sealed bytes",
        !SECRET.windows(6).any(shows),
    )
}

pub(super) async fn k21_no_two_seals_are_equal(subject: SharedSubject<dyn Sealer>) -> CheckResult {
    let sealer = subject.store();
    let mut seen = BTreeSet::new();
    for _ in 0..1000 {
        let sealed = sealer.seal(CONTEXT, SECRET).await?;
        holds(
            "the same plaintext is sealed differently each time",
            seen.insert(sealed.as_bytes().to_vec()),
        )?;
    }
    Ok(())
}

pub(super) async fn k8_many_callers_seal_and_open_at_once(subject: SharedSubject<dyn Sealer>) -> CheckResult {
    let opened = race(|caller| {
        let sealer = subject.store();
        async move {
            let (context, secret) = (format!("key {caller}"), format!("secret {caller}"));
            let failed = |error| StoreError::read(StoreErrorReason::Unavailable, "sealing", error);
            let sealed = sealer.seal(&context, secret.as_bytes()).await.map_err(failed)?;
            let unsealed = sealer.open(&context, &sealed).await.map_err(failed)?;
            Ok(*unsealed.plaintext == *secret.as_bytes())
        }
    })
    .await?;
    holds(
        "each caller gets its own secret back",
        opened.into_iter().all(|own| own),
    )
}
