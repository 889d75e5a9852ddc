//! Pages of a list (contract §3.3).

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// One page as it came.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Page<T> {
    /// The items; an empty page may still have a successor.
    pub data: Vec<T>,
    /// The opaque mark of the next page; a number is taken as its text, what is neither as none.
    #[serde(default, deserialize_with = "cursor")]
    pub next_cursor: Option<String>,
    /// Whether there is a next page: the canonical signal, whatever `next_cursor` says.
    pub has_more: bool,
}

/// Never a reason to refuse a page: whether it is needed, `has_more` says.
fn cursor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(Cursor)
}

struct Cursor;

impl<'de> Visitor<'de> for Cursor {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cursor")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a1_no_cursor_is_a_reason_to_refuse_a_page() {
        for (cursor, taken) in [
            ("\"c\"", Some("c")),
            ("\"\\u00e9\\n\"", Some("é\n")),
            ("null", None),
            ("7", Some("7")),
            ("-7", Some("-7")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("1e300", None),
            ("false", None),
            ("{\"a\":[1]}", None),
            ("[{}]", None),
        ] {
            let text = format!(r#"{{"data":[],"next_cursor":{cursor},"has_more":false}}"#);
            let page: Page<u8> = serde_json::from_str(&text).unwrap();
            assert_eq!(page.next_cursor.as_deref(), taken, "{cursor}");
        }
        let page: Page<u8> = serde_json::from_str(r#"{"data":[],"has_more":false}"#).unwrap();
        assert_eq!(page.next_cursor, None);
    }
}
