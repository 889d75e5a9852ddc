use proptest::prelude::*;

use super::*;

#[test]
fn formulas_quotes_and_lines_become_plain_texts() {
    for (text, expected) in [
        ("Zoë 東京", "Zoë 東京"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        (" \"+1", " \"'+1"),
        ("a,=1;@x|-2", "a,'=1;'@x|'-2"),
        ("1-2", "1-2"),
        ("two\nlines", "two\\nlines"),
        ("\u{202e}=1", "\\u{202e}=1"),
        ("שלום", "שלום"),
    ] {
        assert_eq!(cell(text), expected);
    }
}

fn participants(name: &str, question: &str) -> Vec<u8> {
    let json = serde_json::json!({ "id": name, "application_status": "approved", "name": name, "email": name,
        "custom_form_fields": { question: name, "list": [name] } });
    let person: Participant = serde_json::from_value(json).unwrap();
    write(&[person.clone(), person]).unwrap()
}

proptest! {
    /// Whatever people call themselves: each is one line, and no cell can begin a formula.
    #[test]
    fn each_participant_is_one_harmless_line(
        name in "[=+@＝＋－＠−;,|\t\r\n \"'a\u{feff}\u{200b}\u{202e}\\\\-]{0,12}",
        question in any::<String>(),
    ) {
        let csv = participants(&name, &question);
        let text = String::from_utf8(csv.clone()).unwrap();
        prop_assert_eq!(text.lines().count(), 3);
        let records: Vec<_> = csv::ReaderBuilder::new().has_headers(false).from_reader(&*csv).into_records().collect();
        prop_assert_eq!(records.len(), 3);
        for record in records {
            for cell in record.unwrap().iter() {
                for part in cell.split([',', ';', '|']) {
                    let begin = part.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
                    prop_assert!(!begin.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '−']), "{cell:?}");
                }
            }
        }
    }
}
