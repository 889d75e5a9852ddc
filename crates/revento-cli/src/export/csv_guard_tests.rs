//! What no text may do in any spreadsheet.

use proptest::prelude::*;
use serde_json::Value;

use super::csv_guard::*;

/// Whether some spreadsheet could begin a cell with a formula in this line: it cuts at any one separator and at line ends, and
/// knows no quotation marks.
pub(super) fn could_run(line: &str) -> bool {
    let separators: Vec<char> = line.chars().filter(|character| separates(*character)).collect();
    let starts_formula = |cell: &str| {
        let begin = cell
            .chars()
            .find(|character| *character == '\'' || !is_skipped(*character));
        begin.is_some_and(begins_formula)
    };
    let cut_at = |separator: char| line.split([separator, '\n', '\r']).any(starts_formula);
    starts_formula(line) || separators.into_iter().any(cut_at)
}

#[test]
fn h6_a_place_where_a_cell_could_begin_is_guarded() {
    for (text, guarded) in [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("  =1", "  '=1"),
        ("\u{a0}\u{feff}\u{200b}@x", "\u{a0}\u{feff}\u{200b}'@x"),
        ("Ada;=cmd|' /C calc'!A0", "Ada;'=cmd|' /C calc'!A0"),
        ("Ada\t+1", "Ada\t'+1"),
        ("Ada\r\n-1", "Ada\r\n'-1"),
        ("Ada, =1", "Ada, '=1"),
        ("Ada\";=1", "Ada\";'=1"),
        ("＝1＋1", "'＝1＋1"),
        ("；＠SUM(1)", "；'＠SUM(1)"),
        ("=+-1", "'='+'-1"),
        ("'=1", "''=1"),
        ("x|-1", "x|'-1"),
        ("Jean-Luc O'Hara <a@b.example>", "Jean-Luc O'Hara <a@b.example>"),
        ("1 + 1 = 2; really", "1 + 1 = 2; really"),
        ("", ""),
    ] {
        assert_eq!(guard_text(text), guarded, "{text:?}");
        assert!(!could_run(guarded), "{guarded:?}");
        assert!(!could_run(text) || text != guarded, "{text:?}");
    }
}

#[test]
fn h6_guarded_json_is_the_same_json() {
    for (json, guarded) in [
        (r#"{"a":"b,c","n":[1,-5]}"#, r#"{"a":"b,c","n":[1,-5]}"#),
        (r#"{"a":"x;=1"}"#, r#"{"a":"x;\u003d1"}"#),
        (r#"["a","=1"]"#, r#"["a","\u003d1"]"#),
        (r#"["a;\"=1"]"#, r#"["a;\"=1"]"#),
    ] {
        assert_eq!(guard_json(json), guarded, "{json}");
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(read(guarded), read(json));
    }
}

/// Texts full of what matters here.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[=+@＝＋－＠−;,|\t\r\n \"'a\u{feff}\u{200b}\\\\-]{0,12}",
    ]
}

proptest! {
    #[test]
    fn h6_no_text_can_begin_a_formula(text in text()) {
        let guarded = guard_text(&text);
        prop_assert!(!could_run(&guarded), "{guarded:?}");
        // Without the apostrophes it is what it was.
        let kept = guarded.chars().filter(|character| *character != '\'');
        prop_assert!(kept.eq(text.chars().filter(|character| *character != '\'')));
    }

    #[test]
    fn h6_any_json_keeps_its_value(texts in proptest::collection::vec(text(), 0..4)) {
        let json = serde_json::to_string(&texts).unwrap();
        let guarded = guard_json(&json);
        prop_assert_eq!(serde_json::from_str::<Vec<String>>(&guarded).unwrap(), texts);
    }
}
