//! Checks that no call touches a record whose key looks alike.

use std::collections::BTreeSet;

use revento_core::{ConnectionKey, Timestamp};
use revento_store::{ClaimOutcome, Stored, TokenStore, Version};

use super::sample::{NOW, claim, end_of, granted, loaded, marked, of_key, same_record, swapped};
use crate::{
    check::SharedSubject,
    expect::{NotPassed, fail, same, same_list},
    race::in_batches,
    show::{self, quoted},
    subject::CheckResult,
    texts::ALIKE,
};

/// Keys that differ in one id only, and keys that differ in nothing but where one id ends and the next begins.
fn keys() -> Vec<ConnectionKey> {
    let mut keys = vec![
        ConnectionKey::installation("clt".into(), "evt".into()),
        ConnectionKey::installation("a/b".into(), "c".into()),
        ConnectionKey::installation("a".into(), "b/c".into()),
        ConnectionKey::user("a".into(), "b".into(), "c".into()),
    ];
    for &text in ALIKE {
        keys.push(ConnectionKey::installation(text.into(), "evt".into()));
        keys.push(ConnectionKey::installation("clt".into(), text.into()));
        keys.push(ConnectionKey::user("clt".into(), "evt".into(), text.into()));
    }
    keys
}

/// The record of a key as the check has written it last; anything else was written by a call with another key.
async fn untouched(
    store: &dyn TokenStore,
    key: &ConnectionKey,
    mark: usize,
    call: &str,
) -> Result<Version, NotPassed> {
    let Some(stored) = store.load(key).await? else {
        return fail(format!(
            "{} is gone after {call} with another key",
            show::key(key)
        ));
    };
    let what = format!("{} after {call} with other keys", show::key(key));
    same_record(&what, &stored.record, &marked(&of_key(key.clone()), mark))?;
    Ok(stored.version)
}

async fn create_all(subject: &SharedSubject<dyn TokenStore>, keys: &[ConnectionKey]) -> CheckResult {
    in_batches(keys.len(), |number| {
        let record = marked(&of_key(keys[number].clone()), number);
        let store = subject.store();
        async move { store.create(&record).await.map(drop) }
    })
    .await
}

/// Makes every call but the last with each key in turn. Before each round of calls, the record of each key has to be as its own calls
/// have left it.
async fn every_call(store: &dyn TokenStore, keys: &[ConnectionKey]) -> CheckResult {
    for (mark, key) in keys.iter().enumerate() {
        let version = untouched(store, key, mark, "create or compare_and_swap").await?;
        swapped(
            store,
            version,
            &marked(&of_key(key.clone()), mark + keys.len()),
            None,
        )
        .await?;
    }
    let mut claims = Vec::new();
    for (mark, key) in keys.iter().enumerate() {
        let version = untouched(store, key, mark + keys.len(), "compare_and_swap").await?;
        let (fence, _) = granted(store, key, version, NOW).await?;
        claims.push((version, fence));
    }
    for (key, (version, fence)) in keys.iter().zip(&mut claims) {
        is_held(store, key, *version, "claim or release").await?;
        store.release(key, *fence).await?;
        let (next, abandoned) = granted(store, key, *version, NOW).await?;
        same(
            &format!("whether a claim on {} was abandoned", show::key(key)),
            abandoned,
            false,
        )?;
        *fence = next;
    }
    for (mark, (key, (version, fence))) in keys.iter().zip(claims).enumerate() {
        is_held(store, key, version, "release or a fenced swap").await?;
        let record = marked(&of_key(key.clone()), mark);
        swapped(store, version, &record, Some(fence)).await?;
    }
    Ok(())
}

async fn remove_each<'a>(
    store: &dyn TokenStore,
    keys: impl Iterator<Item = (usize, &'a ConnectionKey)>,
) -> CheckResult {
    for (mark, key) in keys {
        untouched(store, key, mark, "a fenced swap or remove").await?;
        store.remove(key).await?;
    }
    Ok(())
}

async fn is_held(store: &dyn TokenStore, key: &ConnectionKey, version: Version, call: &str) -> CheckResult {
    let held = ClaimOutcome::Held { until: end_of(NOW) };
    let what = format!("the claim on {} after {call} with another key", show::key(key));
    same(&what, claim(store, key, version, NOW).await?, held)
}

pub(super) async fn k8_no_call_touches_a_key_that_looks_alike(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let (store, keys) = (subject.store(), keys());
    create_all(&subject, &keys).await?;
    every_call(&*store, &keys).await?;
    remove_each(&*store, keys.iter().enumerate()).await?;
    // A removal that takes a longer key with it shows only while that one is still to come.
    create_all(&subject, &keys).await?;
    remove_each(&*store, keys.iter().enumerate().rev()).await?;
    for key in &keys {
        same(
            &format!("{} after its removal", show::key(key)),
            store.load(key).await?,
            None,
        )?;
    }
    Ok(())
}

pub(super) async fn k6_lists_have_no_key_that_looks_alike(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let mut keys = keys();
    keys.sort_by_cached_key(ConnectionKey::to_string);
    create_all(&subject, &keys).await?;
    let clients: BTreeSet<_> = keys.iter().map(|key| &key.client_id).collect();
    for client in clients {
        let wanted: Vec<_> = keys.iter().filter(|key| key.client_id == *client).collect();
        let of_client = store.of_client(client, None, usize::MAX).await?;
        are(
            &format!("the records of the client {}", quoted(client.as_str())),
            &of_client,
            &wanted,
        )?;
        let due = store.due(client, Timestamp::MAX, None, usize::MAX).await?;
        are(
            &format!("the due records of the client {}", quoted(client.as_str())),
            &due,
            &wanted,
        )?;
    }
    let events: BTreeSet<_> = keys.iter().map(|key| (&key.client_id, &key.event_id)).collect();
    for (client, event) in events {
        let of = |key: &&ConnectionKey| key.client_id == *client && key.event_id == *event;
        let wanted: Vec<_> = keys.iter().filter(of).collect();
        let came = store.of_event(client, event, None, usize::MAX).await?;
        are(
            &format!(
                "the records of the client {} and the event {}",
                quoted(client.as_str()),
                quoted(event.as_str())
            ),
            &came,
            &wanted,
        )?;
    }
    // Behind each key, whatever it looks like, comes the rest.
    let ours: Vec<_> = keys
        .iter()
        .filter(|key| key.client_id.as_str() == "clt")
        .collect();
    for (place, after) in ours.iter().enumerate() {
        let came = store.of_client(&"clt".into(), Some(after), 2).await?;
        let rest: Vec<_> = ours.iter().skip(place + 1).take(2).copied().collect();
        are(
            &format!("the two records behind {}", show::key(after)),
            &came,
            &rest,
        )?;
        let cursor = revento_store::DueCursor::of(&loaded(&*store, after).await?);
        let came = store.due(&"clt".into(), Timestamp::MAX, Some(&cursor), 2).await?;
        are(
            &format!("the two due records behind {}", show::key(after)),
            &came,
            &rest,
        )?;
    }
    Ok(())
}

fn are(what: &str, came: &[Stored], wanted: &[&ConnectionKey]) -> CheckResult {
    let came: Vec<_> = came
        .iter()
        .map(|stored| show::key(&stored.record.connection.key))
        .collect();
    let wanted: Vec<_> = wanted.iter().map(|key| show::key(key)).collect();
    same_list(what, &came, &wanted)
}
