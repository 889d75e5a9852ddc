//! Foreign text on its way to a person.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The page with every character escaped that a person cannot see, or that changes how others are shown: controls, marks
/// that change the direction of text, and characters without a width. Line breaks and tabs stay, and so does everything
/// that a page of the sandbox itself contains.
pub(crate) fn visible(page: &str) -> Cow<'_, str> {
    escaped(page, is_hidden)
}

/// Like [`visible`], on one line: for an error or a log.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |character| {
        matches!(character, '\n' | '\t') || is_hidden(character)
    })
}

fn escaped(text: &str, is_wrong: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_wrong) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 64);
    for character in text.chars() {
        if is_wrong(character) {
            // Writing to a text does not fail.
            let _ = write!(shown, "{}", character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

fn is_hidden(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{2800}' | '\u{3164}'
        | '\u{feff}' => true,
        '\u{ffa0}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        _ => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h5_nothing_in_a_page_is_hidden_or_acts_on_the_screen() {
        assert_eq!(visible("Größe, 東京,\n\tמחר 👍🏽"), "Größe, 東京,\n\tמחר 👍🏽");
        assert_eq!(
            visible("late\r\u{1b}[2J\u{202e}good\u{200b}\u{9b}\u{feff}"),
            r"late\u{d}\u{1b}[2J\u{202e}good\u{200b}\u{9b}\u{feff}"
        );
        assert_eq!(line("two\nlines"), r"two\u{a}lines");
    }
}
