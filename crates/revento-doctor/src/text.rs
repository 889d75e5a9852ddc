//! Foreign text on its way to a person.

use std::fmt::Write as _;

/// The text on one line, with every character escaped that a person cannot see, or that acts on a terminal or changes how others
/// are shown: controls, marks that change the direction of text, and characters without a width.
pub(crate) fn line(text: &str) -> String {
    escaped(text, |character| {
        matches!(character, '\n' | '\t') || is_hidden(character)
    })
}

/// Like [`line`], but line breaks and tabs stay.
pub(crate) fn lines(text: &str) -> String {
    escaped(text, is_hidden)
}

fn escaped(text: &str, is_wrong: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_wrong(character) {
            // Writing to a text does not fail.
            let _ = write!(shown, "{}", character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
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
    fn h5_nothing_is_hidden_or_acts_on_the_screen() {
        assert_eq!(lines("Größe,\n\tמחר 👍🏽"), "Größe,\n\tמחר 👍🏽");
        assert_eq!(
            line("late\r\u{1b}[2J\u{202e}\nok\u{200b}\u{9b}"),
            r"late\u{d}\u{1b}[2J\u{202e}\u{a}ok\u{200b}\u{9b}"
        );
    }
}
