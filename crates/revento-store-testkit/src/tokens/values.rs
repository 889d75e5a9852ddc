//! Checks that texts come back unchanged in every field of a record that is no part of its key.

use revento_core::{ConnectionStatus, Scopes, StatusReason};
use revento_store::{Record, Sealed, Stored, TokenStore};

use super::sample::{created, key, loaded, record, swapped};
use crate::{
    bytes::mixed,
    check::SharedSubject,
    expect::{Failures, same},
    subject::CheckResult,
    texts,
};

fn with_text(event: &str, text: &str) -> Record {
    let mut record = record(event);
    let connection = &mut record.connection;
    connection.organization_id = Some(text.into());
    connection.status = ConnectionStatus::from(text);
    connection.reason = Some(StatusReason::from(text));
    connection.scopes = Scopes::parse(&format!("{text} event.read {text}.read"));
    record
}

/// Compares the texts first, each by itself, so that a failure names the field.
fn unchanged(how: &str, came: &Stored, sent: &Record) -> CheckResult {
    let (came, sent) = (&came.record.connection, &sent.connection);
    let reason = |reason: &Option<StatusReason>| reason.as_ref().map(|text| text.as_str().to_owned());
    let organization = |connection: &revento_core::Connection| {
        let id = connection.organization_id.as_ref();
        id.map(|id| id.as_str().to_owned())
    };
    let fields = [
        ("organization id", organization(came), organization(sent)),
        (
            "status",
            Some(came.status.to_string()),
            Some(sent.status.to_string()),
        ),
        ("reason", reason(&came.reason), reason(&sent.reason)),
        (
            "scopes",
            Some(came.scopes.to_string()),
            Some(sent.scopes.to_string()),
        ),
    ];
    let mut failures = Failures::new();
    for (field, came, sent) in fields {
        let what = format!("the {field} {how}");
        failures.add(texts::survives(&what, came.as_deref(), sent.as_deref()));
    }
    failures.end()?;
    same(&format!("the rest of the record {how}"), came, sent)
}

/// Stores a record with one text in each field, swaps it for one with another text, and reads it in every way.
async fn survive(store: &dyn TokenStore, event: &str, texts: [&str; 2]) -> CheckResult {
    let [first, second] = texts.map(|text| with_text(event, text));
    let version = created(store, &first).await?;
    unchanged("of a new record", &loaded(store, &key(event)).await?, &first)?;
    swapped(store, version, &second, None).await?;
    unchanged("after a swap", &loaded(store, &key(event)).await?, &second)?;
    for stored in store.of_event(&"clt_test".into(), &event.into(), None, 2).await? {
        unchanged("in a list", &stored, &second)?;
    }
    Ok(())
}

pub(super) async fn k8_texts_survive_in_every_field(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let mut failures = Failures::new();
    for (number, (text, other)) in texts::ODD.iter().zip(texts::ODD.iter().rev()).enumerate() {
        let event = format!("evt_{number}");
        failures.add(survive(&*subject.store(), &event, [text, other]).await);
    }
    failures.end()
}

pub(super) async fn k8_no_text_is_cut(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let mut failures = Failures::new();
    for (number, text) in texts::long().iter().enumerate() {
        let event = format!("evt_{number}");
        failures.add(survive(&*subject.store(), &event, [text, "short"]).await);
        failures.add(survive(&*subject.store(), &format!("{event} again"), ["short", text]).await);
    }
    failures.end()
}

pub(super) async fn k8_large_tokens_survive(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let store = subject.store();
    let mut large = record("evt_1");
    for size in [255, 256, 4096, 65_535, 65_536, 1_000_000] {
        // No engine can compress them to a smaller size, and a cut shows at the end.
        large.tokens = Some(Sealed::from_bytes(mixed(7, size)));
        store.remove(&key("evt_1")).await?;
        created(&*store, &large).await?;
        let came = loaded(&*store, &key("evt_1")).await?.record.tokens;
        let came = came.as_ref().map(|sealed| sealed.as_bytes());
        let sent = large.tokens.as_ref().map(|sealed| sealed.as_bytes());
        same("the size of the tokens", came.map(<[u8]>::len), Some(size))?;
        same(
            &format!("whether tokens of {size} bytes are the same"),
            came == sent,
            true,
        )?;
    }
    Ok(())
}
