//! Checks of the bytes at rest.

use revento_seal::{KeyRing, SealingKey};
use revento_store::{Record, Sealer, TokenStore};

use super::sample::{created, key, record, renewed, swapped};
use crate::{
    bytes::{ENCODINGS, found},
    check::SharedSubject,
    expect::{Failures, fail},
    subject::CheckResult,
};

const PLANTED: [&str; 2] = ["rev_refresh_planted_first", "rev_refresh_planted_second"];

pub(super) async fn k21_no_plaintext_is_at_rest(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let store = subject.store();
    let sealer = KeyRing::new(SealingKey::from_bytes([7; 32]));
    let [first, second] = PLANTED;
    let context = key("evt_1").to_string();
    let tokens = Some(sealer.seal(&context, first.as_bytes()).await?);
    let version = created(
        &*store,
        &Record {
            tokens,
            ..record("evt_1")
        },
    )
    .await?;
    let tokens = Some(sealer.seal(&context, second.as_bytes()).await?);
    swapped(
        &*store,
        version,
        &Record {
            tokens,
            ..renewed(&record("evt_1"))
        },
        None,
    )
    .await?;

    let dump = subject.dump().await?;
    if found(&dump, "evt_1").is_none() {
        return fail(format!(
            "the dump of {} bytes does not contain \"evt_1\", the event of the stored record (searched: {ENCODINGS}): it is no dump of this \
             store, or the engine compresses or encrypts its files. Then return its rows through a query",
            dump.len()
        ));
    }
    let mut failures = Failures::new();
    for secret in PLANTED {
        for part in [secret, &secret[..16]] {
            if let Some(form) = found(&dump, part) {
                failures.add(fail::<()>(format!(
                    "the bytes at rest contain {part:?} {form}, which the store got only in sealed form"
                )));
            }
        }
    }
    failures.end()
}
