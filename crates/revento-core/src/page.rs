//! Pages of a list (contract §3.3).

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Page<T> {
    /// The items. An empty page can have a next page.
    pub data: Vec<T>,
    /// The opaque cursor of the next page. A number is read as its text; other values count as absent.
    #[serde(default, deserialize_with = "cursor")]
    pub next_cursor: Option<String>,
    /// Whether there is a next page. This is the canonical signal, not `next_cursor`.
    pub has_more: bool,
}

/// Reads any value, because `has_more` decides whether the cursor is needed.
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
    fn a1_a_page_is_read_with_any_cursor() {
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
