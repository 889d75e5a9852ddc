//! Values as literals of SQL.
//!
//! A call is one message of statements, so that it takes one round trip and leaves no prepared statement in a session that a proxy gives
//! to somebody else. Such a message has no parameters: each value is a literal. Texts and bytes are hexadecimal digits or Base64, which
//! mean the same under every `sql_mode` and character set, and are compared byte by byte.

use std::{borrow::Cow, fmt::Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// Longer bytes are written in Base64, which is shorter than hexadecimal digits but a call of a function.
const MAX_HEX: usize = 96;

/// A value that a literal can hold.
pub(crate) trait Value {
    /// Appends the literal.
    fn write(&self, sql: &mut String);
}

/// The literal of a value.
pub(crate) fn literal<V: Value + ?Sized>(value: &V) -> String {
    let mut sql = String::new();
    value.write(&mut sql);
    sql
}

impl Value for [u8] {
    fn write(&self, sql: &mut String) {
        if self.len() <= MAX_HEX {
            let _ = write!(sql, "x'{}'", hex::encode(self));
        } else {
            sql.push_str("FROM_BASE64('");
            BASE64_STANDARD.encode_string(self, sql);
            sql.push_str("')");
        }
    }
}

impl<const N: usize> Value for [u8; N] {
    fn write(&self, sql: &mut String) {
        self.as_slice().write(sql);
    }
}

impl Value for Vec<u8> {
    fn write(&self, sql: &mut String) {
        self.as_slice().write(sql);
    }
}

impl Value for str {
    fn write(&self, sql: &mut String) {
        self.as_bytes().write(sql);
    }
}

impl Value for String {
    fn write(&self, sql: &mut String) {
        self.as_bytes().write(sql);
    }
}

impl Value for Cow<'_, str> {
    fn write(&self, sql: &mut String) {
        self.as_bytes().write(sql);
    }
}

impl Value for i64 {
    fn write(&self, sql: &mut String) {
        let _ = write!(sql, "{self}");
    }
}

impl Value for bool {
    fn write(&self, sql: &mut String) {
        sql.push(if *self { '1' } else { '0' });
    }
}

impl<V: Value> Value for Option<V> {
    fn write(&self, sql: &mut String) {
        match self {
            Some(value) => value.write(sql),
            None => sql.push_str("NULL"),
        }
    }
}

impl<V: Value + ?Sized> Value for &V {
    fn write(&self, sql: &mut String) {
        V::write(self, sql);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k8_a_text_cannot_break_out_of_its_literal() {
        for (text, expected) in [("", "x''"), ("it's", "x'69742773'"), ("é\\\0", "x'c3a95c00'")] {
            assert_eq!(literal(text), expected);
        }
        assert_eq!(literal(&i64::MIN), "-9223372036854775808");
        assert_eq!(literal(&None::<String>), "NULL");
        let long = literal(&vec![b'\''; MAX_HEX + 1]);
        let inner = long
            .strip_prefix("FROM_BASE64('")
            .and_then(|rest| rest.strip_suffix("')"));
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        assert!(inner.is_some_and(|inner| inner.bytes().all(is_base64)), "{long}");
    }
}
