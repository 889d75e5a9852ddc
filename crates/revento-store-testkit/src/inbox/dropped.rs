//! Checks of calls that are dropped before they complete.

use revento_store::InboxStore;

use super::sample::{NOW, minutes, ordered};
use crate::{
    check::SharedSubject,
    dropped::{DROPS, drop_after, moment},
    expect::{fail, same},
    subject::CheckResult,
};

pub(super) async fn q2_a_dropped_call_loses_and_blocks_nothing(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let (store, other) = (subject.store(), subject.replica().await?);
    let id = |number: u32| format!("{number:02}");
    for number in 1..=DROPS {
        drop_after(moment(number), store.insert(&ordered(&id(number), "app_1"))).await?;
        other.insert(&ordered(&id(number), "app_1")).await?;
        drop_after(moment(number), store.lease(NOW, minutes(1), 1)).await?;
        drop_after(moment(number), store.next_due()).await?;
    }
    for number in 1..=DROPS {
        // A dropped lease may have been taken, and a late one may take it from under us: try again.
        let mut tries = 0;
        loop {
            let leased = other.lease(minutes(1), minutes(2), 10).await?;
            if let [delivery] = leased.as_slice() {
                same(
                    "the next of the key",
                    delivery.lease.envelope_id.to_string(),
                    format!("env_{}", id(number)),
                )?;
                if other.complete(&delivery.lease, minutes(1)).await? {
                    break;
                }
            }
            tries += 1;
            if tries > 10 {
                return fail(format!(
                    "env_{} cannot be handled: {} deliveries were leased at the end",
                    id(number),
                    leased.len()
                ));
            }
        }
    }
    same("when the next is due", other.next_due().await?, None)
}
