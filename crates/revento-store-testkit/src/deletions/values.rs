//! Checks that duties come back unchanged, whatever texts and times they have.

use revento_core::Timestamp;
use revento_store::{DeletionDuty, DeletionStore};

use super::sample::{are_open, days, duty, proof, record_all};
use crate::{
    check::SharedSubject,
    expect::{Failures, fail, same},
    race::in_batches,
    show::quoted,
    subject::CheckResult,
    texts,
};

/// In their order. The order of their texts is another one.
const TIMES: [i64; 12] = [
    i64::MIN,
    -62_135_596_800_000_000,
    -10,
    -9,
    -1,
    0,
    9,
    10,
    2_000_000,
    2_147_483_648_000_001,
    4_102_444_800_123_456,
    i64::MAX,
];

fn time(number: usize) -> Timestamp {
    Timestamp::from_unix_micros(TIMES[number % TIMES.len()])
}

/// A duty with one text in every field but its id.
fn with_text(id: &str, text: &str, number: usize) -> DeletionDuty {
    DeletionDuty {
        envelope_id: id.into(),
        event_id: Some(text.into()),
        organization_id: Some(text.into()),
        occurred_at: time(number),
        deadline_at: time(number),
        reason: Some(text.to_owned()),
        reminded_at: Some(time(number)),
        done: None,
    }
}

/// Compares the texts first, each by itself, so that a failure names the field.
fn unchanged(how: &str, came: Option<&DeletionDuty>, sent: &DeletionDuty) -> CheckResult {
    let id = quoted(sent.envelope_id.as_str());
    let Some(came) = came else {
        return fail(format!("the duty {id} is gone {how}"));
    };
    let texts = |duty: &DeletionDuty| {
        [
            Some(duty.envelope_id.to_string()),
            duty.event_id.as_ref().map(|id| id.as_str().to_owned()),
            duty.organization_id.as_ref().map(|id| id.as_str().to_owned()),
            duty.reason.clone(),
            duty.done.as_ref().map(|proof| proof.note.clone()),
        ]
    };
    let names = [
        "envelope id",
        "event id",
        "organization id",
        "reason",
        "proof's note",
    ];
    let mut failures = Failures::new();
    for ((name, came), sent) in names.iter().zip(texts(came)).zip(texts(sent)) {
        let what = format!("the {name} of a duty {how}");
        failures.add(texts::survives(&what, came.as_deref(), sent.as_deref()));
    }
    failures.end()?;
    same(&format!("the rest of the duty {id} {how}"), came, sent)
}

/// Records a duty, lists it, and closes it with another text.
async fn survive(store: &dyn DeletionStore, sent: DeletionDuty, note: &str) -> CheckResult {
    record_all(store, [sent.clone()]).await?;
    let id = &sent.envelope_id;
    unchanged("after its record", store.duty(id).await?.as_ref(), &sent)?;
    unchanged("in the list", store.open_duties(1).await?.first(), &sent)?;
    let proof = proof(sent.occurred_at, note);
    let marked = store.mark_deleted(id, &proof).await?;
    same(
        &format!("the answer to closing {}", quoted(id.as_str())),
        marked,
        true,
    )?;
    let done = DeletionDuty {
        done: Some(proof),
        ..sent.clone()
    };
    unchanged("after its end", store.duty(id).await?.as_ref(), &done)
}

pub(super) async fn k8_texts_survive_in_every_field(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    let mut failures = Failures::new();
    for (number, (text, note)) in texts::ODD.iter().zip(texts::ODD.iter().rev()).enumerate() {
        failures.add(survive(&*store, with_text(text, text, number), note).await);
    }
    for (number, text) in texts::long().iter().enumerate() {
        let sent = with_text(&format!("env_{number}"), text, number);
        failures.add(survive(&*store, sent, text).await);
    }
    failures.end()
}

pub(super) async fn q17_deadlines_are_in_order_to_both_ends_of_time(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    // The later ones first, under ids whose order is that of the record.
    let duties = TIMES
        .iter()
        .rev()
        .enumerate()
        .map(|(number, micros)| DeletionDuty {
            deadline_at: Timestamp::from_unix_micros(*micros),
            ..duty(&format!("{number:02}"))
        });
    record_all(&*store, duties.collect::<Vec<_>>()).await?;
    for limit in [1, TIMES.len(), usize::MAX] {
        let open = store.open_duties(limit).await?;
        let came: Vec<i64> = open.iter().map(|duty| duty.deadline_at.unix_micros()).collect();
        let expected: Vec<i64> = TIMES.iter().take(limit).copied().collect();
        same(
            &format!("the deadlines of at most {limit} duties"),
            came,
            expected,
        )?;
    }
    Ok(())
}

pub(super) async fn q17_hundreds_of_open_duties_are_all_listed(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    /// More than a page usually has. Each is a transaction of its own in many stores, so there are no more of them.
    const MANY: usize = 257;
    in_batches(MANY, |number| {
        let (store, duty) = (subject.store(), duty(&format!("{number:04}")));
        async move { store.record(&duty).await.map(drop) }
    })
    .await?;
    let open = subject.store().open_duties(usize::MAX).await?;
    same("how many open duties are listed", open.len(), MANY)?;
    let is_sorted = open.is_sorted_by(|one, other| one.envelope_id < other.envelope_id);
    same("whether they are in the order of their ids", is_sorted, true)
}

/// All have the same deadline, so they are in the order of their ids' bytes.
async fn are_listed(store: &dyn DeletionStore, ids: &[&str]) -> CheckResult {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    let open = store.open_duties(usize::MAX).await?;
    let came: Vec<_> = open.iter().map(|duty| duty.envelope_id.as_str()).collect();
    same("the open duties, in the order of their bytes", came, ids)
}

pub(super) async fn k8_no_call_touches_a_duty_that_looks_alike(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    let of = |id: &str| DeletionDuty {
        envelope_id: id.into(),
        reason: Some(quoted(id)),
        ..duty("1")
    };
    for id in texts::ALIKE {
        let before = store.duty(&(*id).into()).await?;
        same(
            &format!("the duty {} before its record", quoted(id)),
            before,
            None,
        )?;
        record_all(&*store, [of(id)]).await?;
    }
    are_listed(&*store, texts::ALIKE).await?;
    for id in texts::ALIKE {
        unchanged(
            "after reminders of others",
            store.duty(&(*id).into()).await?.as_ref(),
            &of(id),
        )?;
        let reminded = store.mark_reminded(&(*id).into(), days(1)).await?;
        same(
            &format!("the answer to a reminder of {}", quoted(id)),
            reminded,
            true,
        )?;
    }
    for (number, id) in texts::ALIKE.iter().enumerate() {
        let reminded = DeletionDuty {
            reminded_at: Some(days(1)),
            ..of(id)
        };
        let came = store.duty(&(*id).into()).await?;
        unchanged("after the end of others", came.as_ref(), &reminded)?;
        let marked = store.mark_deleted(&(*id).into(), &proof(days(2), id)).await?;
        same(&format!("the answer to closing {}", quoted(id)), marked, true)?;
        are_listed(&*store, &texts::ALIKE[number + 1..]).await?;
    }
    are_open(&*store, "the open duties at last", &[]).await
}
