//! Text for PostgreSQL, whose `TEXT` cannot have a NUL.

use std::borrow::Cow;

use revento_store::{TextDigest, columns::index_text};

use crate::literal::{Element, Value};

/// A text for a column that an index has: [escaped](escape), and short enough for the index.
pub(crate) fn indexed(text: &str) -> String {
    index_text(&escape(text)).into_owned()
}

/// The whole text for the column beside it, if [`indexed`] has shortened it.
pub(crate) fn long(text: &str) -> Option<String> {
    let escaped = escape(text);
    (index_text(&escaped) != escaped).then(|| escaped.into_owned())
}

/// The key of a delivery: the first half of the SHA-256 of the [indexed](indexed) envelope id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity(String);

impl Identity {
    pub(crate) fn of(envelope_id: &str) -> Self {
        Self(hex::encode(TextDigest::of(&indexed(envelope_id)).half()))
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

impl Value for Identity {
    const TYPE: &'static str = "UUID";

    fn write(&self, sql: &mut String) {
        self.0.write(sql);
    }
}

impl Element for Identity {
    fn write_element(&self, array: &mut String) {
        array.push_str(&self.0);
    }
}

/// The first quarter of the SHA-256 of the [indexed](indexed) delivery id.
pub(crate) fn delivery_hash(delivery_id: &str) -> i64 {
    TextDigest::of(&indexed(delivery_id)).to_i64()
}

/// Replaces NUL by U+0001 U+0001, and U+0001 by U+0001 U+0002. Two texts keep their byte order.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if text.contains(['\0', '\u{1}']) {
        Cow::Owned(text.replace('\u{1}', "\u{1}\u{2}").replace('\0', "\u{1}\u{1}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Undoes [`escape`].
pub(crate) fn unescape(text: String) -> String {
    if !text.contains('\u{1}') {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        plain.push(match character {
            '\u{1}' if rest.next() == Some('\u{1}') => '\0',
            other => other,
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k8_every_text_comes_back_in_order_and_none_has_a_nul() {
        let mut texts = [
            "",
            "plain",
            "%",
            "%00",
            "\0",
            "\0\0",
            "\0\u{1}",
            "\0\u{2}",
            "\0a",
            "\u{1}",
            "\u{1}\0",
            "\u{1}\u{1}",
            "\u{1}\u{2}",
            "\u{1}a",
            "\u{2}",
            "\u{2}\0",
            "a",
            "a\0",
            "a\0b",
            "a\u{1}",
            "ab",
        ];
        texts.sort_unstable();
        for text in texts {
            let escaped = escape(text).into_owned();
            assert!(!escaped.contains('\0'));
            assert_eq!(unescape(escaped), text);
        }
        assert!(texts.map(escape).is_sorted());
    }
}
