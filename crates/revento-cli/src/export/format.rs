//! Participants as lines of a file.

use anyhow::Result;
use revento::types::resource::Participant;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// With a header line; the answers to the organizer's form are one column of JSON.
    Csv,
    /// One JSON object to a line.
    Jsonl,
}

/// The columns, by the names of the contract (§3.4).
const COLUMNS: [&str; 12] = [
    "id",
    "application_status",
    "name",
    "email",
    "user_id",
    "event_id",
    "application_id",
    "registered_at",
    "last_reviewed_at",
    "last_reviewer_id",
    "last_review_action",
    "custom_form_fields",
];

impl Format {
    /// What the file begins with.
    pub(crate) fn head(self) -> Result<Vec<u8>> {
        match self {
            Self::Csv => record([COLUMNS.map(ToOwned::to_owned)]),
            Self::Jsonl => Ok(Vec::new()),
        }
    }

    /// The lines of some participants.
    pub(crate) fn lines(self, people: &[Participant]) -> Result<Vec<u8>> {
        match self {
            Self::Csv => {
                let rows: Vec<_> = people.iter().map(row).collect::<Result<_>>()?;
                record(rows)
            }
            Self::Jsonl => {
                let mut lines = Vec::new();
                for person in people {
                    serde_json::to_writer(&mut lines, person)?;
                    lines.push(b'\n');
                }
                Ok(lines)
            }
        }
    }
}

fn record(rows: impl IntoIterator<Item = [String; COLUMNS.len()]>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    Ok(writer.into_inner()?)
}

fn row(person: &Participant) -> Result<[String; COLUMNS.len()]> {
    let fields = serde_json::to_value(person)?;
    Ok(COLUMNS.map(|name| match fields.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => guarded(text),
        Some(other) => other.to_string(),
    }))
}

/// Participants write their names themselves, and a spreadsheet runs what looks like a formula
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(json: &str) -> Participant {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn csv_quotes_guards_and_leaves_out() {
        let people = [
            person(r#"{"id":"par_1","application_status":"approved","name":"O, \"Neil\"","unknown":1}"#),
            person(
                r#"{"id":"par_2","application_status":"later","name":"=HYPERLINK(1)","custom_form_fields":{"a":"b,c"}}"#,
            ),
        ];
        let csv = String::from_utf8(Format::Csv.lines(&people).unwrap()).unwrap();
        let expected = concat!(
            "par_1,approved,\"O, \"\"Neil\"\"\",,,,,,,,,\n",
            "par_2,later,'=HYPERLINK(1),,,,,,,,,\"{\"\"a\"\":\"\"b,c\"\"}\"\n"
        );
        assert_eq!(csv, expected);
        let head = String::from_utf8(Format::Csv.head().unwrap()).unwrap();
        assert!(head.starts_with("id,application_status,name,") && head.ends_with(",custom_form_fields\n"));
    }

    #[test]
    fn json_lines_keep_everything() {
        let text = r#"{"id":"par_1","application_status":"new_one","name":"=x","unknown":{"deep":[1]}}"#;
        let lines = Format::Jsonl.lines(&[person(text)]).unwrap();
        let back: Value = serde_json::from_slice(&lines).unwrap();
        assert_eq!(back, serde_json::from_str::<Value>(text).unwrap());
        assert!(lines.ends_with(b"}\n"));
    }
}
