//! Checks of the list of connections to refresh soon.

use revento_core::{ConnectionStatus, Timestamp};
use revento_store::{Record, TokenStore};

use super::sample::{DAY, NOW, TICK, created, key, loaded, record, renewed, swapped};
use crate::{check::SharedSubject, expect::same, subject::CheckResult};

fn ending(event: &str, at: Timestamp) -> Record {
    let mut record = record(event);
    record.connection.refresh_expires_at = at;
    record
}

async fn due(
    store: &dyn TokenStore,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<String>, crate::expect::NotPassed> {
    let due = store.due(&"clt_test".into(), before, None, limit).await?;
    Ok(due
        .into_iter()
        .map(|stored| stored.record.connection.key.event_id.to_string())
        .collect())
}

pub(super) async fn t7_due_is_soonest_first_and_ends_before_its_limit(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    same("an empty store", due(&*store, Timestamp::MAX, 10).await?, vec![])?;
    let ancient = Timestamp::UNIX_EPOCH.saturating_sub(DAY * 365);
    let far = NOW.saturating_add(DAY * 36_500);
    let order = [
        ("evt_f", ancient),
        ("evt_c", Timestamp::UNIX_EPOCH),
        ("evt_e", NOW.saturating_sub(TICK)),
        ("evt_a", NOW),
        ("evt_d", NOW.saturating_add(TICK)),
        ("evt_b", far),
    ];
    for index in [3, 0, 5, 1, 4, 2] {
        let (event, at) = order[index];
        created(&*store, &ending(event, at)).await?;
    }
    let first = |count: usize| {
        order
            .iter()
            .take(count)
            .map(|(event, _)| (*event).to_owned())
            .collect::<Vec<_>>()
    };
    same(
        "all, soonest first",
        due(&*store, Timestamp::MAX, 10).await?,
        first(6),
    )?;
    same(
        "the records that expire before now (not at now)",
        due(&*store, NOW, 10).await?,
        first(3),
    )?;
    same(
        "the records that expire before a microsecond after now",
        due(&*store, NOW.saturating_add(TICK), 10).await?,
        first(4),
    )?;
    same(
        "the records that expire before the first one",
        due(&*store, ancient, 10).await?,
        vec![],
    )?;
    for limit in 0..7 {
        same(
            &format!("at most {limit}"),
            due(&*store, Timestamp::MAX, limit).await?,
            first(limit),
        )?;
    }
    same(
        "no limit to speak of",
        due(&*store, Timestamp::MAX, usize::MAX).await?,
        first(6),
    )?;
    let whole = store.due(&"clt_test".into(), NOW, None, 1).await?;
    same(
        "the due records are complete",
        whole,
        vec![loaded(&*store, &key("evt_f")).await?],
    )
}

pub(super) async fn t7_due_lists_live_connections_only(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let mut statuses = ConnectionStatus::KNOWN.to_vec();
    statuses.extend(["paused", "CONNECTED", "connected ", "in-doubt", ""].map(Into::into));
    statuses.reverse(); // The live ones end last, behind those that do not count.
    let mut live = Vec::new();
    for (index, status) in statuses.into_iter().enumerate() {
        let event = format!("evt_{index}");
        let mut record = ending(
            &event,
            NOW.saturating_add(TICK * u32::try_from(index).unwrap_or(0)),
        );
        record.connection.status = status;
        if record.connection.status.is_live() {
            live.push(event);
        }
        created(&*store, &record).await?;
    }
    same(
        "the live ones",
        due(&*store, Timestamp::MAX, 100).await?,
        live.clone(),
    )?;
    // Ended ones do not use up the limit either.
    same(
        "as many as there are live ones",
        due(&*store, Timestamp::MAX, live.len()).await?,
        live,
    )
}

pub(super) async fn t7_due_follows_every_change(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let store = subject.store();
    let soon = ending("evt_1", NOW);
    let version = created(&*store, &soon).await?;
    created(&*store, &ending("evt_2", NOW.saturating_add(DAY))).await?;
    let horizon = NOW.saturating_add(DAY * 2);
    same(
        "before",
        due(&*store, horizon, 10).await?,
        vec!["evt_1".into(), "evt_2".into()],
    )?;

    let mut later = renewed(&soon);
    later.connection.refresh_expires_at = NOW.saturating_add(DAY * 90);
    let version = swapped(&*store, version, &later, None).await?;
    same(
        "after a refresh",
        due(&*store, horizon, 10).await?,
        vec!["evt_2".into()],
    )?;
    let all = due(&*store, Timestamp::MAX, 10).await?;
    same("after a refresh, all", all, vec!["evt_2".into(), "evt_1".into()])?;

    let mut ended = later.clone();
    ended.connection.status = ConnectionStatus::NeedsConsent;
    ended.tokens = None;
    let version = swapped(&*store, version, &ended, None).await?;
    same(
        "after its end",
        due(&*store, Timestamp::MAX, 10).await?,
        vec!["evt_2".into()],
    )?;

    swapped(&*store, version, &renewed(&soon), None).await?;
    same(
        "after a new consent",
        due(&*store, horizon, 10).await?,
        vec!["evt_1".into(), "evt_2".into()],
    )?;
    store.remove(&key("evt_1")).await?;
    same(
        "after its removal",
        due(&*store, horizon, 10).await?,
        vec!["evt_2".into()],
    )
}
