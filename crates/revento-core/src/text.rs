//! Foreign text on its way to a person.

use std::fmt::{self, Write};

/// How many characters of a foreign text a message shows.
const MAX_CHARS: usize = 300;

/// Makes foreign text safe for a terminal, a log line or a message: one line of at most 300 characters, in which nothing acts on
/// the screen.
///
/// Foreign is what others wrote: ids, types, reasons and messages of the platform, headers of a request, names, texts of a
/// file. This escapes line breaks, terminal sequences, marks that change the direction of text, and characters without a
/// visible form. Letters of every script, quotation marks and backslashes stay.
///
/// ```
/// use revento_core::text::printable;
///
/// let reason = "late\r\n\u{1b}[2Jall \u{202e}good";
/// assert_eq!(printable(reason).to_string(), r"late\r\n\u{1b}[2Jall \u{202e}good");
/// ```
pub fn printable(text: &str) -> Printable<'_> {
    Printable {
        text,
        max_chars: MAX_CHARS,
        as_json: false,
    }
}

/// A text that is safe to show. From [`printable`].
#[derive(Clone, Copy)]
pub struct Printable<'t> {
    text: &'t str,
    max_chars: usize,
    as_json: bool,
}

impl Printable<'_> {
    /// Without a limit of the length, for a whole message.
    #[must_use]
    pub fn whole(self) -> Self {
        Self {
            max_chars: usize::MAX,
            ..self
        }
    }

    /// A whole text with the escapes of JSON (`\u202e`): a JSON text stays the same JSON.
    #[must_use]
    pub fn json(self) -> Self {
        Self {
            max_chars: usize::MAX,
            as_json: true,
            ..self
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, character: char, is_first: bool) -> fmt::Result {
        if is_visible(character) || (!is_first && is_accent(character)) {
            return f.write_char(character);
        }
        if self.as_json {
            let units = character.encode_utf16(&mut [0; 2]).to_vec();
            return units.iter().try_for_each(|unit| write!(f, "\\u{unit:04x}"));
        }
        match character {
            '\r' | '\n' | '\t' | '\0' => write!(f, "{}", character.escape_debug()),
            _ => write!(f, "{}", character.escape_unicode()),
        }
    }
}

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut is_first = true;
        let mut rest = self.text.chars();
        for character in rest.by_ref().take(self.max_chars) {
            self.write(f, character, is_first)?;
            is_first = false;
        }
        match rest.next() {
            Some(_) => f.write_char('…'),
            None => Ok(()),
        }
    }
}

/// Shows what `Display` shows, in quotation marks.
impl fmt::Debug for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Whether the character shows something, and nothing else.
fn is_visible(character: char) -> bool {
    match character {
        // Harmless, and frequent in messages.
        '"' | '\'' | '\\' => true,
        // Letters of Unicode that show nothing.
        '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' => false,
        _ => character.escape_debug().len() == 1,
    }
}

/// Whether the character acts on a terminal or is not visible: controls, marks that change the direction of text, and characters
/// without a width. The set is fixed, because stored keys depend on it.
pub(crate) fn is_hidden(character: char) -> bool {
    let is_format = matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    character.is_control() || is_format
}

/// Whether the character is written on the one before it: `escape_debug` escapes it only where it stands alone.
fn is_accent(character: char) -> bool {
    character.escape_debug().len() > 1 && format!("a{character}").escape_debug().count() == 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        printable(text).to_string()
    }

    #[test]
    fn a15_h5_foreign_text_stays_on_one_line_and_acts_on_nothing() {
        for (text, expected) in [
            ("it's \"so\" \\ é", "it's \"so\" \\ é"),
            ("a\r\nb\u{1b}[31m\u{202e}\0", "a\\r\\nb\\u{1b}[31m\\u{202e}\\0"),
            // A link of the terminal, the title of its window, and the one-byte form of ESC [.
            (
                "\u{1b}]8;;http://evil.test\u{7}here",
                "\\u{1b}]8;;http://evil.test\\u{7}here",
            ),
            ("\u{9b}2J\u{9d}0;x\u{9c}", "\\u{9b}2J\\u{9d}0;x\\u{9c}"),
            (
                "a\u{2066}b\u{2069}c\u{200f}\u{61c}",
                "a\\u{2066}b\\u{2069}c\\u{200f}\\u{61c}",
            ),
            (
                "a\u{200b}\u{200d}\u{feff}\u{ad}\u{3164}",
                "a\\u{200b}\\u{200d}\\u{feff}\\u{ad}\\u{3164}",
            ),
            (
                "\u{e0041}\u{2028}\u{2029}\u{85}",
                "\\u{e0041}\\u{2028}\\u{2029}\\u{85}",
            ),
            // Accents that are characters of their own, and scripts from right to left.
            ("Zoe\u{308} שלום こんにちは 🎉", "Zoe\u{308} שלום こんにちは 🎉"),
            ("\u{308}x", "\\u{308}x"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a15_long_text_is_cut_unless_it_is_wanted_whole() {
        assert_eq!(shown(&"ü".repeat(300)), "ü".repeat(300));
        assert_eq!(shown(&"ü".repeat(301)), "ü".repeat(300) + "…");
        assert_eq!(printable(&"ü".repeat(301)).whole().to_string(), "ü".repeat(301));
    }

    #[test]
    fn h5_json_stays_the_same_json() {
        let json = "{\"a\":\"\u{202e}\u{7f}\u{9b}\u{e0041}é\\n\"}";
        let shown = printable(json).json().to_string();
        assert_eq!(shown, "{\"a\":\"\\u202e\\u007f\\u009b\\udb40\\udc41é\\n\"}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&shown), read(json));
    }

    proptest! {
        #[test]
        fn h5_nothing_hidden_is_ever_shown(text in ".*|[\u{80}-\u{9f}\u{61c}\u{200b}-\u{206f}\u{e0000}-\u{e007f}]*") {
            let shown = printable(&text).whole().to_string();
            prop_assert!(!shown.chars().any(is_hidden));
        }
    }
}
