//! Checks of paging through buried deliveries.

use std::collections::HashSet;

use revento_store::{BuriedCursor, BuriedDelivery, InboxStore, RequeueAttempts};

use super::sample::{NOW, bury, delivery, lease, minutes, one};
use crate::{
    check::SharedSubject,
    expect::{NotPassed, fail, same},
    race::in_batches,
    show,
    subject::CheckResult,
};

/// More deliveries than any page has by default.
const MANY: usize = 1001;

async fn page(
    store: &dyn InboxStore,
    after: Option<&BuriedDelivery>,
    limit: usize,
) -> Result<Vec<BuriedDelivery>, NotPassed> {
    let cursor = after.map(BuriedCursor::of);
    Ok(store.buried(cursor.as_ref(), limit).await?)
}

/// Reads all pages of this size.
async fn walk(store: &dyn InboxStore, size: usize) -> Result<Vec<BuriedDelivery>, NotPassed> {
    let mut all: Vec<BuriedDelivery> = Vec::new();
    for _ in 0..=MANY {
        let page = page(store, all.last(), size).await?;
        if page.len() > size {
            return fail(format!("a page of at most {size} has {} deliveries", page.len()));
        }
        let listed: HashSet<_> = all.iter().map(|buried| &buried.envelope_id).collect();
        if let Some(cursor) = all.last()
            && let Some(twice) = page.iter().find(|buried| listed.contains(&buried.envelope_id))
        {
            return fail(format!(
                "a delivery is on two pages: {} is again on the page behind the cursor {} (pages of {size})",
                show::quoted(twice.envelope_id.as_str()),
                show::quoted(cursor.envelope_id.as_str())
            ));
        }
        let is_last = page.len() < size;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
    fail("the pages do not end")
}

fn ids(list: &[BuriedDelivery]) -> Vec<&str> {
    list.iter().map(|buried| buried.envelope_id.as_str()).collect()
}

pub(super) async fn q4_what_is_buried_is_listed_page_by_page(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    // The order of the ids is not that of the times.
    for (id, minute) in [("6", 1), ("4", 2), ("2", 2), ("5", 2), ("3", 2), ("1", 3)] {
        bury(&*store, delivery(id), minutes(minute)).await?;
    }
    let order = ["env_1", "env_5", "env_4", "env_3", "env_2", "env_6"];
    for size in [1, 2, 3, 6, 7, usize::MAX] {
        let came = walk(&*store, size).await?;
        same(
            &format!("the buried deliveries in pages of {size}"),
            ids(&came),
            order.to_vec(),
        )?;
    }
    let none = page(&*store, None, 0).await?;
    same("a page with the limit 0", ids(&none), vec![])?;

    // The delivery that the cursor names is not buried any more, and another one is the last buried.
    let first = page(&*store, None, 2).await?;
    store
        .requeue(&"env_5".into(), minutes(4), RequeueAttempts::Full)
        .await?;
    store
        .requeue(&"env_3".into(), minutes(4), RequeueAttempts::Full)
        .await?;
    let leased = one(&*store, minutes(4)).await?;
    store.bury(&leased.lease, minutes(4), "again").await?;
    let second = page(&*store, first.last(), 2).await?;
    same("the second page", ids(&second), vec!["env_4", "env_2"])?;
    let third = page(&*store, second.last(), 2).await?;
    same("the third page", ids(&third), vec!["env_6"])
}

pub(super) async fn q4_a_thousand_buried_deliveries_are_all_listed(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    in_batches(MANY, |number| {
        let (store, delivery) = (subject.store(), delivery(&format!("{number:04}")));
        async move { store.insert(&delivery).await.map(drop) }
    })
    .await?;
    let leased = lease(&*store, NOW, usize::MAX).await?;
    same("how many deliveries are leased", leased.len(), MANY)?;
    in_batches(MANY, |number| {
        let (store, lease) = (subject.store(), leased[number].lease.clone());
        async move { store.bury(&lease, NOW, "no such table").await.map(drop) }
    })
    .await?;
    let expected: Vec<String> = (0..MANY).rev().map(|number| format!("env_{number:04}")).collect();
    for size in [250, usize::MAX] {
        let came = walk(&*store, size).await?;
        same(
            &format!("how many of {MANY} deliveries are listed in pages of {size}"),
            came.len(),
            MANY,
        )?;
        if ids(&came) != expected {
            return fail(format!(
                "the {MANY} deliveries are not in order in pages of {size}"
            ));
        }
    }
    Ok(())
}
