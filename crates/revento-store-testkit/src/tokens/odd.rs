//! Checks of unusual keys and bytes.

use revento_core::ConnectionKey;
use revento_store::{Sealed, TokenStore};

use super::sample::{created, is_stored, of_key, record, swapped};
use crate::{
    check::SharedSubject,
    expect::{Failures, fail, same_list},
    show,
    subject::CheckResult,
    texts::ODD,
};

pub(super) async fn k8_no_two_keys_are_mistaken_for_each_other(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let long = "k".repeat(1000);
    let longer = "k".repeat(1001);
    let texts = || ODD.iter().copied().chain([long.as_str(), &longer]);
    let mut keys: Vec<ConnectionKey> = Vec::new();
    for odd in texts() {
        keys.push(ConnectionKey::installation(odd.into(), "evt_1".into()));
        keys.push(ConnectionKey::installation("clt_1".into(), odd.into()));
        keys.push(ConnectionKey::user("clt_1".into(), "evt_1".into(), odd.into()));
    }
    keys.push(ConnectionKey::installation("a/b".into(), "c".into()));
    keys.push(ConnectionKey::installation("a".into(), "b/c".into()));
    keys.push(ConnectionKey::user("a".into(), "b".into(), "c".into()));
    let mut failures = Failures::new();
    for key in &keys {
        failures.add(created(&*store, &of_key(key.clone())).await);
    }
    for key in &keys {
        failures.add(is_stored(&*store, &of_key(key.clone())).await);
    }
    for odd in texts() {
        let found = store
            .of_event(&"clt_1".into(), &odd.into(), None, usize::MAX)
            .await?;
        let mut found: Vec<_> = found
            .iter()
            .map(|stored| show::key(&stored.record.connection.key))
            .collect();
        let wanted = keys
            .iter()
            .filter(|key| key.client_id.as_str() == "clt_1" && key.event_id.as_str() == odd);
        let mut wanted: Vec<_> = wanted.map(show::key).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        let what = format!("the records of the event {}", show::quoted(odd));
        failures.add(same_list(&what, &found, &wanted));
    }
    for key in &keys {
        store.remove(key).await?;
        if store.load(key).await?.is_some() {
            failures.add(fail::<()>(format!(
                "{} is still there after it was removed",
                show::key(key)
            )));
        }
    }
    failures.end()
}

pub(super) async fn k8_sealed_bytes_survive_as_they_are(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let mut record = record("evt_1");
    let mut version = created(&*store, &record).await?;
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let mut failures = Failures::new();
    for bytes in [
        all.as_slice(),
        b"",
        b"\0",
        b"\\x00",
        b"%00",
        b"\xff\xfe",
        b"'",
        b"null",
    ] {
        record.tokens = Some(Sealed::from_bytes(bytes));
        version = swapped(&*store, version, &record, None).await?;
        failures.add(is_stored(&*store, &record).await);
    }
    failures.end()
}
