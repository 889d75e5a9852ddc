//! Lists with values that no parser or no type of the SDK takes.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::TryStreamExt;
use revento_api::{Error, OnBadItem};
use revento_core::{error::ErrorKind, resource::Participant};

use crate::scripted::{answer, client};

/// Two pages with odd values that are not promised, and with three items that cannot be read.
fn pages() -> [Bytes; 2] {
    let first = r#"{"data":[
        {"id":"ptp_1","application_status":"approved","name":"half an emoji \ud83d"},
        {"id":"ptp_2","application_status":"approved","registered_at":1e999,"x":NaN},
        {"id":"ptp_3","application_status":["planted"]},
        {"id":"ptp_4","application_status":"pending","name":"a","name":"b"}],
        "total":1e999,"next_cursor":"c","has_more":true}"#;
    let deep = "[".repeat(200) + &"]".repeat(200);
    let mut second =
        br#"{"data":[{"id":7,"name":"planted"},{"id":"ptp_6","application_status":"approved","name":"Z"#
            .to_vec();
    second.push(0xfc);
    second.extend_from_slice(br#"rich","last_reviewer_id":"#);
    second.extend_from_slice(deep.as_bytes());
    second.extend_from_slice(br#"},"planted"],"next_cursor":"\ud83d","has_more":false}"#);
    [first.into(), second.into()]
}

fn names(people: &[Participant]) -> Vec<(&str, Option<&str>)> {
    let name = |person: &'_ Participant| person.name.clone();
    assert!(
        people
            .iter()
            .all(|person| name(person).is_none_or(|name| !name.contains("planted")))
    );
    people
        .iter()
        .map(|person| (person.id.as_str(), person.name.as_deref()))
        .collect()
}

const READ: [(&str, Option<&str>); 4] = [
    ("ptp_1", Some("half an emoji \u{fffd}")),
    ("ptp_2", None),
    ("ptp_4", Some("b")),
    ("ptp_6", Some("Z\u{fffd}rich")),
];

#[tokio::test(start_paused = true)]
async fn h2_bad_items_are_skipped_and_reported_if_the_caller_wants() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let (client, _) = client(pages().map(|page| answer(200, &[], page))).await;
    let report = Arc::clone(&reported);
    let list = client.event("evt_1").participants().on_bad_item(move |bad| {
        let report = &mut report.lock().unwrap();
        report.push((
            bad.id().map(str::to_owned),
            bad.field().to_owned(),
            bad.to_string(),
        ));
        OnBadItem::Skip
    });
    let people: Vec<_> = list.stream().try_collect().await.unwrap();
    assert_eq!(names(&people), READ);
    assert_eq!(people[1].extra().json("registered_at"), Some("1e999"));
    assert_eq!(
        people[3].extra().json("last_reviewer_id").map(str::len),
        Some(400)
    );
    let reported = reported.lock().unwrap().clone();
    let fields: Vec<_> = reported
        .iter()
        .map(|(id, field, _)| (id.as_deref(), field.as_str()))
        .collect();
    assert_eq!(
        fields,
        [(Some("ptp_3"), "application_status"), (None, "id"), (None, "")]
    );
    assert!(
        reported.iter().all(|(.., text)| !text.contains("planted")),
        "{reported:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn h2_a_bad_item_ends_a_stream_and_is_named_with_its_place() {
    let [first, second] = pages();
    let answers = [first.clone(), first.clone(), first, second].map(|page| answer(200, &[], page));
    let (client, _) = client(answers).await;
    let list = client.event("evt_1").participants();
    let mut people = list.clone().stream();
    let mut before = Vec::new();
    let error = loop {
        match people.try_next().await {
            Ok(person) => before.push(person.unwrap()),
            Err(error) => break error,
        }
    };
    assert_eq!(names(&before), READ[..2], "the items before are good");
    assert!(
        people.try_next().await.unwrap().is_none(),
        "the first error ends the stream"
    );
    let Error::BadItem { item, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!((item.id(), item.field()), (Some("ptp_3"), "application_status"));
    assert_eq!(error.kind(), ErrorKind::Platform);
    assert!(
        error.request_id().is_some() && !error.to_string().contains("planted"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("planted"), "{error:?}");

    // The bookmark is the bad item: the same error comes again, or the rest if it is skipped.
    let bookmark = people.bookmark().clone();
    let mut again = list.clone().resume(bookmark.clone()).stream();
    assert!(matches!(again.try_next().await, Err(Error::BadItem { .. })));
    let rest = list.resume(bookmark).on_bad_item(|_| OnBadItem::Skip).stream();
    let rest: Vec<_> = rest.try_collect().await.unwrap();
    assert_eq!(names(&rest), READ[2..]);
}

#[tokio::test(start_paused = true)]
async fn h2_a_page_with_a_bad_item_fails_or_lacks_it() {
    let [first, second] = pages();
    let answers = [first.clone(), first, second].map(|page| answer(200, &[], page));
    let (client, _) = client(answers).await;
    let list = client.event("evt_1").participants();
    let mut pages = list.clone().pages();
    assert!(matches!(pages.next_page().await, Err(Error::BadItem { .. })));
    assert_eq!(
        (pages.progress().pages, pages.cursor()),
        (0, None),
        "it can be read again"
    );
    let mut pages = list.on_bad_item(|_| OnBadItem::Skip).pages();
    assert_eq!(names(&pages.next_page().await.unwrap().unwrap()), READ[..3]);
    assert_eq!(pages.progress().items, 4);
    assert_eq!(names(&pages.next_page().await.unwrap().unwrap()), READ[3..]);
    assert!(pages.next_page().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn h2_an_odd_value_of_a_single_resource_is_absent() {
    let body = r#"{"id":"evt_1","publish_status":"published","name":"\udead","starts_at":1e999,"x":[NaN]}"#;
    let (client, _) = client([answer(200, &[], body)]).await;
    let event = client.event("evt_1").get().await.unwrap();
    assert_eq!((event.name.as_deref(), event.starts_at), (Some("\u{fffd}"), None));
    assert_eq!(event.extra().json("x"), Some("[NaN]"));
}
