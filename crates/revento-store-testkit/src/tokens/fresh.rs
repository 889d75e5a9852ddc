//! Checks that every replica reads at once what another one has written.

use revento_core::Timestamp;
use revento_store::{ClaimOutcome, CreateOutcome, Stored, SwapOutcome, TokenStore};

use super::sample::{NOW, claim, created, end_of, granted, key, marked, record, renewed, swapped};
use crate::{
    check::{Handles, SharedSubject},
    expect::{Failures, fail, same, same_list},
    subject::CheckResult,
};

/// Reads the record in every way, and fails unless each has it as it is, or none has it.
async fn reads(store: &dyn TokenStore, after: &str, expected: Option<&Stored>) -> CheckResult {
    let (client, event) = ("clt_test".into(), "evt_1".into());
    let loaded = store.load(&key("evt_1")).await?;
    let lists = [
        ("load", loaded.into_iter().collect()),
        ("of_event", store.of_event(&client, &event, None, 9).await?),
        ("of_client", store.of_client(&client, None, 9).await?),
        ("due", store.due(&client, Timestamp::MAX, None, 9).await?),
    ];
    let expected: Vec<Stored> = expected.into_iter().cloned().collect();
    let mut failures = Failures::new();
    for (read, came) in lists {
        let what = format!("what {read} gives at once after {after}");
        failures.add(same_list(&what, &came, &expected));
    }
    failures.end()
}

/// The handles take turns, so that each has read everything that the other one changes.
pub(super) async fn k24_replicas_read_at_once_what_another_wrote(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let (ours, theirs) = (subject.store(), subject.replica().await?);
    let all_read =
        async |(writer, other): Handles<'_, dyn TokenStore>, after: &str, expected: Option<&Stored>| {
            for (whose, store) in [("its own", writer), ("another replica's", other)] {
                reads(store, &format!("{whose} {after}"), expected).await?;
            }
            CheckResult::Ok(())
        };
    all_read((&*ours, &*theirs), "opening", None).await?;
    for (writer, reader) in [(&*ours, &*theirs), (&*theirs, &*ours), (&*ours, &*theirs)] {
        let mut stored = Stored {
            version: created(writer, &record("evt_1")).await?,
            record: record("evt_1"),
        };
        all_read((writer, reader), "create", Some(&stored)).await?;
        let again = reader.create(&record("evt_1")).await?;
        same("a second create", again, CreateOutcome::AlreadyExists)?;

        let stale = stored.version;
        stored.record = marked(&stored.record, 1);
        stored.version = swapped(writer, stored.version, &stored.record, None).await?;
        let late = reader.compare_and_swap(stale, &record("evt_1"), None).await?;
        same("a swap of the version before", late, SwapOutcome::Conflict)?;
        let late = claim(reader, &key("evt_1"), stale, NOW).await?;
        same(
            "a claim on the version before",
            late,
            ClaimOutcome::VersionChanged,
        )?;

        let (fence, _) = granted(writer, &key("evt_1"), stored.version, NOW).await?;
        let held = claim(reader, &key("evt_1"), stored.version, NOW).await?;
        same("a second claim", held, ClaimOutcome::Held { until: end_of(NOW) })?;
        writer.release(&key("evt_1"), fence).await?;
        let (fence, _) = granted(reader, &key("evt_1"), stored.version, NOW).await?;
        all_read((reader, writer), "claim", Some(&stored)).await?;
        stored.record = renewed(&stored.record);
        stored.version = swapped(writer, stored.version, &stored.record, Some(fence)).await?;
        all_read((writer, reader), "fenced compare_and_swap", Some(&stored)).await?;
        if let ClaimOutcome::Held { .. } = claim(reader, &key("evt_1"), stored.version, NOW).await? {
            return fail("the claim that another replica's fenced swap ended is still held");
        }
        writer.remove(&key("evt_1")).await?;
        all_read((writer, reader), "remove", None).await?;
        let late = reader
            .compare_and_swap(stored.version, &stored.record, None)
            .await?;
        same("a swap after the removal", late, SwapOutcome::Conflict)?;
    }
    Ok(())
}
