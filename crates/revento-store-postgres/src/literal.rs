//! Values as literals of SQL.
//!
//! A call is one message of PostgreSQL's simple protocol, so that it takes one round trip and leaves no prepared statement in a session that
//! a pooler gives to somebody else. That protocol has no parameters: each value is a literal with its type.

use std::{borrow::Cow, fmt::Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// A value that a literal can hold.
pub(crate) trait Value {
    const TYPE: &'static str;

    /// Appends the literal, without its type.
    fn write(&self, sql: &mut String);
}

/// A value that can be an element of an array. Bytes are not: the server needs five times as long for an array of them as for one
/// value.
pub(crate) trait Element: Value {
    /// Appends the value as an element of an array.
    fn write_element(&self, array: &mut String);
}

/// The literal of a value with its type.
pub(crate) fn literal<V: Value + ?Sized>(value: &V) -> String {
    let mut sql = String::new();
    value.write(&mut sql);
    sql.push_str("::");
    sql.push_str(V::TYPE);
    sql
}

/// A text as a literal (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html>, 4.1.2.2): right for any setting of
/// `standard_conforming_strings`. It consists of ASCII characters, so that it is also right for any encoding that somebody may have
/// set in the session. It has no NUL: `text.rs` escapes it.
pub(crate) fn text_literal(text: &str) -> String {
    let mut sql = String::with_capacity(text.len() + 3);
    text.write(&mut sql);
    sql
}

impl Value for str {
    const TYPE: &'static str = "TEXT";

    fn write(&self, sql: &mut String) {
        if !self.is_ascii() {
            let _ = write!(sql, "convert_from(E'\\\\x{}', 'UTF8')", hex::encode(self));
            return;
        }
        sql.push_str("E'");
        push_doubling(sql, self, ['\'', '\\']);
        sql.push('\'');
    }
}

impl Element for str {
    fn write_element(&self, array: &mut String) {
        array.push('"');
        for part in self.split_inclusive(['"', '\\']) {
            let end = part.trim_end_matches(['"', '\\']);
            array.push_str(end);
            if end.len() < part.len() {
                array.push('\\');
                array.push_str(part.get(end.len()..).unwrap_or_default());
            }
        }
        array.push('"');
    }
}

/// Appends a text with each of two characters twice.
fn push_doubling(sql: &mut String, text: &str, twice: [char; 2]) {
    for part in text.split_inclusive(twice) {
        sql.push_str(part);
        if part.ends_with(twice) {
            sql.push_str(part.get(part.len() - 1..).unwrap_or_default());
        }
    }
}

impl Value for String {
    const TYPE: &'static str = str::TYPE;

    fn write(&self, sql: &mut String) {
        self.as_str().write(sql);
    }
}

impl Value for Cow<'_, str> {
    const TYPE: &'static str = str::TYPE;

    fn write(&self, sql: &mut String) {
        str::write(self, sql);
    }
}

/// In Base64, which is shorter than hexadecimal digits.
impl Value for [u8] {
    const TYPE: &'static str = "BYTEA";

    fn write(&self, sql: &mut String) {
        sql.push_str("decode('");
        BASE64_STANDARD.encode_string(self, sql);
        sql.push_str("', 'base64')");
    }
}

impl Value for Vec<u8> {
    const TYPE: &'static str = <[u8]>::TYPE;

    fn write(&self, sql: &mut String) {
        self.as_slice().write(sql);
    }
}

impl Value for i64 {
    const TYPE: &'static str = "BIGINT";

    /// In quotes, because the type would bind more strongly than a minus.
    fn write(&self, sql: &mut String) {
        let _ = write!(sql, "'{self}'");
    }
}

impl Element for i64 {
    fn write_element(&self, array: &mut String) {
        let _ = write!(array, "{self}");
    }
}

impl Value for bool {
    const TYPE: &'static str = "BOOLEAN";

    fn write(&self, sql: &mut String) {
        sql.push_str(if *self { "TRUE" } else { "FALSE" });
    }
}

impl<V: Value> Value for Option<V> {
    const TYPE: &'static str = V::TYPE;

    fn write(&self, sql: &mut String) {
        match self {
            Some(value) => value.write(sql),
            None => sql.push_str("NULL"),
        }
    }
}

impl<V: Element> Element for Option<V> {
    fn write_element(&self, array: &mut String) {
        match self {
            Some(value) => value.write_element(array),
            None => array.push_str("NULL"),
        }
    }
}

impl<V: Value + ?Sized> Value for &V {
    const TYPE: &'static str = V::TYPE;

    fn write(&self, sql: &mut String) {
        V::write(self, sql);
    }
}

impl<V: Element + ?Sized> Element for &V {
    fn write_element(&self, array: &mut String) {
        V::write_element(self, array);
    }
}

/// A column of several rows: an array as a literal with its type.
pub(crate) fn column<V: Element>(values: impl IntoIterator<Item = V>) -> String {
    let mut array = String::from("{");
    for (place, value) in values.into_iter().enumerate() {
        if place > 0 {
            array.push(',');
        }
        value.write_element(&mut array);
    }
    array.push('}');
    let mut sql = text_literal(&array);
    sql.push_str("::");
    sql.push_str(V::TYPE);
    sql.push_str("[]");
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k8_a_text_cannot_break_out_of_its_literal() {
        for (text, expected) in [
            ("", "E''"),
            ("it's", "E'it''s'"),
            ("\\' OR 1", "E'\\\\'' OR 1'"),
            ("é'", "convert_from(E'\\\\xc3a927', 'UTF8')"),
        ] {
            assert_eq!(text_literal(text), expected);
        }
        assert_eq!(literal(&i64::MIN), "'-9223372036854775808'::BIGINT");
        assert_eq!(literal(&None::<String>), "NULL::TEXT");
        assert_eq!(
            literal([0, 39_u8, 255].as_slice()),
            "decode('ACf/', 'base64')::BYTEA"
        );
        assert_eq!(column([Some("a"), None]), "E'{\"a\",NULL}'::TEXT[]");
        assert_eq!(column(["\"\\'"]), r#"E'{"\\"\\\\''"}'::TEXT[]"#);
        assert_eq!(column(Vec::<i64>::new()), "E'{}'::BIGINT[]");
    }
}
