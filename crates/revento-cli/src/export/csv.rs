//! Participants as CSV.

use anyhow::Result;
use revento::types::{
    Timestamp,
    resource::{Participant, ReviewAction},
};
use serde::{Deserialize, Serialize};

use super::csv_guard::{guard_json, guard_text};

/// How the file is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::Args)]
pub(crate) struct CsvLayout {
    /// Write CSV as Excel reads it best: a byte order mark, so that it takes the text for UTF-8, and CRLF at the line ends.
    #[arg(long)]
    excel: bool,
    /// What separates the cells. Where a comma separates the decimals of a number, Excel expects semicolons.
    #[arg(long, value_enum, value_name = "NAME", default_value_t)]
    separator: Separator,
}

/// The separator of the cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Separator {
    #[default]
    Comma,
    Semicolon,
    Tab,
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
    FORM,
];
const FORM: &str = "custom_form_fields";

impl CsvLayout {
    /// The start of the file.
    pub(crate) fn header(self) -> Result<Vec<u8>> {
        let mark = if self.excel { "\u{feff}" } else { "" };
        let mut header = mark.as_bytes().to_vec();
        header.extend(self.lines([COLUMNS.map(ToOwned::to_owned)])?);
        Ok(header)
    }

    /// The lines for these participants.
    pub(crate) fn people(self, people: &[Participant]) -> Result<Vec<u8>> {
        self.lines(people.iter().map(row))
    }

    fn lines(self, rows: impl IntoIterator<Item = [String; COLUMNS.len()]>) -> Result<Vec<u8>> {
        let mut writer = ::csv::WriterBuilder::new()
            // Each cell is in quotation marks, whatever separates cells where the file is opened.
            .quote_style(::csv::QuoteStyle::Always)
            .delimiter(match self.separator {
                Separator::Comma => b',',
                Separator::Semicolon => b';',
                Separator::Tab => b'\t',
            })
            .terminator(if self.excel {
                ::csv::Terminator::CRLF
            } else {
                ::csv::Terminator::Any(b'\n')
            })
            .from_writer(Vec::new());
        for row in rows {
            writer.write_record(row)?;
        }
        Ok(writer.into_inner()?)
    }
}

fn row(person: &Participant) -> [String; COLUMNS.len()] {
    COLUMNS.map(|name| match (name, cell(person, name)) {
        (FORM, _) => guard_json(&person.custom_form_fields.as_json().replace(['\r', '\n'], " ")),
        (_, Some(text)) => guard_text(&text),
        // A value that could not be taken over is written as it came, and nothing reads it.
        (name, None) => person.extra().json(name).map(guard_text).unwrap_or_default(),
    })
}

fn cell(person: &Participant, name: &str) -> Option<String> {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    match name {
        "id" => Some(person.id.to_string()),
        "application_status" => Some(person.application_status.to_string()),
        "name" => person.name.clone(),
        "email" => person.email.clone(),
        "user_id" => person.user_id.as_ref().map(ToString::to_string),
        "event_id" => person.event_id.as_ref().map(ToString::to_string),
        "application_id" => person.application_id.as_ref().map(ToString::to_string),
        "registered_at" => time(person.registered_at),
        "last_reviewed_at" => time(person.last_reviewed_at),
        "last_reviewer_id" => person.last_reviewer_id.as_ref().map(ToString::to_string),
        "last_review_action" => person.last_review_action.as_ref().map(ReviewAction::to_string),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use revento::types::Page;
    use serde_json::json;

    use super::{super::csv_guard_tests::could_run, *};

    fn people(json: &str) -> Vec<Participant> {
        let page = format!(r#"{{"data":[{json}],"next_cursor":null,"has_more":false}}"#);
        let page = Page::read(page.as_bytes()).unwrap();
        assert!(page.bad_items.is_empty(), "{:?}", page.bad_items);
        page.data
    }

    fn text(layout: CsvLayout, people: &[Participant]) -> String {
        String::from_utf8(layout.people(people).unwrap()).unwrap()
    }

    #[test]
    fn csv_quotes_escapes_formulas_and_leaves_unknown_fields_out() {
        let people = people(
            r#"{"id":"par_1","application_status":"approved","name":"O, \"Neil\"","unknown":1},
               {"id":"par_2","application_status":"later","name":"=HYPERLINK(1)","custom_form_fields":{"a":"b,c"}}"#,
        );
        let expected = concat!(
            "\"par_1\",\"approved\",\"O, \"\"Neil\"\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"{}\"\n",
            "\"par_2\",\"later\",\"'=HYPERLINK(1)\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"{\"\"a\"\":\"\"b,c\"\"}\"\n"
        );
        assert_eq!(text(CsvLayout::default(), &people), expected);
        let header = String::from_utf8(CsvLayout::default().header().unwrap()).unwrap();
        assert!(
            header.starts_with("\"id\",\"application_status\",\"name\",")
                && header.ends_with("\"custom_form_fields\"\n")
        );
    }

    #[test]
    fn h6_excel_gets_a_mark_its_line_ends_and_its_separator() {
        let layout = CsvLayout {
            excel: true,
            separator: Separator::Semicolon,
        };
        let header = String::from_utf8(layout.header().unwrap()).unwrap();
        assert!(
            header.starts_with("\u{feff}\"id\";\"application_status\";") && header.ends_with("\"\r\n"),
            "{header:?}"
        );
        let person = people(r#"{"id":"par_1","application_status":"approved","name":"Zoë;=1"}"#);
        let line = text(layout, &person);
        assert!(
            line.starts_with("\"par_1\";\"approved\";\"Zoë;'=1\";") && line.ends_with("\r\n"),
            "{line:?}"
        );
    }

    #[test]
    fn h2_values_that_were_kept_raw_are_written_as_they_came() {
        let people = people(
            r#"{"id":"par_1","application_status":"approved","name":["=1;=2"],"email":NaN,"registered_at":1e999,
                "user_id":-1,"x":1e999,"custom_form_fields":{"big":1e999,
                "y":NaN,"z":"\ud83d"}}"#,
        );
        let bytes = CsvLayout::default().people(&people).unwrap();
        let mut reader = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(&*bytes)
            .into_records();
        let line = reader.next().unwrap().unwrap();
        assert!(reader.next().is_none());
        assert_eq!(
            (&line[0], &line[2], &line[3], &line[4], &line[7]),
            ("par_1", "[\"=1;'=2\"]", "NaN", "'-1", "1e999")
        );
        let form: serde_json::Value = serde_json::from_str(&line[11].replace("1e999", "0")).unwrap();
        assert_eq!(form["z"], "\u{fffd}");
    }

    proptest! {
        /// Whatever people call themselves, in every layout, and wherever the file is opened.
        #[test]
        fn h6_no_line_of_a_file_can_run(
            name in any::<String>(),
            nasty in "[=+@＝＋－＠−;,|\t\r\n \"'a\u{feff}\u{200b}\\\\-]{0,12}",
            excel in any::<bool>(),
            separator in prop_oneof![Just(Separator::Comma), Just(Separator::Semicolon), Just(Separator::Tab)],
        ) {
            let person = json!({"id": nasty, "application_status": nasty, "name": name, "email": nasty, "user_id": [nasty],
                "custom_form_fields": {"a": nasty, "b": name}});
            let people = people(&person.to_string());
            let layout = CsvLayout { excel, separator };
            let line = text(layout, &people);
            prop_assert!(!could_run(&line), "{line:?}");
            // A reader who knows the layout gets one record with all cells.
            let delimiter = match separator { Separator::Comma => b',', Separator::Semicolon => b';', Separator::Tab => b'\t' };
            let records: Vec<_> = ::csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(line.as_bytes()).into_records().collect();
            prop_assert_eq!(records.len(), 1);
            prop_assert_eq!(records[0].as_ref().unwrap().len(), COLUMNS.len());
        }
    }
}
