//! Reading resources leniently (contract §9), and the examples for users' tests.

use super::*;

const STRANGE: [&str; 9] = [
    "5",
    "-5",
    "1.5",
    "true",
    "[]",
    r#"["a",{"b":[1]}]"#,
    "{}",
    r#"{"en":"x","n":[null]}"#,
    r#""soon""#,
];

#[test]
fn a23_an_optional_field_may_have_another_type() {
    for value in STRANGE {
        let json = format!(
            r#"{{"id":"p","application_status":"approved","last_reviewed_at":{value},"name":"Ada"}}"#
        );
        let participant: Participant = serde_json::from_str(&json).unwrap();
        assert_eq!(participant.last_reviewed_at, None, "{value}");
        assert_eq!(participant.name.as_deref(), Some("Ada"), "{value}");
        assert_eq!(participant.extra().json("last_reviewed_at"), Some(value));
        let written = serde_json::to_string(&participant).unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&written).unwrap(),
            serde_json::from_str::<serde_json::Value>(&json).unwrap()
        );
    }
}

#[test]
fn a23_a_required_field_may_not() {
    for value in STRANGE.into_iter().filter(|value| !value.starts_with('"')) {
        let json = format!(r#"{{"id":{value},"application_status":"approved"}}"#);
        assert!(serde_json::from_str::<Participant>(&json).is_err(), "{value}");
    }
}

#[test]
fn invalid_json_is_an_error_in_any_field() {
    for value in ["[1", "{\"a\":}", "{\"a\" 1}", "nul", "\"\\x\"", "[1,]"] {
        let json = format!(r#"{{"id":"p","application_status":"approved","name":{value}}}"#);
        assert!(serde_json::from_str::<Participant>(&json).is_err(), "{value}");
    }
}

#[test]
fn an_example_is_valid_and_its_setters_take_plain_values() {
    let participant = Participant::example()
        .id("ptp_9")
        .name("Grace Hopper")
        .application_status(ApplicationStatus::Pending);
    assert_eq!(participant.name.as_deref(), Some("Grace Hopper"));
    let again: Participant = serde_json::from_str(&serde_json::to_string(&participant).unwrap()).unwrap();
    assert_eq!(again, participant);
}

#[test]
fn h31_a_participant_has_a_role_and_a_status_of_their_own() {
    for (role, status) in [("volunteer", "registered"), ("\u{1f3a4}", "checked_in")] {
        let json =
            format!(r#"{{"id":"p","application_status":"approved","role":"{role}","status":"{status}"}}"#);
        let participant: Participant = serde_json::from_str(&json).unwrap();
        assert_eq!(participant.role.as_deref(), Some(role));
        assert_eq!(participant.status, Some(ParticipantStatus::from(status)));
        assert_eq!(participant.extra().iter().count(), 0);
        assert_eq!(participant.application_status, ApplicationStatus::Approved);
    }
}
