//! Checks of opening: only the same bytes under the same context open.

use revento_store::{SealError, Sealed, Sealer};

use super::sealing::{CONTEXT, SECRET};
use crate::{
    check::SharedSubject,
    expect::{NotPassed, fail, holds},
    subject::CheckResult,
};

async fn refuses(
    sealer: &dyn Sealer,
    what: &str,
    context: &str,
    bytes: &[u8],
) -> Result<SealError, NotPassed> {
    match sealer.open(context, &Sealed::from_bytes(bytes)).await {
        Err(error) => Ok(error),
        Ok(_) => fail(format!("{what} could be opened")),
    }
}

pub(super) async fn k21_another_context_does_not_open(subject: SharedSubject<dyn Sealer>) -> CheckResult {
    let sealer = subject.store();
    let sealed = sealer.seal(CONTEXT, SECRET).await?;
    for context in [
        "",
        "clt_test/evt_2",
        "clt_test/evt_1/usr_1",
        "clt_test/evt_",
        "CLT_TEST/EVT_1",
        " clt_test/evt_1",
    ] {
        refuses(
            &*sealer,
            &format!("bytes sealed for {CONTEXT:?}, under the context {context:?},"),
            context,
            sealed.as_bytes(),
        )
        .await?;
    }
    let empty = sealer.seal("", SECRET).await?;
    refuses(
        &*sealer,
        "bytes sealed for the empty context, under another,",
        CONTEXT,
        empty.as_bytes(),
    )
    .await?;
    Ok(())
}

pub(super) async fn k21_no_altered_byte_opens(subject: SharedSubject<dyn Sealer>) -> CheckResult {
    let sealer = subject.store();
    let sealed = sealer.seal(CONTEXT, SECRET).await?.as_bytes().to_vec();
    for place in 0..sealed.len() {
        for flip in [0x01, 0x80] {
            let mut altered = sealed.clone();
            altered[place] ^= flip;
            let error = refuses(
                &*sealer,
                &format!("bytes with an altered byte {place}"),
                CONTEXT,
                &altered,
            )
            .await?;
            let shown = format!("{error} {error:?}");
            holds("an error does not show the plaintext", !shown.contains("planted"))?;
        }
    }
    Ok(())
}

pub(super) async fn k21_nothing_cut_or_extended_opens(subject: SharedSubject<dyn Sealer>) -> CheckResult {
    let sealer = subject.store();
    let sealed = sealer.seal(CONTEXT, SECRET).await?.as_bytes().to_vec();
    for length in 0..sealed.len() {
        refuses(
            &*sealer,
            &format!("the first {length} bytes"),
            CONTEXT,
            &sealed[..length],
        )
        .await?;
        refuses(
            &*sealer,
            &format!("the last {length} bytes"),
            CONTEXT,
            &sealed[sealed.len() - length..],
        )
        .await?;
    }
    refuses(
        &*sealer,
        "one byte too many",
        CONTEXT,
        &[sealed.as_slice(), b"\0"].concat(),
    )
    .await?;
    refuses(&*sealer, "the same twice", CONTEXT, &sealed.repeat(2)).await?;
    Ok(())
}

pub(super) async fn k21_foreign_bytes_are_refused_without_a_panic(
    subject: SharedSubject<dyn Sealer>,
) -> CheckResult {
    let sealer = subject.store();
    for format in 0..=u8::MAX {
        for length in [1, 2, 40, 100, 300] {
            let bytes = vec![format; length];
            refuses(&*sealer, &format!("{length} bytes of {format}"), CONTEXT, &bytes).await?;
        }
    }
    refuses(&*sealer, "plaintext", CONTEXT, SECRET).await?;
    Ok(())
}

pub(super) async fn k21_what_was_sealed_before_opens_after_a_restart(
    subject: SharedSubject<dyn Sealer>,
) -> CheckResult {
    let sealed = subject.store().seal(CONTEXT, SECRET).await?;
    let again = subject.replica().await?;
    let unsealed = again.open(CONTEXT, &sealed).await?;
    holds(
        "the opened bytes are the sealed plaintext",
        *unsealed.plaintext == SECRET,
    )?;
    let back = again.seal(CONTEXT, SECRET).await?;
    let unsealed = subject.store().open(CONTEXT, &back).await?;
    holds(
        "the opened bytes are the sealed plaintext",
        *unsealed.plaintext == SECRET,
    )
}
