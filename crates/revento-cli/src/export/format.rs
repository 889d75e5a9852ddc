//! Writes participants as lines of a file.

use anyhow::Result;
use revento::types::resource::Participant;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The format of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// CSV with a header line. The answers to the organizer's form are one column of JSON.
    Csv,
    /// One JSON object on each line.
    Jsonl,
}

/// The columns, named as the fields of a participant (contract §3.4).
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
    /// The start of the file.
    pub(crate) fn header(self) -> Result<Vec<u8>> {
        match self {
            Self::Csv => csv_lines([COLUMNS.map(ToOwned::to_owned)]),
            Self::Jsonl => Ok(Vec::new()),
        }
    }

    /// The lines for these participants.
    pub(crate) fn lines(self, people: &[Participant]) -> Result<Vec<u8>> {
        match self {
            Self::Csv => {
                let rows: Vec<_> = people.iter().map(row).collect::<Result<_>>()?;
                csv_lines(rows)
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

fn csv_lines(rows: impl IntoIterator<Item = [String; COLUMNS.len()]>) -> Result<Vec<u8>> {
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
        Some(Value::String(text)) => escape_formula(text),
        Some(other) => other.to_string(),
    }))
}

/// Puts an apostrophe before text that a spreadsheet would run as a formula. Participants choose their names themselves
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn escape_formula(text: &str) -> String {
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
    fn csv_quotes_escapes_formulas_and_leaves_unknown_fields_out() {
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
        let header = String::from_utf8(Format::Csv.header().unwrap()).unwrap();
        assert!(
            header.starts_with("id,application_status,name,") && header.ends_with(",custom_form_fields\n")
        );
    }

    #[test]
    fn json_lines_keep_all_fields() {
        let text = r#"{"id":"par_1","application_status":"new_one","name":"=x","unknown":{"deep":[1]}}"#;
        let lines = Format::Jsonl.lines(&[person(text)]).unwrap();
        let back: Value = serde_json::from_slice(&lines).unwrap();
        assert_eq!(back, serde_json::from_str::<Value>(text).unwrap());
        assert!(lines.ends_with(b"}\n"));
    }
}
