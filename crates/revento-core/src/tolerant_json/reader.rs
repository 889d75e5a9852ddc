//! Walks through a JSON text that may be invalid.

/// A place in a text.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl Reader<'_> {
    /// Skips a value with all that is nested in it. It counts brackets instead of recursing, so that no nesting is too deep.
    pub(super) fn skip_value(&mut self) {
        let mut depth = 0_usize;
        while let Some(character) = self.peek() {
            match character {
                ',' | '}' | ']' if depth == 0 => return,
                '{' | '[' => depth += 1,
                '}' | ']' => depth -= 1,
                '"' => {
                    self.skip_string();
                    continue;
                }
                _ => {}
            }
            self.next();
        }
    }

    /// The text of the string that begins here. `None` if the string has no end.
    pub(super) fn string(&mut self) -> Option<String> {
        let begin = self.at + 1;
        let is_closed = self.skip_string();
        let inner = self.text.get(begin..self.at.checked_sub(1)?)?;
        is_closed.then(|| unescaped(inner))
    }

    /// Skips the string that begins here. `false` if the string has no end.
    fn skip_string(&mut self) -> bool {
        self.next();
        loop {
            match self.peek() {
                None => return false,
                Some('"') => {
                    self.next();
                    return true;
                }
                Some('\\') => {
                    self.next();
                    self.next();
                }
                Some(_) => self.next(),
            }
        }
    }

    pub(super) fn blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
    }

    pub(super) fn skip(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    pub(super) fn next(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }
}

/// Decodes the inside of a JSON string. An invalid escape gives its character.
fn unescaped(inner: &str) -> String {
    // Decoding never makes a text longer, so no reallocation leaves a copy of a secret behind.
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((before, behind)) = rest.split_once('\\') {
        text.push_str(before);
        let (character, used) = escape(behind);
        text.push(character);
        rest = behind.get(used..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// Decodes an escape: the character, and the number of bytes after the backslash.
fn escape(behind: &str) -> (char, usize) {
    let Some(first) = behind.chars().next() else {
        return (char::REPLACEMENT_CHARACTER, 0);
    };
    let plain = match first {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode(behind),
        other => other,
    };
    (plain, first.len_utf8())
}

/// Decodes an escape such as `uD83D\uDE00`.
fn unicode(behind: &str) -> (char, usize) {
    let unit = |at: usize| {
        let digits = behind.get(at..at + 4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(1) else {
        return (char::REPLACEMENT_CHARACTER, 1);
    };
    let second = behind
        .get(5..7)
        .filter(|next| *next == "\\u")
        .and_then(|_| unit(7));
    let mut pair = char::decode_utf16([Some(first), second].into_iter().flatten());
    match pair.next() {
        Some(Ok(character)) => (character, if character.len_utf16() == 2 { 11 } else { 5 }),
        _ => (char::REPLACEMENT_CHARACTER, 5),
    }
}
