//! Checks of ids that no index entry can hold.

use revento_store::{DeletionDuty, DeletionStore};

use super::sample::{days, duty, is, proof};
use crate::{
    check::SharedSubject,
    expect::{Failures, same},
    long,
    subject::CheckResult,
};

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
    let mut failures = Failures::new();
    for duty in &duties {
        failures.add(is(&*store, duty).await);
        let reminded = store.mark_reminded(&duty.envelope_id, days(1)).await?;
        failures.same("the answer to a reminder", reminded, true);
    }
    let open = store.open_duties(9).await?;
    failures.same("how many duties are open", open.len(), duties.len());
    for duty in &duties {
        let proof = proof(days(2), "3 rows");
        let marked = store.mark_deleted(&duty.envelope_id, &proof).await?;
        failures.same("the answer to a deletion", marked, true);
    }
    let open = store.open_duties(9).await?;
    failures.same("how many duties are open at last", open.len(), 0);
    failures.end()
}
