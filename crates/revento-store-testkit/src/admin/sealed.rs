//! Checks of the list of what is sealed.

use revento_core::EnvelopeId;
use revento_store::{InboxAdmin, NewDelivery, Sealed, SealedDelivery};

use crate::{
    check::SharedSubject,
    expect::{NotPassed, fail, same},
    inbox::sample::{NOW, bury, delivery, insert_all, minutes, one},
    long,
    subject::CheckResult,
};

/// More pages than any walk here has.
const MANY: usize = 100;

async fn walk(store: &dyn InboxAdmin, size: usize) -> Result<Vec<SealedDelivery>, NotPassed> {
    let mut all: Vec<SealedDelivery> = Vec::new();
    for _ in 0..MANY {
        let after: Option<EnvelopeId> = all.last().map(|last| last.envelope_id.clone());
        let page = store.sealed(after.as_ref(), size).await?;
        if page.len() > size {
            return fail(format!("a page of at most {size} has {} deliveries", page.len()));
        }
        let is_last = page.len() < size;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
    fail("the pages do not end")
}

pub(super) async fn what_has_a_body_is_listed_page_by_page(
    subject: SharedSubject<dyn InboxAdmin>,
) -> CheckResult {
    let store = subject.store();
    // Two that have no body any more.
    bury(&*store, delivery("expunged"), NOW).await?;
    store.expunge(minutes(1)).await?;
    insert_all(&*store, [delivery("done")]).await?;
    let leased = one(&*store, NOW).await?;
    store.complete(&leased.lease, NOW).await?;
    // One of each state that has, one without an id, and one with an empty body.
    bury(&*store, delivery("c"), minutes(1)).await?;
    insert_all(&*store, [delivery("b")]).await?;
    let leased = one(&*store, NOW).await?;
    store.retry(&leased.lease, minutes(2), "no such table").await?;
    insert_all(&*store, [delivery("d")]).await?;
    one(&*store, NOW).await?;
    let odd = |id: &str| NewDelivery {
        envelope_id: id.into(),
        ..delivery("odd")
    };
    let mut long_ids: Vec<NewDelivery> = long::ids().iter().map(|id| odd(id)).collect();
    long_ids
        .iter_mut()
        .for_each(|long| long.delivery_id = long.envelope_id.as_str().into());
    let no_id = NewDelivery {
        body: Sealed::from_bytes([]),
        ..odd("")
    };
    for delivery in long_ids.iter().chain([&odd("\0nul"), &no_id]) {
        store.insert(delivery).await?;
    }

    let all = walk(&*store, usize::MAX).await?;
    let mut short: Vec<(&str, &[u8], &str)> = all
        .iter()
        .filter(|sealed| sealed.envelope_id.as_str().len() < 100)
        .map(|sealed| {
            (
                sealed.envelope_id.as_str(),
                sealed.body.as_bytes(),
                sealed.error.as_str(),
            )
        })
        .collect();
    short.sort_unstable();
    let expected: Vec<(&str, &[u8], &str)> = vec![
        ("", b"", ""),
        ("\0nul", b"sealed odd", ""),
        ("env_b", b"sealed b", "no such table"),
        ("env_c", b"sealed c", "no such table"),
        ("env_d", b"sealed d", ""),
    ];
    same("what is sealed", short, expected)?;
    same("how many are sealed", all.len(), 5 + long_ids.len())?;
    for size in [1, 2, all.len(), all.len() + 1] {
        same(
            &format!("what is sealed in pages of {size}"),
            walk(&*store, size).await?,
            all.clone(),
        )?;
    }
    same("a page with the limit 0", store.sealed(None, 0).await?, vec![])?;
    for (place, delivery) in all.iter().enumerate() {
        let rest = store.sealed(Some(&delivery.envelope_id), usize::MAX).await?;
        same(
            "what is behind a position",
            Some(rest.as_slice()),
            all.get(place + 1..),
        )?;
    }
    // The delivery at the position need not be there.
    let behind = store.sealed(Some(&"env_bb".into()), usize::MAX).await?;
    same(
        "what is behind a position without a delivery",
        all.ends_with(&behind),
        true,
    )
}
