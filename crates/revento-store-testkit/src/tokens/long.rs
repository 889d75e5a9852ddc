//! Checks of ids that no index entry can hold.

use revento_core::ConnectionKey;
use revento_store::{CreateOutcome, TokenStore};

use super::sample::{NOW, created, granted, is_stored, loaded, marked, of_key, swapped};
use crate::{
    check::SharedSubject,
    expect::{Failures, same, same_list},
    long, show,
    subject::CheckResult,
};

pub(super) async fn h25_ids_of_any_length_are_kept_and_listed(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let mut keys = Vec::new();
    for id in long::ids() {
        keys.push(ConnectionKey::installation(id.as_str().into(), "evt_1".into()));
        keys.push(ConnectionKey::installation("clt_1".into(), id.as_str().into()));
        keys.push(ConnectionKey::user(
            "clt_1".into(),
            "evt_1".into(),
            id.as_str().into(),
        ));
    }
    let mut failures = Failures::new();
    for key in &keys {
        failures.add(created(&*store, &of_key(key.clone())).await);
    }
    for key in &keys {
        failures.add(lives(&*store, key).await);
    }
    // In pages of one, each record is on exactly one page, whatever the order is.
    let mut listed = Vec::new();
    while let [stored] = store
        .of_client(&"clt_1".into(), listed.last(), 1)
        .await?
        .as_slice()
    {
        listed.push(stored.record.connection.key.clone());
        if listed.len() > keys.len() {
            break;
        }
    }
    let wanted = keys.iter().filter(|key| key.client_id.as_str() == "clt_1");
    let mut wanted: Vec<_> = wanted.map(show::key).collect();
    let mut came: Vec<_> = listed.iter().map(show::key).collect();
    wanted.sort_unstable();
    came.sort_unstable();
    failures.add(same_list("the records of client \"clt_1\"", &came, &wanted));
    for id in long::ids() {
        let of_event = store
            .of_event(&"clt_1".into(), &id.as_str().into(), None, 9)
            .await?;
        let of_client = store.of_client(&id.as_str().into(), None, 9).await?;
        let id = show::quoted(&id);
        failures.same(&format!("how many records event {id} has"), of_event.len(), 1);
        failures.same(&format!("how many records client {id} has"), of_client.len(), 1);
    }
    for key in &keys {
        store.remove(key).await?;
        let is_there = store.load(key).await?.is_some();
        let what = format!("whether {} is still there after it was removed", show::key(key));
        failures.same(&what, is_there, false);
    }
    failures.end()
}

/// Loads, claims and replaces a record.
async fn lives(store: &dyn TokenStore, key: &ConnectionKey) -> CheckResult {
    let record = of_key(key.clone());
    is_stored(store, &record).await?;
    let again = store.create(&record).await?;
    let what = format!("a second record of {}", show::key(key));
    same(&what, again, CreateOutcome::AlreadyExists)?;
    let version = loaded(store, key).await?.version;
    let (fence, _) = granted(store, key, version, NOW).await?;
    let other = marked(&record, 1);
    swapped(store, version, &other, Some(fence)).await?;
    is_stored(store, &other).await
}
