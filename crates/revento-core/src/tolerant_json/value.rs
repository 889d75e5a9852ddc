//! A JSON value as a serde deserializer that isolates what is illegible.

use std::collections::BTreeSet;

use serde::{
    Deserializer,
    de::{
        DeserializeSeed, Error as _, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
        value::{MapAccessDeserializer, StringDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{error::JsonError, reader::Reader};

/// The name of a newtype struct for which a [`Value`] gives its text as bytes. Other deserializers take it for a plain newtype.
pub(crate) const RAW_TEXT: &str = "$revento_core::tolerant_json::RawText";

/// How deep values may be nested within those that are read. What is deeper is kept raw.
const MAX_DEPTH: u8 = 127;

/// A value in a text, not yet read. A value that is illegible is an error of its own and not of its neighbours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'t> {
    text: &'t str,
    depth: u8,
}

impl<'t> Value<'t> {
    /// The value that is the whole text, but for white space and a byte order mark.
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text: text.trim_start_matches('\u{feff}').trim(),
            depth: 0,
        }
    }

    pub(crate) fn text(self) -> &'t str {
        self.text
    }

    fn within(self, text: &'t str) -> Self {
        Self {
            text,
            depth: self.depth + 1,
        }
    }

    /// The members of an object; of those with one name the last.
    pub(crate) fn members(self) -> Result<Vec<(String, Value<'t>)>, JsonError> {
        let mut reader = self.enter('{')?;
        let mut members = Vec::new();
        while !reader.skip_end('}')? {
            let name = reader.name()?;
            let value = reader.value_text()?;
            members.push((name, self.within(value)));
            reader.skip_comma('}')?;
        }
        reader.at_end()?;
        let mut seen = BTreeSet::new();
        let mut last: Vec<bool> = members
            .iter()
            .rev()
            .map(|(name, _)| seen.insert(name.as_str()))
            .collect();
        members.retain(|_| last.pop().unwrap_or(true));
        Ok(members)
    }

    /// The elements of a list.
    pub(crate) fn elements(self) -> Result<Vec<Value<'t>>, JsonError> {
        let mut reader = self.enter('[')?;
        let mut elements = Vec::new();
        while !reader.skip_end(']')? {
            elements.push(self.within(reader.value_text()?));
            reader.skip_comma(']')?;
        }
        reader.at_end()?;
        Ok(elements)
    }

    fn enter(self, bracket: char) -> Result<Reader<'t>, JsonError> {
        if self.depth >= MAX_DEPTH {
            return Err(JsonError::new("it is nested too deeply"));
        }
        let mut reader = Reader {
            text: self.text,
            at: 0,
        };
        match reader.skip(bracket) {
            true => Ok(reader),
            false => Err(not_json()),
        }
    }

    fn string(self) -> Result<String, JsonError> {
        let mut reader = Reader {
            text: self.text,
            at: 0,
        };
        let text = reader.string().ok_or_else(breaks_off)?;
        reader.at_end().map(|()| text)
    }

    /// Whether the text of a value with nothing nested in it is JSON.
    fn is_json(self) -> bool {
        serde_json::from_str::<IgnoredAny>(self.text).is_ok()
    }
}

impl<'t> Reader<'t> {
    fn name(&mut self) -> Result<String, JsonError> {
        if self.peek() != Some('"') {
            return Err(not_json());
        }
        let name = self.string().ok_or_else(breaks_off)?;
        self.blanks();
        if !self.skip(':') {
            return Err(not_json());
        }
        Ok(name)
    }

    /// The text of the next value. It can be illegible, or even empty.
    fn value_text(&mut self) -> Result<&'t str, JsonError> {
        self.blanks();
        let begin = self.at;
        self.skip_value();
        let text = self.text.get(begin..self.at).ok_or_else(not_json)?;
        Ok(text.trim_end())
    }

    /// Skips the closing bracket, if it is next.
    fn skip_end(&mut self, bracket: char) -> Result<bool, JsonError> {
        self.blanks();
        match self.peek() {
            None => Err(breaks_off()),
            Some(_) => Ok(self.skip(bracket)),
        }
    }

    /// Skips the comma behind a value, or stops before the closing bracket.
    fn skip_comma(&mut self, bracket: char) -> Result<(), JsonError> {
        match self.peek() {
            Some(next) if next == bracket => Ok(()),
            Some(',') => {
                self.next();
                Ok(())
            }
            Some(_) => Err(not_json()),
            None => Err(breaks_off()),
        }
    }

    fn at_end(&mut self) -> Result<(), JsonError> {
        self.blanks();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(not_json()),
        }
    }
}

fn not_json() -> JsonError {
    JsonError::new("it is not valid JSON")
}

fn breaks_off() -> JsonError {
    JsonError::new("it breaks off")
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = JsonError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.text.as_bytes() {
            [b'"', ..] => visitor.visit_string(self.string()?),
            [b'{', ..] => visitor.visit_map(Members::of(self)?),
            [b'[', ..] => visitor.visit_seq(Elements::of(self)?),
            b"null" => visitor.visit_unit(),
            b"true" => visitor.visit_bool(true),
            b"false" => visitor.visit_bool(false),
            _ if !self.is_json() => Err(not_json()),
            _ => visit_number(self.text, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.text {
            "null" => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        match name {
            RAW_TEXT => visitor.visit_bytes(self.text.as_bytes()),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        match self.text.as_bytes() {
            [b'"', ..] => {
                let variant: StringDeserializer<JsonError> = self.string()?.into_deserializer();
                variant.deserialize_enum(name, variants, visitor)
            }
            [b'{', ..] => {
                MapAccessDeserializer::new(Members::of(self)?).deserialize_enum(name, variants, visitor)
            }
            _ => Err(JsonError::invalid_type(Unexpected::Other(""), &"a variant")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

fn visit_number<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, JsonError> {
    if let Ok(number) = text.parse() {
        return visitor.visit_u64(number);
    }
    if let Ok(number) = text.parse() {
        return visitor.visit_i64(number);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => visitor.visit_f64(number),
        _ => Err(JsonError::new("it is a number out of range")),
    }
}

struct Members<'t> {
    members: std::vec::IntoIter<(String, Value<'t>)>,
    current: Option<(String, Value<'t>)>,
}

impl<'t> Members<'t> {
    fn of(object: Value<'t>) -> Result<Self, JsonError> {
        Ok(Self {
            members: object.members()?.into_iter(),
            current: None,
        })
    }
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = JsonError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, JsonError> {
        self.current = self.members.next();
        let Some((name, _)) = &self.current else {
            return Ok(None);
        };
        let name: StringDeserializer<JsonError> = name.clone().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, JsonError> {
        let (name, value) = self.current.take().ok_or_else(not_json)?;
        seed.deserialize(value).map_err(|error| error.in_member(&name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.members.len())
    }
}

struct Elements<'t> {
    elements: std::iter::Enumerate<std::vec::IntoIter<Value<'t>>>,
}

impl<'t> Elements<'t> {
    fn of(list: Value<'t>) -> Result<Self, JsonError> {
        let elements = list.elements()?.into_iter().enumerate();
        Ok(Self { elements })
    }
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = JsonError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, JsonError> {
        let Some((index, value)) = self.elements.next() else {
            return Ok(None);
        };
        let element = seed.deserialize(value);
        element.map(Some).map_err(|error| error.in_element(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.elements.len())
    }
}
