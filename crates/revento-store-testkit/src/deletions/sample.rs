//! Duties for the checks, and steps that several checks share.

use std::time::Duration;

use revento_core::Timestamp;
use revento_store::{DeletionDuty, DeletionProof, DeletionStore};

use crate::{expect::same, show, subject::CheckResult};

/// 2026-05-09T14:22:31.000001Z; far from the clock of any machine that runs the checks.
const ENDED: Timestamp = Timestamp::from_unix_micros(1_778_336_551_000_001);
const DAY: Duration = Duration::from_secs(86_400);

/// A duty with every optional field, due 30 days after the connection ended.
pub(super) fn duty(id: &str) -> DeletionDuty {
    DeletionDuty {
        envelope_id: format!("env_{id}").into(),
        event_id: Some("evt_1".into()),
        organization_id: Some("org_1".into()),
        occurred_at: ENDED,
        deadline_at: days(30),
        reason: Some("archived".to_owned()),
        reminded_at: None,
        done: None,
    }
}

pub(super) fn due(id: &str, deadline_at: Timestamp) -> DeletionDuty {
    DeletionDuty {
        deadline_at,
        ..duty(id)
    }
}

/// The time this many days after the connection ended.
pub(super) fn days(count: u32) -> Timestamp {
    ENDED.saturating_add(DAY * count)
}

pub(super) fn proof(at: Timestamp, note: &str) -> DeletionProof {
    DeletionProof {
        at,
        note: note.to_owned(),
    }
}

/// Records duties, and fails unless each is new.
pub(super) async fn record_all(
    store: &dyn DeletionStore,
    duties: impl IntoIterator<Item = DeletionDuty>,
) -> CheckResult {
    for duty in duties {
        let what = format!(
            "the answer to the record of {}",
            show::quoted(duty.envelope_id.as_str())
        );
        same(&what, store.record(&duty).await?, true)?;
    }
    Ok(())
}

/// Fails unless the stored duty equals the expected one.
pub(super) async fn is(store: &dyn DeletionStore, expected: &DeletionDuty) -> CheckResult {
    let came = store.duty(&expected.envelope_id).await?;
    let what = format!("the duty {}", show::quoted(expected.envelope_id.as_str()));
    same(&what, came.as_ref(), Some(expected))
}

/// Fails unless these duties are open, in this order.
pub(super) async fn are_open(store: &dyn DeletionStore, what: &str, ids: &[&str]) -> CheckResult {
    let open = store.open_duties(100).await?;
    let came: Vec<_> = open.iter().map(|duty| duty.envelope_id.to_string()).collect();
    same(what, came, ids.iter().map(|id| format!("env_{id}")).collect())
}
