//! [`TypedColumns`]: what SQL stores keep beside the JSON.

use revento_core::{Timestamp, resource::Activity, tolerant_json};

use super::{Answer, ResourceKind, Row};

/// The values of a row for columns that people ask by SQL, and that [conditions](super::Condition) compare with. A value that the
/// resource does not have is `None`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct TypedColumns {
    /// In the order of [`TEXTS`](Self::TEXTS).
    pub texts: [Option<String>; 11],
    /// In the order of [`INTEGERS`](Self::INTEGERS). Times are microseconds since 1970.
    pub integers: [Option<i64>; 6],
}

impl TypedColumns {
    /// The names of the columns with text. `name` is an activity's title, too.
    pub const TEXTS: [&'static str; 11] = [
        "application_status",
        "status",
        "role",
        "email",
        "user_id",
        "application_id",
        "name",
        "last_review_action",
        "thread_id",
        "location_id",
        "capacity_state",
    ];
    /// The names of the columns with numbers.
    pub const INTEGERS: [&'static str; 6] = [
        "registered_at",
        "last_reviewed_at",
        "starts_at",
        "ends_at",
        "capacity",
        "signups",
    ];

    /// The values of a row. Rows of other kinds than participants and activities have none.
    pub fn of(row: &Row) -> Self {
        match row.kind {
            ResourceKind::Participant => Self::of_participant(row),
            ResourceKind::Activity => Self::of_activity(row),
            _ => None,
        }
        .unwrap_or_default()
    }

    fn of_participant(row: &Row) -> Option<Self> {
        let it = row.participant()?;
        Some(Self {
            texts: [
                Some(it.application_status.to_string()),
                it.status.map(|status| status.to_string()),
                it.role,
                it.email,
                it.user_id.map(|id| id.to_string()),
                it.application_id.map(|id| id.to_string()),
                it.name,
                it.last_review_action.map(|action| action.to_string()),
                None,
                None,
                None,
            ],
            integers: [
                micros(it.registered_at),
                micros(it.last_reviewed_at),
                None,
                None,
                None,
                None,
            ],
        })
    }

    fn of_activity(row: &Row) -> Option<Self> {
        let it: Activity = tolerant_json::read(row.json.as_bytes()).ok()?;
        let count = |number: Option<u64>| number.and_then(|number| i64::try_from(number).ok());
        Some(Self {
            texts: [
                None,
                Some(it.status.to_string()),
                None,
                None,
                None,
                None,
                it.title,
                None,
                it.thread_id.map(|id| id.to_string()),
                it.location_id.map(|id| id.to_string()),
                it.capacity_state.map(|state| state.to_string()),
            ],
            integers: [
                None,
                None,
                micros(it.starts_at),
                micros(it.ends_at),
                count(it.capacity),
                count(it.signups),
            ],
        })
    }
}

fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(|time| time.unix_micros())
}

/// Without the values, which are personal.
impl std::fmt::Debug for TypedColumns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TypedColumns").finish_non_exhaustive()
    }
}

impl Answer {
    /// A list of answers as JSON text without control characters, for one column.
    pub fn list_to_json(answers: &[Self]) -> String {
        let pairs: Vec<_> = answers
            .iter()
            .map(|answer| (&answer.question, &answer.value))
            .collect();
        // Pairs of texts are JSON.
        serde_json::to_string(&pairs).unwrap_or_default()
    }

    /// The answers in such a text; `None` if it is another text.
    pub fn list_from_json(json: &str) -> Option<Vec<Self>> {
        let pairs: Vec<(Box<str>, Box<str>)> = serde_json::from_str(json).ok()?;
        let answers = pairs
            .into_iter()
            .map(|(question, value)| Self { question, value });
        Some(answers.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: ResourceKind, json: &str) -> Row {
        Row {
            kind,
            id: "x".into(),
            json: json.into(),
            answers: Vec::new(),
            whole_as_of: None,
            part_as_of: None,
            missing_in: None,
        }
    }

    #[test]
    fn the_columns_have_what_the_json_says() {
        let column = |row: &Row, name: &str| {
            let columns = TypedColumns::of(row);
            let at = TypedColumns::TEXTS.iter().position(|text| *text == name);
            let number = TypedColumns::INTEGERS.iter().position(|text| *text == name);
            at.map(|at| columns.texts[at].clone())
                .or(number.map(|at| columns.integers[at].map(|number| number.to_string())))
                .unwrap()
        };
        let json = r#"{"id":"x","application_status":"approved","status":"registered","name":"Zoë","email":null,"role":7}"#;
        let participant = row(ResourceKind::Participant, json);
        let text = |name| column(&participant, name);
        assert_eq!(text("application_status").as_deref(), Some("approved"));
        assert_eq!(text("status").as_deref(), Some("registered"));
        assert_eq!(text("name").as_deref(), Some("Zoë"));
        assert_eq!((text("email"), text("role")), (None, None));

        let json = r#"{"id":"x","status":"cancelled","title":"Opening","starts_at":"1970-01-01T00:00:01Z","signups":12,"capacity_state":"full"}"#;
        let activity = row(ResourceKind::Activity, json);
        let text = |name| column(&activity, name);
        assert_eq!(text("status").as_deref(), Some("cancelled"));
        assert_eq!(text("name").as_deref(), Some("Opening"));
        assert_eq!(text("starts_at").as_deref(), Some("1000000"));
        assert_eq!(text("signups").as_deref(), Some("12"));
        assert_eq!(text("capacity_state").as_deref(), Some("full"));

        for (kind, json) in [
            (ResourceKind::Event, r#"{"id":"x","status":"open"}"#),
            (ResourceKind::Participant, r#"{"id":"x"}"#),
            (ResourceKind::Activity, "no JSON"),
        ] {
            assert!(TypedColumns::of(&row(kind, json)) == TypedColumns::default());
        }
    }

    #[test]
    fn answers_make_a_round_trip() {
        let answer = |question: &str, value: &str| Answer {
            question: question.into(),
            value: value.into(),
        };
        let answers = [
            answer("a\0b", "c\"\n\u{1}"),
            answer("", "東京"),
            answer("a\0b", "c\"\n\u{1}"),
        ];
        let json = Answer::list_to_json(&answers);
        assert!(!json.contains(char::is_control), "{json}");
        assert_eq!(Answer::list_from_json(&json).unwrap(), answers);
        assert_eq!(Answer::list_from_json("{}"), None);
    }
}
