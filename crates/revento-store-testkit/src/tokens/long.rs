//! Checks of ids that no index entry can hold.

use std::collections::BTreeSet;

use revento_core::ConnectionKey;
use revento_store::{CreateOutcome, TokenStore};

use super::sample::{NOW, created, granted, loaded, marked, of_key, swapped};
use crate::{check::SharedSubject, expect::same, long, subject::CheckResult};

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
    for key in &keys {
        created(&*store, &of_key(key.clone())).await?;
    }
    for key in &keys {
        let record = of_key(key.clone());
        let stored = loaded(&*store, key).await?;
        same(
            "whether a record with a long id comes back",
            stored.record == record,
            true,
        )?;
        let again = store.create(&record).await?;
        same(
            "a second record with this id",
            again,
            CreateOutcome::AlreadyExists,
        )?;
        let (fence, _) = granted(&*store, key, stored.version, NOW).await?;
        let other = marked(&record, 1);
        swapped(&*store, stored.version, &other, Some(fence)).await?;
        let came = loaded(&*store, key).await?.record;
        same("whether its tokens were replaced", came == other, true)?;
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
    let wanted: BTreeSet<_> = keys
        .iter()
        .filter(|key| key.client_id.as_str() == "clt_1")
        .collect();
    same("how many records are listed", listed.len(), wanted.len())?;
    same(
        "whether they are the right ones",
        listed.iter().collect::<BTreeSet<_>>() == wanted,
        true,
    )?;
    for id in long::ids() {
        let of_event = store
            .of_event(&"clt_1".into(), &id.as_str().into(), None, 9)
            .await?;
        same(
            &format!("how many records an event has with {}", long::name(&id)),
            of_event.len(),
            1,
        )?;
        let of_client = store.of_client(&id.as_str().into(), None, 9).await?;
        same(
            &format!("how many records a client has with {}", long::name(&id)),
            of_client.len(),
            1,
        )?;
    }
    for key in &keys {
        store.remove(key).await?;
        same(
            "whether it is still there after it was removed",
            store.load(key).await?.is_some(),
            false,
        )?;
    }
    Ok(())
}
