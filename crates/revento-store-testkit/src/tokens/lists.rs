//! Checks of the lists by event and by integration.

use std::collections::BTreeMap;

use revento_core::ConnectionKey;
use revento_store::{Stored, TokenStore};

use super::sample::{created, loaded, of_key, record, swapped};
use crate::{
    check::SharedSubject,
    expect::{NotPassed, same},
    race::{CALLERS, race},
    subject::CheckResult,
};

fn by_key(list: Vec<Stored>) -> Vec<Stored> {
    let sorted: BTreeMap<_, _> = list
        .iter()
        .map(|stored| (stored.record.connection.key.clone(), stored))
        .collect();
    if sorted.len() == list.len() {
        sorted.into_values().cloned().collect()
    } else {
        list
    }
}

/// Two integrations with two events, each with an installation and two users.
fn keys() -> Vec<ConnectionKey> {
    let mut keys = Vec::new();
    for client in ["clt_1", "clt_11"] {
        for event in ["evt_1", "evt_11"] {
            keys.push(ConnectionKey::installation(client.into(), event.into()));
            for user in ["usr_1", "usr_2"] {
                keys.push(ConnectionKey::user(client.into(), event.into(), user.into()));
            }
        }
    }
    keys.sort();
    keys
}

async fn all(
    store: &dyn TokenStore,
    keys: impl Iterator<Item = &ConnectionKey>,
) -> Result<Vec<Stored>, NotPassed> {
    let mut all = Vec::new();
    for key in keys {
        all.push(loaded(store, key).await?);
    }
    Ok(all)
}

pub(super) async fn k6_an_event_has_exactly_its_records(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    same(
        "an empty store",
        store
            .of_event(&"clt_1".into(), &"evt_1".into(), None, 100)
            .await?,
        vec![],
    )?;
    let mut keys = keys();
    for key in &keys {
        created(&*store, &of_key(key.clone())).await?;
    }
    for removed in [true, false] {
        for (client, event) in [
            ("clt_1", "evt_1"),
            ("clt_1", "evt_11"),
            ("clt_11", "evt_1"),
            ("clt_2", "evt_1"),
        ] {
            let wanted = keys
                .iter()
                .filter(|key| key.client_id.as_str() == client && key.event_id.as_str() == event);
            let wanted = all(&*store, wanted).await?;
            let came = by_key(store.of_event(&client.into(), &event.into(), None, 100).await?);
            same(&format!("the records of {client} and {event}"), came, wanted)?;
        }
        if removed && let Some(key) = keys.pop() {
            let mut ended = of_key(keys[0].clone());
            ended.connection.status = revento_core::ConnectionStatus::Revoked;
            let version = loaded(&*store, &keys[0]).await?.version;
            swapped(&*store, version, &ended, None).await?;
            store.remove(&key).await?;
        }
    }
    Ok(())
}

pub(super) async fn k6_an_integration_has_exactly_its_records(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    same(
        "an empty store",
        store.of_client(&"clt_1".into(), None, 100).await?,
        vec![],
    )?;
    let keys = keys();
    for key in &keys {
        let mut record = of_key(key.clone());
        if key.user_id.is_some() {
            record.connection.status = revento_core::ConnectionStatus::Revoked;
        }
        created(&*store, &record).await?;
    }
    for client in ["clt_1", "clt_11", "clt_2", "CLT_1", "clt_1 "] {
        let wanted = all(
            &*store,
            keys.iter().filter(|key| key.client_id.as_str() == client),
        )
        .await?;
        let came = by_key(store.of_client(&client.into(), None, 100).await?);
        same(&format!("the records of {client}"), came, wanted)?;
    }
    Ok(())
}

pub(super) async fn k14_lists_lose_nothing_under_concurrency(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let user = |caller: usize| {
        let mut record = record("evt_1");
        record.connection.key.user_id = Some(format!("usr_{caller:02}").into());
        record
    };
    race(|caller| {
        let (store, record) = (subject.store(), user(caller));
        async move { store.create(&record).await }
    })
    .await?;
    let users = |list: Vec<Stored>| {
        let mut users: Vec<_> = list
            .into_iter()
            .filter_map(|stored| stored.record.connection.key.user_id)
            .collect();
        users.sort();
        users
    };
    let store = subject.store();
    let wanted: Vec<_> = (0..CALLERS)
        .filter_map(|caller| user(caller).connection.key.user_id)
        .collect();
    same(
        "the listed records",
        users(
            store
                .of_event(&"clt_test".into(), &"evt_1".into(), None, 100)
                .await?,
        ),
        wanted.clone(),
    )?;
    same(
        "the due records",
        users(
            store
                .due(&"clt_test".into(), revento_core::Timestamp::MAX, None, 100)
                .await?,
        )
        .len(),
        CALLERS,
    )?;

    race(|caller| {
        let (store, record) = (subject.store(), user(caller));
        async move {
            if caller % 2 == 0 {
                store.remove(&record.connection.key).await
            } else {
                Ok(())
            }
        }
    })
    .await?;
    let wanted: Vec<_> = wanted.into_iter().skip(1).step_by(2).collect();
    same(
        "the remaining records",
        users(store.of_client(&"clt_test".into(), None, 100).await?),
        wanted,
    )
}
