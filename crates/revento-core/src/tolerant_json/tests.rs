//! Reading what a strict parser refuses.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::{
    Envelope, Page,
    kind::ParticipantRegistered,
    resource::{Location, Participant, Program, ProgramDay},
};

/// Values that a strict parser refuses, or that have no type of the SDK.
fn odd_values() -> Vec<String> {
    let deep = "[".repeat(300) + &"]".repeat(300);
    let deep_object = "{\"a\":".repeat(130) + "1" + &"}".repeat(130);
    [
        "1e999",
        "-1e999",
        "123456789012345678901234567890",
        "NaN",
        "-Infinity",
        "\"\\ud83d\"",
        "\"\\ude00 x\"",
        "\"\\q\"",
        "\"a\tb\"",
        "{\"a\":1e999,\"b\":\"\\ud83d\"}",
        "[1e999]",
        "[1,]",
        "nul",
        "01",
        "'x'",
        "",
        &deep,
        &deep_object,
    ]
    .map(str::to_owned)
    .into()
}

fn participant(json: &str) -> Participant {
    read(json.as_bytes()).unwrap_or_else(|error| panic!("{error}: {json}"))
}

#[test]
fn h2_an_odd_value_of_an_optional_field_is_absent_or_mended_and_kept_raw() {
    for odd in odd_values() {
        for field in ["last_reviewed_at", "name", "custom_form_fields", "unknown"] {
            let json = format!(
                r#"{{"id":"ptp_1","{field}":{odd},"application_status":"approved","email":"a@example.com"}}"#
            );
            let read = participant(&json);
            assert_eq!(read.email.as_deref(), Some("a@example.com"), "{json}");
            assert_eq!(read.last_reviewed_at, None, "{json}");
            if field == "custom_form_fields" {
                continue;
            }
            let raw = read.extra().json(field).unwrap_or_else(|| panic!("{json}"));
            let is_too_long = field != "unknown" && odd.starts_with("123");
            assert!(raw == odd || is_too_long, "{raw}");
            // What was read can be written, and read again by a strict parser.
            let written = serde_json::to_string(&read).unwrap();
            let again: Participant = super::read(written.as_bytes()).unwrap();
            assert_eq!(again.name, read.name, "{json}");
        }
    }
}

#[test]
fn h2_half_a_surrogate_pair_costs_a_character() {
    let read = participant(r#"{"id":"ptp_1","application_status":"approved","name":"Ada \ud83d!"}"#);
    assert_eq!(read.name.as_deref(), Some("Ada \u{fffd}!"));
    assert_eq!(read.extra().json("name"), Some(r#""Ada \ud83d!""#));
    let written = serde_json::to_string(&read).unwrap();
    assert_eq!(written.matches("\"name\"").count(), 1, "{written}");
}

#[test]
fn h2_a_byte_that_is_not_utf8_costs_a_character() {
    let json =
        b"{\"id\":\"ptp_1\",\"application_status\":\"approved\",\"name\":\"Z\xfcrich\",\"city\":\"\xe9\"}";
    let read: Participant = super::read(json).unwrap();
    assert_eq!(read.name.as_deref(), Some("Z\u{fffd}rich"));
    assert_eq!(read.extra().json("city"), Some("\"\u{fffd}\""));
}

#[test]
fn h2_of_a_member_that_comes_twice_the_last_counts() {
    let read = participant(
        r#"{"id":"a","id":"ptp_1","application_status":"pending","application_status":"approved",
            "name":"x","name":"Ada","email":"a@example.com","email":7,"x":1,"x":2}"#,
    );
    assert_eq!(read.id.as_str(), "ptp_1");
    assert_eq!(read.application_status.as_str(), "approved");
    assert_eq!(read.name.as_deref(), Some("Ada"));
    assert_eq!(
        read.email.as_deref(),
        Some("a@example.com"),
        "the last of its type"
    );
    let extra: Vec<_> = read.extra().iter().collect();
    assert!(
        extra.contains(&("id", "\"a\"")) && extra.contains(&("email", "7")),
        "{extra:?}"
    );
    let written: serde_json::Value = serde_json::to_value(&read).unwrap();
    assert_eq!(written["id"], "ptp_1");

    #[derive(Deserialize)]
    struct Own {
        a: u8,
    }
    let own: Own = super::read(br#"{"a":1,"a":2}"#).unwrap();
    assert_eq!(own.a, 2);
}

#[test]
fn h2_a_promised_field_that_is_illegible_is_named_and_its_neighbours_are_read() {
    for odd in odd_values().into_iter().filter(|odd| !odd.starts_with('"')) {
        let body = format!(
            r#"{{"data":[{{"id":"loc_1","floor":{odd}}},{{"name":"Hall","id":{odd}}},{{"id":"loc_3"}},{odd}
                ,{{"id":"loc_5"}}],
                "total":{odd},"next_cursor":"c","has_more":true}}"#
        );
        let page = Page::<Location>::read(body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"));
        let ids: Vec<_> = page.data.iter().map(|location| location.id.as_str()).collect();
        assert_eq!(ids, ["loc_1", "loc_3", "loc_5"], "{body}");
        assert_eq!((page.next_cursor.as_deref(), page.has_more), (Some("c"), true));
        let [bad, worse] = page.bad_items.as_slice() else {
            panic!("{:?}: {body}", page.bad_items)
        };
        assert_eq!((bad.index(), bad.field()), (1, "id"), "{bad}");
        assert_eq!(worse.index(), 3);
        assert!(bad.json().contains("Hall") && !format!("{bad:?} {bad}").contains("Hall"));
    }
}

#[test]
fn h2_a_bad_item_is_named_by_its_id() {
    let body = r#"{"data":[{"id":"ptp_7","application_status":["planted"]},
        {"event_id":"evt_1","id":7}],"has_more":false}"#;
    let page = Page::<Participant>::read(body.as_bytes()).unwrap();
    assert_eq!(
        page.bad_items[0].to_string(),
        "data[0].application_status of ptp_7: expected a string, found a list"
    );
    assert_eq!(page.bad_items[1].id(), Some("evt_1"));
}

#[test]
fn h2_members_beside_the_items_may_be_odd() {
    for odd in odd_values() {
        let body = format!(r#"{{"data":[{{"id":"loc_1"}}],"next_cursor":{odd},"has_more":false}}"#);
        let page = Page::<Location>::read(body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"));
        assert_eq!(page.data.len(), 1);
        // A cursor that was mended is another cursor.
        assert!(
            page.next_cursor.is_none_or(|cursor| odd.contains(&cursor)),
            "{body}"
        );
        let body = format!(r#"{{"data":[{{"id":"loc_1"}}],"has_more":{odd}}}"#);
        let error = Page::<Location>::read(body.as_bytes()).unwrap_err();
        assert_eq!(error.path(), "has_more", "{body}");
    }
    let error = Page::<Location>::read(br#"{"data":[]}"#).unwrap_err();
    assert_eq!(error.to_string(), "has_more: it is missing");
    let error = Page::<Location>::read(br#"{"data":{},"has_more":false}"#).unwrap_err();
    assert_eq!(error.path(), "data");
}

#[test]
fn h2_a_page_that_breaks_off_is_no_page() {
    let body = r#"{"data":[{"id":"loc_1"},{"id":"loc_2","name":"x"}],"next_cursor":null,"has_more":false}"#;
    for length in 0..body.len() {
        assert!(
            Page::<Location>::read(&body.as_bytes()[..length]).is_err(),
            "{length}"
        );
    }
    assert!(Page::<Location>::read(format!("{body} {body}").as_bytes()).is_err());
    assert!(Page::<Location>::read(format!("\u{feff}{body}\n").as_bytes()).is_ok());
}

#[test]
fn h2_one_item_of_an_optional_list_hides_no_other() {
    for odd in ["1e999", "7", "{}", "NaN"] {
        let json = format!(r#"{{"activity_ids":["act_1",{odd},"act_3"]}}"#);
        let day: ProgramDay = read(json.as_bytes()).unwrap();
        let ids: Vec<_> = day.activity_ids.iter().map(crate::ActivityId::as_str).collect();
        assert_eq!(ids, ["act_1", "act_3"], "{json}");
        let raw = day.extra().json("activity_ids").unwrap();
        assert_eq!(raw, format!(r#"["act_1",{odd},"act_3"]"#));
    }
    let program =
        r#"{"days":[],"threads":[],"activities":[{"id":"act_1","status":"scheduled"},{"id":1e999}]}"#;
    let error = read::<Program>(program.as_bytes()).unwrap_err();
    assert_eq!(error.path(), "activities[1].id", "a promised list is whole");
}

#[test]
fn h2_typed_data_of_a_webhook_is_read_as_far_as_it_is_legible() {
    for odd in odd_values() {
        let body = format!(
            r#"{{"id":"env_1","type":"participant.registered","occurred_at":"2026-05-09T14:22:31Z","x":{odd},
                "event_id":null,"organization_id":null,
                "data":{{"id":"ptp_1","application_status":"approved","registered_at":{odd},"y":{odd}}}}}"#
        );
        let envelope = Envelope::parse(body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"));
        let participant = envelope.read::<ParticipantRegistered>();
        let participant = participant.unwrap_or_else(|error| panic!("{error}: {body}"));
        assert_eq!(
            (participant.id.as_str(), participant.registered_at),
            ("ptp_1", None)
        );
        envelope.payload().unwrap();
    }
}

#[test]
fn h4_an_error_names_path_and_type_and_never_the_value() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its errors are of interest")]
    struct Own {
        age: Option<u8>,
        at: Option<crate::Timestamp>,
        size: Option<Size>,
        list: Option<Vec<bool>>,
    }

    #[derive(Debug, Deserialize)]
    enum Size {
        Small,
    }

    for (json, text) in [
        ("{", "it breaks off"),
        ("planted", "it is not valid JSON"),
        ("7", "expected struct Own, found a whole number"),
        (r#"{"age":"planted"}"#, "age: expected u8, found a string"),
        (r#"{"age":-1}"#, "age: expected u8"),
        (r#"{"age":1e999}"#, "age: it is a number out of range"),
        (r#"{"at":"planted"}"#, "at: expected a time by RFC 3339"),
        (r#"{"size":"planted"}"#, "size: expected one of: Small"),
        (
            r#"{"list":[true,{"planted":1}]}"#,
            "list[1]: expected a boolean, found an object",
        ),
        (r#"{"age":1,planted"#, "it is not valid JSON"),
    ] {
        let error = read::<Own>(json.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), text, "{json}");
        assert!(!format!("{error:?}").contains("planted"), "{error:?}");
    }
    let missing = read::<Location>(b"{}").unwrap_err();
    assert_eq!((missing.path(), missing.problem()), ("id", "it is missing"));
}

proptest! {
    #[test]
    fn h2_arbitrary_bytes_are_read_without_a_panic(body: Vec<u8>, text in "[\\[\\]{}\",:\\\\ a1]{0,64}") {
        for body in [&body[..], text.as_bytes()] {
            let _ = read::<Participant>(body);
            let _ = Page::<Participant>::read(body);
            let _ = Envelope::parse(body);
            let _ = read_with(body, |value| RawJson::deserialize(value));
        }
    }

    /// Whatever stands in one field of one item, the other items are read.
    #[test]
    fn h2_no_value_of_one_item_hides_another(value in "[^\"{}\\[\\],\\\\]{0,12}|\"[^\"\\\\]{0,8}\"") {
        let body = format!(r#"{{"data":[{{"id":"a"}},{{"id":"b","floor":{value}}},{{"id":"c"}}],"has_more":false}}"#);
        let page = Page::<Location>::read(body.as_bytes()).unwrap();
        let ids: Vec<_> = page.data.iter().map(|location| location.id.as_str()).collect();
        prop_assert_eq!(ids, ["a", "b", "c"]);
    }

    #[test]
    fn h2_what_a_strict_parser_reads_is_read_alike(name: Option<String>, floor: Option<String>, capacity: Option<u64>) {
        let json = serde_json::json!({ "id": "loc_1", "name": name, "floor": floor, "capacity": capacity, "x": [1.5] });
        let strict: Location = serde_json::from_value(json.clone()).unwrap();
        let text = json.to_string();
        let tolerant = read_with(text.as_bytes(), |value| Location::deserialize(value)).unwrap();
        prop_assert_eq!(strict, tolerant);
    }
}
