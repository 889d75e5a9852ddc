//! Records for the checks, each field with another value, and steps that several checks share.

use std::time::Duration;

use revento_core::{Connection, ConnectionKey, ConnectionStatus, Scopes, StatusReason, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, Fence, Record, Sealed, Stored, SwapOutcome, TokenStore, Version,
};

use crate::{
    expect::{Failures, NotPassed, fail},
    show,
    subject::CheckResult,
};

/// 2026-05-09T14:22:31.000001Z. The current time of the checks; stores must not compare it with their own clock.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_micros(1_778_336_551_000_001);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
pub(crate) const TICK: Duration = Duration::from_micros(1);

pub(crate) fn key(event: &str) -> ConnectionKey {
    ConnectionKey::installation("clt_test".into(), event.into())
}

/// A connected installation without a reason, a deadline and a user.
pub(crate) fn record(event: &str) -> Record {
    of_key(key(event))
}

pub(crate) fn of_key(key: ConnectionKey) -> Record {
    Record {
        tokens: Some(Sealed::from_bytes(
            format!("sealed of {}", show::key(&key)).into_bytes(),
        )),
        connection: Connection {
            key,
            organization_id: Some("org_test".into()),
            status: ConnectionStatus::Connected,
            reason: None,
            status_since: NOW,
            delete_by: None,
            scopes: Scopes::parse("event.read participants.read"),
            generation: 7,
            consented_at: NOW.saturating_sub(DAY),
            access_expires_at: NOW.saturating_add(MINUTE * 59),
            refresh_expires_at: NOW.saturating_add(DAY * 90),
            consent_expires_at: NOW.saturating_add(DAY * 364),
        },
    }
}

/// The same record with other tokens.
pub(crate) fn marked(record: &Record, mark: usize) -> Record {
    let tokens = Some(Sealed::from_bytes(format!("marked {mark}").into_bytes()));
    Record {
        tokens,
        ..record.clone()
    }
}

/// The same record with the next generation, as after a refresh or a new consent.
pub(crate) fn renewed(record: &Record) -> Record {
    let mut renewed = record.clone();
    renewed.connection.generation += 1;
    renewed
}

/// The same record with the status in doubt.
pub(crate) fn doubted(record: &Record) -> Record {
    let mut doubted = record.clone();
    doubted.connection.status = ConnectionStatus::InDoubt;
    doubted.connection.reason = Some(StatusReason::HolderGone);
    doubted
}

/// Creates a record, and fails unless its key is new. Names the other key of a collision.
pub(crate) async fn created(store: &dyn TokenStore, record: &Record) -> Result<Version, NotPassed> {
    let key = &record.connection.key;
    match store.create(record).await? {
        CreateOutcome::Created(version) => Ok(version),
        CreateOutcome::AlreadyExists => {
            let found = match store.load(key).await? {
                Some(stored) => format!("there it finds the record of {}", origin(&stored.record)),
                None => "there it finds nothing".to_owned(),
            };
            fail(format!(
                "creating {} returned AlreadyExists, and {found}",
                show::key(key)
            ))
        }
    }
}

/// Whose record it was when the check wrote it: a store that takes one key for another may well return it with the key that was asked for.
fn origin(record: &Record) -> String {
    let returned = show::key(&record.connection.key);
    let tokens = record.tokens.as_ref().map(Sealed::as_bytes).unwrap_or_default();
    match String::from_utf8_lossy(tokens).strip_prefix("sealed of ") {
        Some(written) if written != returned => format!("{written} (returned as {returned})"),
        _ => returned,
    }
}

pub(crate) async fn loaded(store: &dyn TokenStore, key: &ConnectionKey) -> Result<Stored, NotPassed> {
    match store.load(key).await? {
        Some(stored) => Ok(stored),
        None => fail(format!(
            "{} was stored but the store does not find it",
            show::key(key)
        )),
    }
}

/// Fails unless the store has exactly this record.
pub(crate) async fn is_stored(store: &dyn TokenStore, expected: &Record) -> CheckResult {
    let key = &expected.connection.key;
    same_record(
        &format!("the record of {}", show::key(key)),
        &loaded(store, key).await?.record,
        expected,
    )
}

/// [`same`](crate::expect::same) for records, with the sealed bytes, which `Debug` does not show.
pub(crate) fn same_record(what: &str, came: &Record, expected: &Record) -> CheckResult {
    let tokens = |record: &Record| {
        record
            .tokens
            .as_ref()
            .map(|tokens| show::bytes(tokens.as_bytes()))
    };
    let mut failures = Failures::new();
    if came.tokens != expected.tokens {
        failures.same(&format!("{what}, its tokens"), tokens(came), tokens(expected));
    }
    failures.same(what, &came.connection, &expected.connection);
    failures.end()
}

pub(crate) async fn swapped(
    store: &dyn TokenStore,
    expected: Version,
    record: &Record,
    fence: Option<Fence>,
) -> Result<Version, NotPassed> {
    match store.compare_and_swap(expected, record, fence).await? {
        SwapOutcome::Swapped(version) => Ok(version),
        SwapOutcome::Conflict => fail("a swap of the current version returned Conflict"),
    }
}

/// Claims a record for one minute from `now`.
pub(crate) async fn claim(
    store: &dyn TokenStore,
    key: &ConnectionKey,
    version: Version,
    now: Timestamp,
) -> Result<ClaimOutcome, NotPassed> {
    Ok(store
        .claim(
            key,
            ClaimTerms {
                version,
                now,
                until: end_of(now),
            },
        )
        .await?)
}

/// The end of a claim made by [`claim`].
pub(crate) fn end_of(now: Timestamp) -> Timestamp {
    now.saturating_add(MINUTE)
}

/// Claims a record, and fails unless it is granted. Returns the fence and whether an earlier claim was abandoned.
pub(crate) async fn granted(
    store: &dyn TokenStore,
    key: &ConnectionKey,
    version: Version,
    now: Timestamp,
) -> Result<(Fence, bool), NotPassed> {
    match claim(store, key, version, now).await? {
        ClaimOutcome::Granted { fence, abandoned } => Ok((fence, abandoned)),
        other => fail(format!("a claim on an unclaimed record returned {other:?}")),
    }
}
