//! Pages of the read API.

use revento_core::{Page, resource::Participant};

/// A value in one item hides neither that item nor its neighbours, and an error names a place.
pub(super) fn pages(data: &[u8]) {
    if let Ok(page) = Page::<Participant>::read(data) {
        for bad in &page.bad_items {
            assert!(bad.error().path().starts_with("data["), "{}", bad.error());
        }
    }
    for value in [text(data), number(data)] {
        let body = [
            br#"{"data":[{"id":"ptp_1","application_status":"approved","name":"#.as_slice(),
            &value,
            br#"},{"id":"ptp_2","application_status":"pending"}],"next_cursor":"c","has_more":true}"#,
        ]
        .concat();
        let page = Page::<Participant>::read(&body).expect("a page");
        assert!(
            page.bad_items.is_empty(),
            "a name is not promised: {:?}",
            page.bad_items
        );
        let ids: Vec<&str> = page.data.iter().map(|person| person.id.as_str()).collect();
        assert_eq!(ids, ["ptp_1", "ptp_2"]);
        assert_eq!((page.next_cursor.as_deref(), page.has_more), (Some("c"), true));
    }
}

/// The input within quotation marks: anything but the end of the text.
fn text(data: &[u8]) -> Vec<u8> {
    let inner: Vec<u8> = data.iter().copied().filter(|byte| *byte != b'"').collect();
    // A backslash at the end would escape the closing quotation mark.
    let end = inner
        .iter()
        .rposition(|byte| *byte != b'\\')
        .map_or(0, |last| last + 1);
    [b"\"", inner.get(..end).unwrap_or_default(), b"\""].concat()
}

/// The input's characters of a number, in any order.
fn number(data: &[u8]) -> Vec<u8> {
    let digits = data
        .iter()
        .copied()
        .filter(|byte| b"0123456789+-.eE".contains(byte));
    [b"0".to_vec(), digits.collect()].concat()
}
