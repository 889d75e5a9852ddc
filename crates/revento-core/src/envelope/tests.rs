use super::*;
use crate::{kind::ApplicationApproved, resource::Application};

const APPROVED: &str = r#"{"id":"env_1","type":"application.approved","occurred_at":"2026-05-09T14:22:31Z",
    "event_id":"evt_1","organization_id":"org_1","later":true,
    "data":{"id":"app_1","status":"approved","approved_at":"2026-05-09T14:22:30Z","approver_id":"usr_9"}}"#;

#[test]
fn an_example_carries_the_data_of_its_kind() {
    let application = Application::example().approver_id("usr_2");
    let envelope = Envelope::example_of::<ApplicationApproved>(&application).id("env_9");
    assert_eq!(envelope.read::<ApplicationApproved>().unwrap(), application);
    let again = Envelope::parse(serde_json::to_string(&envelope).unwrap().as_bytes()).unwrap();
    assert_eq!(again.id.as_str(), "env_9");
    assert!(Envelope::example().payload().is_ok());
}

#[test]
fn an_envelope_and_its_payload_are_read() {
    let envelope = Envelope::parse(APPROVED.as_bytes()).unwrap();
    assert_eq!(envelope.event_type, EventType::ApplicationApproved);
    let Payload::Application(application) = envelope.payload().unwrap() else {
        panic!("an application")
    };
    assert_eq!(application.id.as_str(), "app_1");
}

#[test]
fn a23_a_missing_promised_field_is_named() {
    for field in ["id", "type", "occurred_at", "event_id", "organization_id", "data"] {
        let mut body: serde_json::Value = serde_json::from_str(APPROVED).unwrap();
        body.as_object_mut().unwrap().remove(field);
        let error = Envelope::parse(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the webhook's {field} cannot be read: it is missing")
        );
    }
}

#[test]
fn d21_an_unknown_type_stays_usable() {
    let body = APPROVED.replace("application.approved", "sponsor.added");
    let envelope = Envelope::parse(body.as_bytes()).unwrap();
    assert_eq!(envelope.event_type.as_str(), "sponsor.added");
    assert_eq!(envelope.payload().unwrap(), Payload::Other);
    assert!(envelope.data_json().contains("app_1"));
}

#[test]
fn debug_output_shows_no_personal_data() {
    let envelope = Envelope::parse(APPROVED.as_bytes()).unwrap();
    assert!(!format!("{envelope:?}").contains("app_1"));
}

fn with_data(event_type: &str, data: &str) -> String {
    format!(
        r#"{{"id":"env_1","type":"{event_type}","occurred_at":"2026-05-09T14:22:31Z","event_id":null,"organization_id":null,"data":{data}}}"#
    )
}

/// One snapshot for each kind of data, with a field and a value that this version does not know.
const DATA: &[(&[&str], &str)] = &[
    (
        &[
            "application.submitted",
            "application.approved",
            "application.rejected",
            "application.revision_requested",
        ],
        r#"{"id":"app_1","status":"waitlisted","participant_id":"par_1","user_id":"usr_1","custom_form_fields":{"big":12345678901234567890123},"approved_at":"2026-05-09T14:22:30Z","approver_id":"usr_9","rejected_at":"2026-05-09T14:22:30Z","later":[1.0]}"#,
    ),
    (
        &["participant.registered", "participant.profile_updated"],
        r#"{"id":"par_1","application_status":"approved","name":"Ada","later":{"a":1e400}}"#,
    ),
    (
        &["activity.updated"],
        r#"{"id":"act_1","status":"moved","min_age":"age_12_plus","later":null}"#,
    ),
    (
        &["activity.capacity_state_changed"],
        r#"{"activity_id":"act_1","capacity":12,"capacity_state":"bursting","later":true}"#,
    ),
    (
        &["event.published", "event.unpublished"],
        r#"{"id":"evt_1","publish_status":"hidden","later":"\u0000"}"#,
    ),
    (
        &["user.revoked_access"],
        r#"{"user_id":"usr_1","event_id":"evt_1","later":0}"#,
    ),
    (
        &["data.deletion_required"],
        r#"{"deadline_at":"2026-06-08T14:22:31Z","reason":"connection_revoked","later":-0}"#,
    ),
    (&["integration.suspended"], r#"{"reason":"security","later":{}}"#),
    (&["sponsor.added"], r#"["anything",{"later":1}]"#),
];

fn written(payload: &Payload) -> Option<String> {
    let json = match payload {
        Payload::Application(data) => serde_json::to_string(data),
        Payload::Participant(data) => serde_json::to_string(data),
        Payload::Activity(data) => serde_json::to_string(data),
        Payload::ActivityCapacity(data) => serde_json::to_string(data),
        Payload::Event(data) => serde_json::to_string(data),
        Payload::UserRevoked(data) => serde_json::to_string(data),
        Payload::DeletionRequired(data) => serde_json::to_string(data),
        Payload::Suspension(data) => serde_json::to_string(data),
        Payload::Other => return None,
    };
    Some(json.unwrap())
}

#[test]
fn d21_unknown_types_fields_and_values_survive_a_round_trip() {
    let types = DATA
        .iter()
        .flat_map(|(types, data)| types.iter().map(move |name| (*name, *data)));
    for (event_type, data) in types {
        let body = with_data(event_type, data).replacen("\"data\"", "\"later\":{\"x\":1.50},\"data\"", 1);
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        let again = serde_json::to_string(&envelope).unwrap();
        assert!(again.contains(&format!("\"data\":{data}")), "{again}");
        assert!(again.contains("\"later\":{\"x\":1.50}"), "{again}");
        let again = Envelope::parse(again.as_bytes()).unwrap();
        assert_eq!(again.extra(), envelope.extra());

        let payload = envelope.payload().unwrap();
        if let Some(json) = written(&payload) {
            let name = data.rsplit_once("\"later\":").unwrap().1;
            assert!(json.contains(&format!("\"later\":{name}")), "{json}");
            let again = Envelope::parse(with_data(event_type, &json).as_bytes()).unwrap();
            assert_eq!(again.payload().unwrap(), payload);
        }
    }
}

#[test]
fn every_known_type_has_a_snapshot() {
    let known: Vec<&str> = DATA.iter().flat_map(|(types, _)| types.iter().copied()).collect();
    for event_type in EventType::KNOWN {
        assert!(known.contains(&event_type.as_str()), "{event_type}");
        let (_, data) = DATA
            .iter()
            .find(|(types, _)| types.contains(&event_type.as_str()))
            .unwrap();
        let envelope = Envelope::parse(with_data(event_type.as_str(), data).as_bytes()).unwrap();
        assert_ne!(envelope.payload().unwrap(), Payload::Other);
        assert_eq!(envelope.read::<AnyEvent>().unwrap(), envelope.payload().unwrap());
    }
}

#[test]
fn a23_a_malformed_known_type_names_the_path_and_keeps_the_raw_data() {
    for (event_type, data, path, detail) in [
        (
            "application.approved",
            r#"{"id":7,"status":"approved"}"#,
            "data.id",
            "expected a string",
        ),
        (
            "application.approved",
            r#"{"id":"a","status":"approved","approver_id":"u"}"#,
            "data.approved_at",
            "it is missing",
        ),
        (
            "application.rejected",
            r#"{"id":"a","status":"rejected"}"#,
            "data.rejected_at",
            "it is missing",
        ),
        (
            "participant.registered",
            r#"{"application_status":"approved"}"#,
            "data.id",
            "it is missing",
        ),
        (
            "activity.updated",
            r#"{"status":"x","starts_at":"soon"}"#,
            "data.id",
            "it is missing",
        ),
        ("event.published", "[]", "data", "expected an object"),
        ("user.revoked_access", "{}", "data.user_id", "it is missing"),
    ] {
        let envelope = Envelope::parse(with_data(event_type, data).as_bytes()).unwrap();
        let error = envelope.payload().unwrap_err();
        assert_eq!(error.path(), path, "{error}");
        assert!(error.to_string().contains(detail), "{error}");
        assert_eq!(envelope.data_json(), data);
    }
    let error = Envelope::parse(with_data("x", "{}").replace("2026-05-09T", "").as_bytes()).unwrap_err();
    assert_eq!(error.path(), "occurred_at", "{error}");
    assert_eq!(Envelope::parse(b"{\"id\":").unwrap_err().path(), "");
    let body = with_data("application.approved", r#"{"id":["planted"]}"#);
    let error = Envelope::parse(body.as_bytes()).unwrap().payload().unwrap_err();
    assert!(!error.to_string().contains("planted"), "{error}");
}

#[test]
fn a_kind_takes_its_own_type_only() {
    let envelope = Envelope::parse(APPROVED.as_bytes()).unwrap();
    assert!(envelope.read::<ApplicationApproved>().is_ok());
    let error = envelope.read::<crate::kind::EventPublished>().unwrap_err();
    assert!(error.is_other_type());
    assert_eq!(
        error.to_string(),
        "the webhook is application.approved, not event.published"
    );
}

fn single_pass<K: Kind>(body: &str) -> Option<(Envelope, K::Data)> {
    let read = Envelope::read_single_pass::<K>(Arc::new(body.to_owned()))?;
    Some((read.envelope, read.data))
}

#[test]
fn a_single_pass_reads_what_two_passes_read() {
    let types = DATA
        .iter()
        .flat_map(|(types, data)| types.iter().map(move |name| (*name, *data)));
    for (event_type, data) in types {
        let body = with_data(event_type, data).replacen("\"data\"", "\"later\":{\"x\":1.50},\"data\"", 1);
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        let Some((same, payload)) = single_pass::<AnyEvent>(&body) else {
            assert_eq!(
                event_type, "sponsor.added",
                "only an unknown type takes two passes"
            );
            continue;
        };
        assert_eq!(payload, envelope.payload().unwrap());
        assert_eq!(same.clone().data_json(), data);
        assert_eq!(
            serde_json::to_string(&same).unwrap(),
            serde_json::to_string(&envelope).unwrap()
        );
        assert_eq!(format!("{same:?}"), format!("{envelope:?}"));
    }
    let twice = APPROVED.replace("\"later\":true", "\"type\":\"application.approved\"");
    let (envelope, _) = single_pass::<AnyEvent>(&twice).unwrap();
    assert_eq!(
        envelope.extra(),
        Envelope::parse(twice.as_bytes()).unwrap().extra()
    );
    let (_, application) = single_pass::<ApplicationApproved>(APPROVED).unwrap();
    assert_eq!(application.id.as_str(), "app_1");
}

#[test]
fn a_single_pass_leaves_other_bodies_to_two() {
    let late = r#"{"data":{"id":"app_1","status":"pending"},"id":"env_1","type":"application.submitted","occurred_at":"2026-05-09T14:22:31Z","event_id":null,"organization_id":null}"#;
    assert!(Envelope::parse(late.as_bytes()).unwrap().payload().is_ok());
    for body in [
        late.to_owned(),
        format!("{APPROVED} x"),
        APPROVED.replace("\"id\":\"env_1\",", ""),
        late.replace(
            "\"id\":\"env_1\"",
            "\"id\":\"env_1\",\"type\":\"application.rejected\"",
        ),
        APPROVED.replace("\"later\":true", "\"data\":{}"),
        APPROVED.replace(",\"approver_id\":\"usr_9\"", ""),
        APPROVED.replace("application.approved", "application.submittex"),
        APPROVED.replace("app_1", "app_\u{1}"),
        "[]".to_owned(),
        String::new(),
    ] {
        assert!(single_pass::<AnyEvent>(&body).is_none(), "{body}");
    }
    assert!(single_pass::<crate::kind::ApplicationRejected>(APPROVED).is_none());
}
