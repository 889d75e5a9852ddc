//! Checks of the bytes at rest.

use revento_seal::{KeyRing, SealingKey};
use revento_store::{Record, Sealer, TokenStore};

use super::sample::{created, key, record, renewed, swapped};
use crate::{
    bytes::contains,
    check::SharedSubject,
    expect::{fail, holds},
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
    holds(
        "the dump contains the record's plain fields, so it is a real dump",
        contains(&dump, b"evt_1"),
    )?;
    for secret in PLANTED {
        for part in [secret, &secret[..16]] {
            if contains(&dump, part.as_bytes()) {
                return fail(format!(
                    "the bytes at rest contain {part:?}, which the store got only in sealed form"
                ));
            }
        }
    }
    Ok(())
}
