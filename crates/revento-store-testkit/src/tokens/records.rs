//! Checks that records come back unchanged.

use revento_core::{ConnectionKey, ConnectionStatus, Scopes, StatusReason, Timestamp};
use revento_store::{Record, Sealed, TokenStore};

use super::sample::{
    DAY, MINUTE, NOW, TICK, created, granted, is_stored, key, loaded, of_key, record, same_record, swapped,
};
use crate::{
    check::SharedSubject,
    expect::{Failures, same},
    subject::CheckResult,
};

async fn comes_back(store: &dyn TokenStore, record: &Record) -> CheckResult {
    created(store, record).await?;
    is_stored(store, record).await
}

/// All 32 combinations of the five optional fields.
fn combinations() -> impl Iterator<Item = Record> {
    (0..32_u32).map(|bits| {
        let has = |bit: u32| bits & (1 << bit) != 0;
        let mut record = record(&format!("evt_{bits}"));
        record.connection.key.user_id = has(0).then(|| "usr_1".into());
        record.connection.organization_id = has(1).then(|| "org_1".into());
        record.connection.reason = has(2).then_some(StatusReason::AnswerLost);
        record.connection.delete_by = has(3).then_some(NOW.saturating_add(DAY * 30));
        record.tokens = has(4).then(|| Sealed::from_bytes(*b"sealed"));
        record
    })
}

pub(super) async fn k1_every_combination_of_optional_fields_survives(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let mut failures = Failures::new();
    for record in combinations() {
        let version = created(&*store, &record).await?;
        let stored = loaded(&*store, &record.connection.key).await?;
        failures.add(same_record("a new record", &stored.record, &record));
        failures.same("its version", stored.version, version);
    }
    for record in combinations() {
        let stored = loaded(&*store, &record.connection.key).await?;
        let what = "a record after the others were created";
        failures.add(same_record(what, &stored.record, &record));
    }
    failures.end()
}

pub(super) async fn k1_every_status_and_reason_survives(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let mut record = record("evt_1");
    let mut version = created(&*store, &record).await?;
    let unknown = (
        ConnectionStatus::from("paused: 100%"),
        Some(StatusReason::from("it's \"new\"")),
    );
    let reasons = StatusReason::KNOWN
        .iter()
        .map(|reason| (ConnectionStatus::NeedsConsent, Some(reason.clone())));
    let statuses = ConnectionStatus::KNOWN
        .iter()
        .map(|status| (status.clone(), None));
    let mut failures = Failures::new();
    for (status, reason) in reasons.chain(statuses).chain([unknown]) {
        (record.connection.status, record.connection.reason) = (status, reason);
        version = swapped(&*store, version, &record, None).await?;
        failures.add(is_stored(&*store, &record).await);
    }
    failures.end()
}

pub(super) async fn k2_a_swap_replaces_every_field(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let store = subject.store();
    let mut full = record("evt_1");
    full.connection.reason = Some(StatusReason::AnswerLost);
    full.connection.delete_by = Some(NOW);
    let mut other = of_key(key("evt_1"));
    other.tokens = None;
    other.connection.organization_id = None;
    other.connection.status = ConnectionStatus::Revoked;
    other.connection.scopes = Scopes::default();
    other.connection.generation = 8;
    for time in [
        &mut other.connection.status_since,
        &mut other.connection.consented_at,
        &mut other.connection.access_expires_at,
        &mut other.connection.refresh_expires_at,
        &mut other.connection.consent_expires_at,
    ] {
        *time = time.saturating_add(MINUTE + TICK);
    }
    let version = created(&*store, &full).await?;
    let version = swapped(&*store, version, &other, None).await?;
    is_stored(&*store, &other).await?;
    swapped(&*store, version, &full, None).await?;
    is_stored(&*store, &full).await
}

pub(super) async fn k3_loading_an_unknown_key_is_no_error(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    same("an empty store", store.load(&key("evt_1")).await?, None)?;
    created(&*store, &record("evt_1")).await?;
    let user = ConnectionKey::user("clt_test".into(), "evt_1".into(), "usr_1".into());
    same(
        "a user where only the installation is",
        store.load(&user).await?,
        None,
    )?;
    same("another event", store.load(&key("evt_2")).await?, None)
}

pub(super) async fn k4_removing_is_final_and_repeatable(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    store.remove(&key("evt_1")).await?;
    created(&*store, &record("evt_1")).await?;
    created(&*store, &record("evt_2")).await?;
    for _ in 0..2 {
        store.remove(&key("evt_1")).await?;
        same("a removed record", store.load(&key("evt_1")).await?, None)?;
    }
    same(
        "its neighbour",
        loaded(&*store, &key("evt_2")).await?.record,
        record("evt_2"),
    )?;
    created(&*store, &record("evt_1")).await?;

    // Whatever its state is.
    let mut ended = record("evt_3");
    ended.connection.status = ConnectionStatus::Revoked;
    ended.tokens = None;
    created(&*store, &ended).await?;
    let version = created(&*store, &record("evt_4")).await?;
    granted(&*store, &key("evt_4"), version, NOW).await?;
    for (what, key) in [
        ("an ended connection", key("evt_3")),
        ("a claimed connection", key("evt_4")),
    ] {
        store.remove(&key).await?;
        same(
            &format!("{what} after it was removed"),
            store.load(&key).await?,
            None,
        )?;
    }
    Ok(())
}

pub(super) async fn k9_times_survive_to_the_microsecond(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let times = [
        0,
        1,
        -1,
        -62_135_596_800_000_000,
        2_147_483_647_999_999,
        2_147_483_648_000_001,
        4_102_444_800_123_456,
        253_402_300_799_999_999,
        i64::MAX,
        i64::MIN,
    ];
    let mut failures = Failures::new();
    for (index, micros) in times.into_iter().enumerate() {
        let time = Timestamp::from_unix_micros(micros);
        let mut record = record(&format!("evt_{index}"));
        let connection = &mut record.connection;
        connection.delete_by = Some(time);
        connection.status_since = time;
        connection.consented_at = time;
        connection.access_expires_at = time;
        connection.refresh_expires_at = time;
        connection.consent_expires_at = time;
        failures.add(comes_back(&*store, &record).await);
    }
    failures.end()
}

pub(super) async fn k9_counters_survive_in_full_width(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let store = subject.store();
    let mut failures = Failures::new();
    let generations = [
        0,
        1,
        u64::from(u32::MAX) + 1,
        (1 << 53) + 1, // The first that a float does not have.
        u64::MAX / 2 + 1,
        u64::MAX,
    ];
    for generation in generations {
        let mut record = record(&format!("evt_{generation}"));
        record.connection.generation = generation;
        failures.add(comes_back(&*store, &record).await);
    }
    failures.end()
}
