//! Writes participants as lines of a file.

use anyhow::Result;
use revento::types::resource::Participant;
use serde::{Deserialize, Serialize};

use super::csv::CsvLayout;

/// The format of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// CSV with a header line. The answers to the organizer's form are one column of JSON.
    Csv,
    /// One JSON object on each line.
    Jsonl,
}

impl Format {
    /// The start of the file.
    pub(crate) fn header(self, layout: CsvLayout) -> Result<Vec<u8>> {
        match self {
            Self::Csv => layout.header(),
            Self::Jsonl => Ok(Vec::new()),
        }
    }

    /// The lines for these participants.
    pub(crate) fn lines(self, layout: CsvLayout, people: &[Participant]) -> Result<Vec<u8>> {
        match self {
            Self::Csv => layout.people(people),
            Self::Jsonl => {
                let mut lines = Vec::new();
                for person in people {
                    lines.extend(json_line(person)?);
                }
                Ok(lines)
            }
        }
    }
}

/// Values that are kept raw have the platform's line breaks between their parts. JSON has none within a text.
fn json_line(person: &Participant) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(person)?;
    for byte in &mut line {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn line(person: &str) -> String {
        let person: Participant = serde_json::from_str(person).unwrap();
        String::from_utf8(Format::Jsonl.lines(CsvLayout::default(), &[person]).unwrap()).unwrap()
    }

    #[test]
    fn json_lines_keep_all_fields() {
        let text = r#"{"id":"par_1","application_status":"new_one","name":"=x","unknown":{"deep":[1]}}"#;
        let written = line(text);
        let back: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(back, serde_json::from_str::<Value>(text).unwrap());
        assert!(written.ends_with("}\n"));
    }

    #[test]
    fn h2_a_value_in_several_lines_stays_in_one() {
        let text = "{\"id\":\"par_1\",\"application_status\":\"approved\",\"x\":{\r\n  \"a\": [1,\n2]},\"custom_form_fields\":{\n}}";
        let written = line(text);
        assert_eq!(written.trim_end().lines().count(), 1, "{written}");
        assert_eq!(
            serde_json::from_str::<Value>(&written).unwrap(),
            serde_json::from_str::<Value>(text).unwrap()
        );
    }
}
