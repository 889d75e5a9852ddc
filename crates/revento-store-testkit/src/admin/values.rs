//! Checks that what operators read has the same texts and numbers as what was stored.

use revento_core::{EventType, Timestamp};
use revento_store::{
    DeliveryDetails, DeliveryState, InboxAdmin, NewDelivery, Sealed, SealedDelivery, TypeFailures,
};

use crate::{
    check::{Handles, SharedSubject},
    expect::{Failures, fail, same},
    inbox::sample::{NOW, answered, delivery, insert_all, minutes, one},
    race::in_batches,
    show::quoted,
    subject::CheckResult,
    texts,
};

fn with_text(text: &str) -> NewDelivery {
    NewDelivery {
        envelope_id: text.into(),
        delivery_id: text.into(),
        event_type: EventType::from(text),
        body: Sealed::from_bytes(quoted(text).into_bytes()),
        ..delivery("1")
    }
}

/// Inserts a delivery that fails once, and reads its details.
async fn survive(store: &dyn InboxAdmin, sent: &NewDelivery, text: &str) -> CheckResult {
    insert_all(store, [sent.clone()]).await?;
    let leased = one(store, NOW).await?;
    answered(
        "giving it back",
        store.retry(&leased.lease, minutes(9), text).await?,
        true,
    )?;
    let Some(details) = store.details(&sent.envelope_id).await? else {
        return fail(format!(
            "the delivery {} is not known",
            quoted(sent.envelope_id.as_str())
        ));
    };
    let fields = [
        (
            "envelope id",
            details.envelope_id.as_str(),
            sent.envelope_id.as_str(),
        ),
        (
            "delivery id",
            details.delivery_id.as_str(),
            sent.delivery_id.as_str(),
        ),
        ("type", details.event_type.as_str(), sent.event_type.as_str()),
        ("error", &details.error, text),
    ];
    let mut failures = Failures::new();
    for (field, came, sent) in fields {
        failures.add(texts::survives(
            &format!("the {field} in details"),
            Some(came),
            Some(sent),
        ));
    }
    failures.end()
}

pub(super) async fn texts_are_read_as_they_were_stored(
    subject: SharedSubject<dyn InboxAdmin>,
) -> CheckResult {
    let store = subject.store();
    let mut failures = Failures::new();
    for text in texts::ALIKE {
        failures.add(survive(&*store, &with_text(text), text).await);
    }
    for (number, text) in texts::long().iter().enumerate() {
        let sent = NewDelivery {
            event_type: EventType::from(text.as_str()),
            ..delivery(&number.to_string())
        };
        failures.add(survive(&*store, &sent, text).await);
    }
    let sealed = store.sealed(None, usize::MAX).await?;
    for text in texts::ALIKE {
        let of_id = sealed.iter().find(|one| one.envelope_id.as_str() == *text);
        let expected = SealedDelivery {
            envelope_id: (*text).into(),
            body: with_text(text).body,
            error: (*text).to_owned(),
        };
        failures.same(
            &format!("what is sealed of {}", quoted(text)),
            of_id,
            Some(&expected),
        );
    }
    let stats = store.stats(NOW, NOW).await?;
    let mut types: Vec<String> = texts::ALIKE.iter().map(|text| (*text).to_owned()).collect();
    types.extend(texts::long());
    types.sort_unstable();
    let expected: Vec<_> = types
        .iter()
        .map(|event_type| TypeFailures {
            event_type: EventType::from(event_type.as_str()),
            retrying: 1,
            buried: 0,
        })
        .collect();
    failures.same(
        "the failures of each type, in the order of its bytes",
        stats.failures,
        expected,
    );
    failures.end()
}

/// Fails unless only the named delivery has these bytes instead of its first ones.
async fn are_sealed(store: &dyn InboxAdmin, resealed: &[&str]) -> CheckResult {
    let sealed = store.sealed(None, usize::MAX).await?;
    let mut failures = Failures::new();
    for id in texts::ALIKE {
        let expected = if resealed.contains(id) {
            again(id).body
        } else {
            with_text(id).body
        };
        let body = sealed.iter().find(|one| one.envelope_id.as_str() == *id);
        let body = body.map(|one| one.body.as_bytes());
        let what = format!("the body of {} after others were sealed again", quoted(id));
        failures.same(&what, body, Some(expected.as_bytes()));
    }
    failures.end()
}

fn sealed(id: &str) -> SealedDelivery {
    SealedDelivery {
        envelope_id: id.into(),
        body: with_text(id).body,
        error: String::new(),
    }
}

fn again(id: &str) -> SealedDelivery {
    SealedDelivery {
        body: Sealed::from_bytes(format!("again {}", quoted(id)).into_bytes()),
        ..sealed(id)
    }
}

pub(super) async fn no_call_touches_a_delivery_that_looks_alike(
    subject: SharedSubject<dyn InboxAdmin>,
) -> CheckResult {
    let store = subject.store();
    for id in texts::ALIKE {
        same(
            &format!("the details of {}", quoted(id)),
            store.details(&(*id).into()).await?,
            None,
        )?;
        insert_all(&*store, [with_text(id)]).await?;
    }
    for (number, id) in texts::ALIKE.iter().enumerate() {
        let resealed = store.reseal(&sealed(id), &again(id)).await?;
        answered(&format!("sealing {} again", quoted(id)), resealed, true)?;
        are_sealed(&*store, &texts::ALIKE[..=number]).await?;
    }
    // Bytes that only look like those that are stored, and the same bytes once more.
    let one = again("a");
    let body = |text: &str| SealedDelivery {
        body: Sealed::from_bytes(text.as_bytes()),
        ..one.clone()
    };
    let error = |text: &str| SealedDelivery {
        error: text.to_owned(),
        ..one.clone()
    };
    for other in [
        body("AGAIN \"a\""),
        body("again \"a\" "),
        body("again \"a\"\0"),
        body("again"),
        error(" "),
        error("\0"),
    ] {
        let resealed = store.reseal(&other, &sealed("a")).await?;
        answered("sealing again what has other bytes", resealed, false)?;
    }
    answered(
        "sealing it again to the same bytes",
        store.reseal(&one, &one).await?,
        true,
    )
}

pub(super) async fn all_of_a_thousand_bodies_are_listed(
    subject: SharedSubject<dyn InboxAdmin>,
) -> CheckResult {
    /// More than the default limits of engines and drivers.
    const MANY: usize = 1001;
    in_batches(MANY, |number| {
        let (store, delivery) = (subject.store(), delivery(&number.to_string()));
        async move { store.insert(&delivery).await.map(drop) }
    })
    .await?;
    let store = subject.store();
    let listed = store.sealed(None, usize::MAX).await?;
    same("how many bodies are listed", listed.len(), MANY)?;
    same(
        "how many deliveries are due",
        store.stats(NOW, NOW).await?.due,
        MANY as u64,
    )
}

pub(super) async fn times_are_counted_to_both_ends(subject: SharedSubject<dyn InboxAdmin>) -> CheckResult {
    let store = subject.store();
    let (first, last) = (Timestamp::from_unix_micros(i64::MIN), Timestamp::MAX);
    for (id, received_at) in [("first", first), ("now", NOW), ("last", last)] {
        let new = NewDelivery {
            received_at,
            occurred_at: received_at,
            ..delivery(id)
        };
        insert_all(&*store, [new]).await?;
        let details = store.details(&format!("env_{id}").into()).await?;
        let times = details.map(|details| (details.at, details.occurred_at, details.received_at));
        let expected = Some((received_at, received_at, received_at));
        same(&format!("the times in the details of env_{id}"), times, expected)?;
    }
    for (now, due) in [(first, 1), (NOW, 2), (last, 3)] {
        let stats = store.stats(now, first).await?;
        same(
            &format!("how many are due and later at {now}"),
            (stats.due, stats.later),
            (due, 3 - due),
        )?;
        same("when the oldest arrived", stats.oldest_received_at, Some(first))?;
    }
    Ok(())
}

/// What a replica has to read of the delivery `env_1`.
async fn reads(store: &dyn InboxAdmin, after: &str, state: Option<DeliveryState>, body: &str) -> CheckResult {
    let mut failures = Failures::new();
    let details = store.details(&"env_1".into()).await?;
    let came = details.as_ref().map(|details: &DeliveryDetails| details.state);
    failures.same(
        &format!("the state in details at once after {after}"),
        came,
        state,
    );
    let stats = store.stats(minutes(1), NOW).await?;
    let counts = (stats.due, stats.leased, stats.done);
    let is = |other: DeliveryState| u64::from(state == Some(other));
    let expected = (
        is(DeliveryState::Queued),
        is(DeliveryState::Leased),
        is(DeliveryState::Done),
    );
    failures.same(
        &format!("how many are due, leased and done at once after {after}"),
        counts,
        expected,
    );
    let sealed = store.sealed(None, 9).await?;
    let bodies: Vec<&[u8]> = sealed.iter().map(|one| one.body.as_bytes()).collect();
    let expected: Vec<&[u8]> = Some(body.as_bytes())
        .filter(|body| !body.is_empty())
        .into_iter()
        .collect();
    failures.same(
        &format!("what sealed lists at once after {after}"),
        bodies,
        expected,
    );
    failures.end()
}

/// The handles take turns, so that each has read everything that the other one changes.
pub(super) async fn k24_replicas_read_at_once_what_another_wrote(
    subject: SharedSubject<dyn InboxAdmin>,
) -> CheckResult {
    let (ours, theirs) = (subject.store(), subject.replica().await?);
    let all_read = async |(writer, other): Handles<'_, dyn InboxAdmin>, after: &str, state, body: &str| {
        for (whose, store) in [("its own", writer), ("another replica's", other)] {
            reads(store, &format!("{whose} {after}"), state, body).await?;
        }
        CheckResult::Ok(())
    };
    all_read((&*ours, &*theirs), "opening", None, "").await?;
    for (writer, reader) in [(&*ours, &*theirs), (&*theirs, &*ours), (&*ours, &*theirs)] {
        insert_all(writer, [delivery("1")]).await?;
        all_read(
            (writer, reader),
            "insert",
            Some(DeliveryState::Queued),
            "sealed 1",
        )
        .await?;
        let current = SealedDelivery {
            envelope_id: "env_1".into(),
            body: delivery("1").body,
            error: String::new(),
        };
        let next = SealedDelivery {
            body: Sealed::from_bytes(*b"again"),
            ..current.clone()
        };
        answered("sealing it again", writer.reseal(&current, &next).await?, true)?;
        answered(
            "sealing it again a second time",
            reader.reseal(&current, &next).await?,
            false,
        )?;
        all_read((writer, reader), "reseal", Some(DeliveryState::Queued), "again").await?;
        let leased = writer.lease(minutes(1), minutes(2), 1).await?;
        let Some(leased) = leased.first() else {
            return fail("nothing was leased");
        };
        all_read((writer, reader), "lease", Some(DeliveryState::Leased), "again").await?;
        answered(
            "completing it",
            reader.complete(&leased.lease, minutes(1)).await?,
            true,
        )?;
        all_read((reader, writer), "complete", Some(DeliveryState::Done), "").await?;
        same("how many are forgotten", writer.forget(minutes(2)).await?, 1)?;
        all_read((writer, reader), "forget", None, "").await?;
    }
    Ok(())
}
