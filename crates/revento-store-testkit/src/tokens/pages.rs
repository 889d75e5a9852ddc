//! Checks of paging through lists.

use std::collections::HashSet;

use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{DueCursor, Record, Sealed, Stored, TokenStore};

use super::sample::{DAY, NOW, TICK, created, loaded, of_key, record, swapped};
use crate::{
    check::SharedSubject,
    expect::{NotPassed, fail, same},
    race::in_batches,
    show,
    subject::CheckResult,
};

const CLIENT: &str = "clt_test";
/// More records than the default limits of engines and drivers.
const MANY: usize = 1001;
/// So large that all records together exceed the usual limits of an answer, which are 1 and 4 MiB.
const LARGE: usize = 4200;

#[derive(Clone, Copy)]
enum List<'a> {
    Client,
    Event(&'a str),
    Due(Timestamp),
}

impl List<'_> {
    /// The page after a record.
    async fn page(
        self,
        store: &dyn TokenStore,
        after: Option<&Stored>,
        limit: usize,
    ) -> Result<Vec<Stored>, NotPassed> {
        let client_id = ClientId::new(CLIENT);
        let key = after.map(|stored| &stored.record.connection.key);
        Ok(match self {
            List::Client => store.of_client(&client_id, key, limit).await?,
            List::Event(event) => {
                let event_id = EventId::new(event);
                store.of_event(&client_id, &event_id, key, limit).await?
            }
            List::Due(before) => {
                let cursor = after.map(DueCursor::of);
                store.due(&client_id, before, cursor.as_ref(), limit).await?
            }
        })
    }

    /// Reads all pages of this size.
    async fn walk(self, store: &dyn TokenStore, size: usize) -> Result<Vec<Stored>, NotPassed> {
        let mut all: Vec<Stored> = Vec::new();
        for _ in 0..=MANY {
            let page = self.page(store, all.last(), size).await?;
            if page.len() > size {
                return fail(format!("a page of at most {size} has {} records", page.len()));
            }
            if let Some(cursor) = all.last()
                && let Some(key) = common(&all, &page)
            {
                return fail(format!(
                    "a record is on two pages: {} is again on the page behind the cursor {} (pages of {size})",
                    show::key(key),
                    show::key(&cursor.record.connection.key)
                ));
            }
            let is_last = page.len() < size;
            all.extend(page);
            if is_last {
                let behind = self.page(store, all.last(), size).await?;
                same("the page after the last one", keys(&behind), vec![])?;
                return Ok(all);
            }
        }
        fail("the pages do not end")
    }
}

/// The key of a record that is in both lists.
fn common<'a>(one: &[Stored], other: &'a [Stored]) -> Option<&'a ConnectionKey> {
    let key = |stored: &'a Stored| &stored.record.connection.key;
    let listed: HashSet<_> = one.iter().map(|stored| &stored.record.connection.key).collect();
    other.iter().map(key).find(|key| listed.contains(key))
}

fn keys(list: &[Stored]) -> Vec<String> {
    list.iter()
        .map(|stored| stored.record.connection.key.to_string())
        .collect()
}

fn ending(key: ConnectionKey, at: Timestamp) -> Record {
    let mut record = of_key(key);
    record.connection.refresh_expires_at = at;
    record
}

fn installation(event: &str) -> ConnectionKey {
    ConnectionKey::installation(CLIENT.into(), event.into())
}

fn user(event: &str, user: &str) -> ConnectionKey {
    ConnectionKey::user(CLIENT.into(), event.into(), user.into())
}

async fn create_all(store: &dyn TokenStore, records: Vec<Record>) -> CheckResult {
    for record in records {
        created(store, &record).await?;
    }
    Ok(())
}

/// Reads pages of several sizes and compares them with the expected records.
async fn pages_are(
    store: &dyn TokenStore,
    what: &str,
    list: List<'_>,
    expected: &[ConnectionKey],
) -> CheckResult {
    let mut records = Vec::new();
    for key in expected {
        records.push(loaded(store, key).await?);
    }
    for size in [1, 2, 3, expected.len(), expected.len() + 1, usize::MAX] {
        let size = size.max(1);
        let came = list.walk(store, size).await?;
        same(
            &format!("{what} in pages of {size}, in order"),
            keys(&came),
            keys(&records),
        )?;
        same(&format!("{what} in pages of {size}"), &came, &records)?;
    }
    same(
        &format!("a page of {what} with the limit 0"),
        list.page(store, None, 0).await?,
        vec![],
    )
}

pub(super) async fn t7_foreign_rows_crowd_nothing_out_of_what_is_due(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let foreign = (0..20_u32).map(|number| {
        let client = if number % 2 == 0 { "clt_tes" } else { "clt_test2" };
        let key = ConnectionKey::installation(client.into(), format!("evt_{number}").into());
        ending(key, NOW.saturating_add(TICK * number))
    });
    create_all(&*store, foreign.collect()).await?;
    let ours = ["evt_c", "evt_a", "evt_b"].map(installation);
    let records = ours.iter().zip(0..).map(|(key, number)| {
        let at = NOW.saturating_add(DAY + TICK * number);
        ending(key.clone(), at)
    });
    create_all(&*store, records.collect()).await?;
    pages_are(
        &*store,
        "the due records of one of three integrations",
        List::Due(Timestamp::MAX),
        &ours,
    )
    .await
}

pub(super) async fn t7_equal_expiries_are_each_listed_once(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let equal = ["evt_3", "evt_1", "evt_5", "evt_2", "evt_4"].map(installation);
    let records = equal.iter().map(|key| ending(key.clone(), NOW));
    create_all(&*store, records.collect()).await?;
    create_all(
        &*store,
        vec![
            ending(installation("evt_0"), NOW.saturating_add(TICK)),
            ending(installation("evt_6"), NOW.saturating_sub(TICK)),
        ],
    )
    .await?;
    let order = ["evt_6", "evt_1", "evt_2", "evt_3", "evt_4", "evt_5", "evt_0"].map(installation);
    pages_are(
        &*store,
        "the due records, five of them with the same expiry,",
        List::Due(Timestamp::MAX),
        &order,
    )
    .await
}

pub(super) async fn k6_lists_are_in_the_order_of_their_keys(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    // The order of the ids and that of the keys' texts differ: `!` sorts before `/`, and `/` is escaped.
    let mut all = [
        installation("evt"),
        user("evt", "usr_2"),
        user("evt", "usr_1"),
        user("evt", ""),
        user("evt", "\u{1f39f}"),
        installation("evt!"),
        user("evt!", "usr_1"),
        installation("evt/"),
        installation("Evt"),
        installation(""),
        user("", "usr"),
        // In the order of the ids `a.b` is before `a/b`; in that of the texts behind it, because `/` is `%2F` there.
        user("evt", "a.b"),
        user("evt", "a/b"),
        // Capital letters are before small ones.
        installation("Zed"),
        user("evt", "Usr_1"),
    ];
    create_all(&*store, all.iter().map(|key| of_key(key.clone())).collect()).await?;
    let foreign = ConnectionKey::installation("clt_tes".into(), "evt".into());
    created(&*store, &of_key(foreign)).await?;
    all.sort_by_cached_key(ConnectionKey::to_string);
    pages_are(&*store, "an integration's records", List::Client, &all).await?;
    for event in ["evt", "evt!", "", "evt_0"] {
        let of_event: Vec<_> = all
            .iter()
            .filter(|key| key.event_id.as_str() == event)
            .cloned()
            .collect();
        pages_are(&*store, "an event's records", List::Event(event), &of_event).await?;
    }
    Ok(())
}

pub(super) async fn k6_a_thousand_records_are_all_listed(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let name = |number: usize| user("evt", &format!("usr_{number:04}"));
    in_batches(MANY, |number| {
        let mut record = ending(name(number), NOW);
        record.tokens = Some(Sealed::from_bytes(vec![b't'; LARGE]));
        let store = subject.store();
        async move { store.create(&record).await.map(drop) }
    })
    .await?;
    let expected: Vec<_> = (0..MANY).map(|number| name(number).to_string()).collect();
    let store = subject.store();
    for (what, list) in [
        ("of an integration", List::Client),
        ("of an event", List::Event("evt")),
        ("that are due", List::Due(Timestamp::MAX)),
    ] {
        for size in [250, usize::MAX] {
            let came = keys(&list.walk(&*store, size).await?);
            same(
                &format!("how many of {MANY} records {what} are listed in pages of {size}"),
                came.len(),
                MANY,
            )?;
            if came != expected {
                return fail(format!(
                    "the {MANY} records {what} are not in order in pages of {size}"
                ));
            }
        }
    }
    Ok(())
}

pub(super) async fn t7_what_is_due_survives_changes_between_pages(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let names = ["evt_1", "evt_2", "evt_3", "evt_4", "evt_5", "evt_6"];
    let time = |halves: u32| NOW.saturating_add(TICK * halves);
    let records = names
        .iter()
        .zip(1..)
        .map(|(event, place)| ending(installation(event), time(place * 2)));
    create_all(&*store, records.collect()).await?;
    let due = List::Due(time(100));
    let first = due.page(&*store, None, 2).await?;
    same("the first page", keys(&first), keys_of(&["evt_1", "evt_2"]))?;

    // The record that the cursor names is gone, two leave their places, and one is not due any more.
    store.remove(&installation("evt_2")).await?;
    for (event, halves) in [("evt_1", 9), ("evt_3", 200), ("evt_4", 11)] {
        let stored = loaded(&*store, &installation(event)).await?;
        let moved = ending(installation(event), time(halves));
        swapped(&*store, stored.version, &moved, None).await?;
    }
    let second = due.page(&*store, first.last(), 2).await?;
    same("the second page", keys(&second), keys_of(&["evt_1", "evt_5"]))?;
    let third = due.page(&*store, second.last(), 2).await?;
    same("the third page", keys(&third), keys_of(&["evt_4", "evt_6"]))?;
    let end = due.page(&*store, third.last(), 2).await?;
    same("the page behind it", keys(&end), vec![])
}

pub(super) async fn k6_a_list_survives_changes_between_pages(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    create_all(&*store, ["b", "d", "f", "h", "j"].map(record).to_vec()).await?;
    let first = List::Client.page(&*store, None, 2).await?;
    same("the first page", keys(&first), keys_of(&["b", "d"]))?;

    store.remove(&installation("d")).await?;
    store.remove(&installation("h")).await?;
    create_all(&*store, ["a", "e"].map(record).to_vec()).await?;
    let stored = loaded(&*store, &installation("f")).await?;
    swapped(&*store, stored.version, &record("f"), None).await?;
    let second = List::Client.page(&*store, first.last(), 2).await?;
    same("the second page", keys(&second), keys_of(&["e", "f"]))?;
    let third = List::Client.page(&*store, second.last(), 2).await?;
    same("the third page", keys(&third), keys_of(&["j"]))
}

fn keys_of(events: &[&str]) -> Vec<String> {
    events
        .iter()
        .map(|event| installation(event).to_string())
        .collect()
}
