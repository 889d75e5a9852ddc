//! Pages of a list (contract §3.3).

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::{
    text::printable,
    tolerant_json::{self, JsonError, Value},
};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items that can be read. An empty page can have a next page.
    pub data: Vec<T>,
    /// The opaque cursor of the next page. A number is read as its text; other values count as absent.
    #[serde(default, deserialize_with = "cursor")]
    pub next_cursor: Option<String>,
    /// Whether there is a next page. This is the canonical signal, not `next_cursor`.
    pub has_more: bool,
    /// The items that cannot be read, in their order. [`Page::read`] finds them; a strict deserializer fails instead.
    #[serde(skip)]
    pub bad_items: Vec<BadItem>,
}

impl<T: DeserializeOwned> Page<T> {
    /// Reads the body of an answer, [tolerantly](crate::tolerant_json::read). An item that cannot be read does not hide the others.
    ///
    /// ```
    /// use revento_core::{Page, resource::Location};
    ///
    /// let body = br#"{"data":[{"id":"loc_1"},{"id":["?"],"name":"Hall"},{"id":"loc_3"}],"has_more":false}"#;
    /// let page = Page::<Location>::read(body)?;
    /// assert_eq!(page.data.len(), 2);
    /// let bad = &page.bad_items[0];
    /// assert_eq!((bad.index(), bad.error().path()), (1, "data[1].id"));
    /// # Ok::<(), revento_core::tolerant_json::JsonError>(())
    /// ```
    ///
    /// # Errors
    /// The body is not a page: `data` is not a list, or `has_more` is missing.
    pub fn read(body: &[u8]) -> Result<Self, JsonError> {
        serde_json::from_slice(body).or_else(|_| tolerant_json::read_with(body, Self::read_items))
    }

    fn read_items(page: Value<'_>) -> Result<Self, JsonError> {
        let members = page.members()?;
        let member = |name: &'static str| {
            let found = members.iter().find(|(candidate, _)| candidate == name);
            found
                .map(|(_, value)| *value)
                .ok_or_else(|| JsonError::missing_field(name))
        };
        let has_more = member("has_more")?;
        let mut read = Self {
            data: Vec::new(),
            next_cursor: member("next_cursor").ok().and_then(exact_cursor),
            has_more: bool::deserialize(has_more).map_err(|error| error.in_member("has_more"))?,
            bad_items: Vec::new(),
        };
        let items = member("data")?
            .elements()
            .map_err(|error| error.in_member("data"))?;
        for (index, item) in items.into_iter().enumerate() {
            match serde_json::from_str(item.text()).or_else(|_| T::deserialize(item)) {
                Ok(item) => read.data.push(item),
                Err(error) => read.bad_items.push(BadItem::new(index, item, error)),
            }
        }
        Ok(read)
    }
}

/// A cursor goes back to the platform byte for byte, so one that is not exactly legible counts as absent.
fn exact_cursor(value: Value<'_>) -> Option<String> {
    let mut reader = serde_json::Deserializer::from_str(value.text());
    let cursor = cursor(&mut reader).ok()??;
    (!cursor.contains(char::REPLACEMENT_CHARACTER)).then_some(cursor)
}

/// An item of a list that cannot be read: a promised field is missing, illegible or of another type.
#[derive(Clone, PartialEq, Eq)]
pub struct BadItem {
    index: usize,
    id: Option<Box<str>>,
    error: JsonError,
    json: Box<str>,
}

impl BadItem {
    fn new(index: usize, item: Value<'_>, error: JsonError) -> Self {
        let members = item.members().unwrap_or_default();
        let text = |name: &str| {
            let (_, value) = members.iter().find(|(candidate, _)| candidate == name)?;
            String::deserialize(*value).ok()
        };
        Self {
            index,
            // An item of the list of connections has no id of its own.
            id: text("id")
                .or_else(|| text("event_id"))
                .map(String::into_boxed_str),
            error: error.in_element(index).in_member("data"),
            json: item.text().into(),
        }
    }

    /// The position of the item in its page, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The item's id as far as it is legible; the event's for a connection in the developer's list.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What cannot be read. Its path begins with the position in the page: `data[3].application_status`.
    pub fn error(&self) -> &JsonError {
        &self.error
    }

    /// The name of the field that cannot be read, such as `application_status`; empty if it is the whole item.
    pub fn field(&self) -> &str {
        let path = self.error.path();
        let field = path.split_once(']').map_or(path, |(_, field)| field);
        field.trim_start_matches('.')
    }

    /// The text of the item. It is not always valid JSON, and it contains personal data.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// Shows the size of the item only, because items contain personal data.
impl fmt::Debug for BadItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BadItem")
            .field("id", &self.id)
            .field("error", &self.error)
            .field("json_bytes", &self.json.len())
            .finish_non_exhaustive()
    }
}

/// Names the item and the field, and shows no value but the id.
impl fmt::Display for BadItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.error.path())?;
        if let Some(id) = &self.id {
            write!(f, " of {}", printable(id))?;
        }
        write!(f, ": {}", self.error.problem())
    }
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
