//! Keeps spreadsheets from running a text as a formula. Participants choose their names and answers themselves
//! (<https://owasp.org/www-community/attacks/CSV_Injection>).
//!
//! A spreadsheet decides by its locale what separates cells. A file with commas that is opened where semicolons separate is cut at
//! the semicolons inside texts, whatever quotation marks say. So each place within a text where a cell could begin is guarded, and
//! not only the beginning.

/// Begins a formula, also in its full-width and small forms, which Asian versions take for the same.
pub(crate) fn begins_formula(character: char) -> bool {
    matches!(
        character,
        '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫' | '−'
    )
}

/// What could end a cell or a line, in any locale and any dialog of an import.
pub(crate) fn separates(character: char) -> bool {
    matches!(
        character,
        ',' | ';' | '|' | '\t' | '，' | '；' | '\u{2028}' | '\u{2029}'
    ) || character.is_control()
}

/// What a spreadsheet may leave out at the beginning of a cell.
pub(crate) fn is_skipped(character: char) -> bool {
    matches!(
        character,
        '"' | '\'' | '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    ) || character.is_whitespace()
}

/// The text with an apostrophe before each character that could begin a formula where a cell could begin. A spreadsheet shows the
/// apostrophe and runs nothing.
pub(crate) fn guard_text(text: &str) -> String {
    let mut guarded = String::with_capacity(text.len());
    for (character, is_risky) in risks(text) {
        if is_risky {
            guarded.push('\'');
        }
        guarded.push(character);
    }
    guarded
}

/// The JSON text with such characters written as `\u003d` if they are in a string, so that it stays the same JSON. A minus sign
/// elsewhere begins a number.
pub(crate) fn guard_json(json: &str) -> String {
    let mut guarded = String::with_capacity(json.len());
    let (mut in_string, mut is_escaped) = (false, false);
    for (character, is_risky) in risks(json) {
        if is_risky && in_string && !is_escaped {
            guarded.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            guarded.push(character);
        }
        if character == '"' && !is_escaped {
            in_string = !in_string;
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    guarded
}

/// The characters, and whether each begins a formula where a cell could begin.
fn risks(text: &str) -> impl Iterator<Item = (char, bool)> {
    text.chars().scan(true, |may_begin_cell, character| {
        let is_risky = *may_begin_cell && begins_formula(character);
        // After a sign that was guarded, too: `=` may be left out of `=+1`.
        *may_begin_cell = separates(character) || (*may_begin_cell && (is_skipped(character) || is_risky));
        Some((character, is_risky))
    })
}
