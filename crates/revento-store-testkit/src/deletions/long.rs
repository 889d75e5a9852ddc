//! Checks of ids that no index entry can hold.

use revento_store::{DeletionDuty, DeletionStore};

use super::sample::{days, duty, proof};
use crate::{check::SharedSubject, expect::same, long, subject::CheckResult};

pub(super) async fn h25_ids_of_any_length_are_kept_and_listed(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    let duties = long::ids().map(|id| DeletionDuty {
        envelope_id: id.as_str().into(),
        event_id: Some(id.as_str().into()),
        ..duty("1")
    });
    for duty in &duties {
        let what = long::name(duty.envelope_id.as_str());
        same(&format!("the record of {what}"), store.record(duty).await?, true)?;
        same(
            &format!("the second record of {what}"),
            store.record(duty).await?,
            false,
        )?;
    }
    for duty in &duties {
        let came = store.duty(&duty.envelope_id).await?;
        same(
            "whether a duty with a long id comes back",
            came.as_ref() == Some(duty),
            true,
        )?;
        let reminded = store.mark_reminded(&duty.envelope_id, days(1)).await?;
        same("the answer to a reminder", reminded, true)?;
    }
    same(
        "how many duties are open",
        store.open_duties(9).await?.len(),
        duties.len(),
    )?;
    for duty in &duties {
        let marked = store
            .mark_deleted(&duty.envelope_id, &proof(days(2), "3 rows"))
            .await?;
        same("the answer to a deletion", marked, true)?;
    }
    same(
        "how many duties are open at last",
        store.open_duties(9).await?.len(),
        0,
    )
}
