//! Texts that engines alter or take for another text, and what became of one.

use crate::{expect::fail, show::quoted, subject::CheckResult};

/// No two are equal, whatever a collation, a trimming column, an encoding, a pattern or a reader of escapes makes of them.
pub(crate) const ODD: &[&str] = &[
    // Blanks, control characters and line ends.
    "",
    " ",
    "  ",
    "a",
    " a",
    "a ",
    "a  ",
    "\0",
    "a\0",
    "a\0b",
    "\u{1}",
    "a\u{1}",
    "a\n",
    "a\r\n",
    "a\nb",
    "a\r\nb",
    "a\tb",
    // Case, and letters that some alphabets take for others.
    "A",
    "ab",
    "AB",
    "ss",
    "ß",
    "ẞ",
    "i",
    "I",
    "ı",
    "İ",
    "Ａ",
    // Beyond ASCII, Latin-1 and three bytes; composed and decomposed; replacements of what an encoding does not have.
    "á",
    "a\u{301}",
    "à",
    "é",
    "e\u{301}",
    "€",
    "日本語",
    "🎟",
    "🎫",
    "\u{feff}a",
    "\u{200b}a",
    "\u{fffd}",
    "?",
    "????",
    // Escapes, patterns and separators.
    "a/b",
    "a%2Fb",
    "a%",
    "%",
    "%00",
    "_",
    "a_",
    "a_b",
    "a:b",
    "a.b",
    "{a}",
    "{x}:*",
    "*",
    "a*",
    "[a]",
    "a>",
    "\\",
    "a\\",
    "a\\b",
    "\\x00",
    // Values of other types, and statements.
    "null",
    "NULL",
    "None",
    "0",
    "00",
    "1e3",
    "'",
    "''",
    "\"",
    "'\";--",
    "a;DROP TABLE x",
    "$1",
    "?1",
    "${a}",
];

/// Of these each is easily taken for another one: few, for checks that make many calls with each.
pub(crate) const ALIKE: &[&str] = &[
    "", "a", "A", "B", "a ", "a\0", "ab", "a/b", "a%", "a_", "%", "á", "a\u{301}", "à", "Ａ",
];

/// Longer than the texts of any engine's usual columns (20, 255, 4000 and 65 535 bytes), in characters of one and of three bytes.
pub(crate) fn long() -> [String; 2] {
    ["0123456789".repeat(7000), "日本語".repeat(8000)]
}

/// Fails unless a text came back as it was sent.
pub(crate) fn survives(what: &str, came: Option<&str>, sent: Option<&str>) -> CheckResult {
    let change = match (came, sent) {
        _ if came == sent => return Ok(()),
        (None, Some("")) => "\"\" came back as none: the engine takes an empty text for NULL".to_owned(),
        (Some(""), None) => "none came back as \"\"".to_owned(),
        (came, None) => format!("none came back as {}", quoted(came.unwrap_or_default())),
        (None, Some(sent)) => format!("{} came back as none", quoted(sent)),
        (Some(came), Some(sent)) => {
            format!(
                "{} came back as {}: {}",
                quoted(sent),
                quoted(came),
                cause(came, sent)
            )
        }
    };
    fail(format!("{what}: {change}"))
}

/// What probably happened to a text.
fn cause(came: &str, sent: &str) -> String {
    let is_replaced = |character: char| matches!(character, '?' | '\u{fffd}');
    let (same_case, same_lines) = (
        came.to_lowercase() == sent.to_lowercase(),
        came.replace('\r', "") == sent.replace('\r', ""),
    );
    match () {
        () if came == sent.trim() => "blanks around it are gone".to_owned(),
        () if sent.split('\0').next() == Some(came) => "it ends where its NUL was".to_owned(),
        () if sent.starts_with(came) => format!(
            "it was cut after {} bytes ({} characters)",
            came.len(),
            came.chars().count()
        ),
        () if same_case => "the case of its letters has changed".to_owned(),
        () if same_lines => "its line ends have changed".to_owned(),
        () if came.contains(is_replaced) => {
            "characters were replaced: a column or the connection is not in UTF-8".to_owned()
        }
        () if !sent.is_ascii() => {
            "a column or the connection has another encoding, or something normalizes Unicode".to_owned()
        }
        () => "its bytes have changed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::expect::NotPassed;

    #[test]
    fn no_two_texts_are_equal() {
        for texts in [ODD, ALIKE] {
            assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len());
        }
    }

    #[test]
    fn a_failure_names_the_probable_cause() {
        let causes = [
            (
                Some("a"),
                Some("a "),
                r#"the text: "a " came back as "a": blanks around it are gone"#,
            ),
            (Some("a"), Some("a\0b"), "it ends where its NUL was"),
            (Some("ab"), Some("abé"), "it was cut after 2 bytes (2 characters)"),
            (Some("a"), Some("A"), "the case of its letters has changed"),
            (Some("a\nb"), Some("a\r\nb"), "its line ends have changed"),
            (Some("na?ve"), Some("naïve"), "is not in UTF-8"),
            (Some("á"), Some("a\u{301}"), r#""a\u{301}" came back as "\u{e1}""#),
            (Some("b"), Some("a"), "its bytes have changed"),
            (None, Some(""), "takes an empty text for NULL"),
            (Some(""), None, r#"none came back as """#),
            (None, Some("a"), r#""a" came back as none"#),
        ];
        for (came, sent, cause) in causes {
            let Err(NotPassed::Failed(what)) = survives("the text", came, sent) else {
                panic!("{sent:?} is not {came:?}");
            };
            assert!(what[0].contains(cause), "{what:?} has no {cause}");
        }
        assert!(survives("the text", Some("a"), Some("a")).is_ok());
    }
}
