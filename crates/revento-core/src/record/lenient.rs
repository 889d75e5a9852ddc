//! Optional fields: a value that is illegible or of another type than expected is kept raw and is no error (contract §9).

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Serialize,
    de::{
        DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use serde_json::{Value, value::to_raw_value};

use super::Extra;
use crate::tolerant_json::{self, RAW_TEXT, RawJson};

/// Reads the value of an optional field. A value of another type goes to the unknown fields. Of several values the last that has
/// the expected type counts.
pub(crate) fn set_lenient<'de, T, A>(
    place: &mut Option<T>,
    name: &'static str,
    map: &mut A,
    extra: &mut Extra,
) -> Result<(), A::Error>
where
    T: LenientField<'de> + Serialize + PartialEq + Default,
    A: MapAccess<'de>,
{
    let (value, other) = T::take(map)?;
    if let Some(other) = other {
        extra.push(name.into(), other);
    }
    match place {
        Some(earlier) if value == T::default() && *earlier != value => {}
        Some(earlier) => {
            let earlier = std::mem::replace(earlier, value);
            if earlier != T::default() {
                extra.push_replaced(name, &earlier);
            }
        }
        None => *place = Some(value),
    }
    Ok(())
}

/// The type of an optional field.
pub(crate) trait LenientField<'de>: Sized {
    /// Reads the next value. The second part is the raw value if it has another type.
    fn take<A: MapAccess<'de>>(map: &mut A) -> Result<(Self, Mismatch), A::Error>;
}

impl<'de, T: Deserialize<'de>> LenientField<'de> for Option<T> {
    fn take<A: MapAccess<'de>>(map: &mut A) -> Result<(Self, Mismatch), A::Error> {
        map.next_value_seed(LenientSeed::<One<T>>(PhantomData))
    }
}

/// An item that cannot be read is left out, and the whole list is kept raw.
impl<'de, T: Deserialize<'de>> LenientField<'de> for Vec<T> {
    fn take<A: MapAccess<'de>>(map: &mut A) -> Result<(Self, Mismatch), A::Error> {
        let (items, other) = map.next_value_seed(LenientSeed::<Many<T>>(PhantomData))?;
        Ok((items.unwrap_or_default(), other))
    }
}

/// The raw value, if it could not be taken over as it came.
pub(crate) type Mismatch = Option<RawJson>;

/// A value, and the raw value if it could not be taken over as it came.
pub(crate) type Taken<T> = (Option<T>, Mismatch);

/// How the value of an optional field is read.
pub(crate) trait LenientValue<'de> {
    /// The value.
    type Output;

    /// Reads text, without a detour.
    fn of_str(text: &str) -> Option<Self::Output>;

    /// Reads any JSON value. `false` means that a part of it was left out.
    fn of_value(value: &Value) -> (Option<Self::Output>, bool);

    /// Reads text that a strict parser refuses.
    fn of_text(text: tolerant_json::Value<'_>) -> (Option<Self::Output>, bool);
}

struct One<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> LenientValue<'de> for One<T> {
    type Output = T;

    fn of_str(text: &str) -> Option<T> {
        T::deserialize(IntoDeserializer::<serde::de::value::Error>::into_deserializer(
            text,
        ))
        .ok()
    }

    fn of_value(value: &Value) -> (Option<T>, bool) {
        let read = T::deserialize(value.clone()).ok();
        let is_whole = read.is_some();
        (read, is_whole)
    }

    fn of_text(text: tolerant_json::Value<'_>) -> (Option<T>, bool) {
        let read = T::deserialize(text).ok();
        // What a strict parser refuses was mended.
        let is_whole = read.is_some() && serde_json::from_str::<Value>(text.text()).is_ok();
        (read, is_whole)
    }
}

struct Many<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> LenientValue<'de> for Many<T> {
    type Output = Vec<T>;

    fn of_str(_: &str) -> Option<Vec<T>> {
        None
    }

    fn of_value(value: &Value) -> (Option<Vec<T>>, bool) {
        let Value::Array(items) = value else {
            return (None, false);
        };
        let read: Vec<T> = items
            .iter()
            .filter_map(|item| T::deserialize(item.clone()).ok())
            .collect();
        let is_whole = read.len() == items.len();
        (Some(read), is_whole)
    }

    fn of_text(text: tolerant_json::Value<'_>) -> (Option<Vec<T>>, bool) {
        let Ok(items) = text.elements() else {
            return (None, false);
        };
        let all = items.len();
        let read: Vec<T> = items
            .into_iter()
            .filter_map(|item| T::deserialize(item).ok())
            .collect();
        let is_whole = read.len() == all;
        (Some(read), is_whole)
    }
}

/// Reads text in one pass. Other values are first read as [`Value`].
struct LenientSeed<L>(PhantomData<L>);

impl<'de, L: LenientValue<'de>> LenientSeed<L> {
    fn read<E: Error>(value: &Value) -> Result<Taken<L::Output>, E> {
        let (read, is_whole) = L::of_value(value);
        let raw = if is_whole { None } else { Some(Self::raw(value)?) };
        Ok((read, raw))
    }

    fn raw<E: Error>(value: &impl Serialize) -> Result<RawJson, E> {
        to_raw_value(value).map(RawJson::new).map_err(Error::custom)
    }
}

impl<'de, L: LenientValue<'de>> DeserializeSeed<'de> for LenientSeed<L> {
    type Value = Taken<L::Output>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_newtype_struct(RAW_TEXT, self)
    }
}

impl<'de, L: LenientValue<'de>> Visitor<'de> for LenientSeed<L> {
    type Value = Taken<L::Output>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    /// The text of a value in a record that a strict parser has refused.
    fn visit_bytes<E: Error>(self, text: &[u8]) -> Result<Self::Value, E> {
        let text = String::from_utf8_lossy(text);
        if text == "null" {
            return Ok((None, None));
        }
        let (read, is_whole) = L::of_text(tolerant_json::Value::new(&text));
        let raw = (!is_whole).then(|| RawJson::from_text(&text));
        Ok((read, raw))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok((None, None))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Self::read(&value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Self::read(&value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Self::read(&value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Self::read(&value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        match L::of_str(value) {
            Some(read) => Ok((Some(read), None)),
            None => Ok((None, Some(Self::raw(&value)?))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        let value = Value::deserialize(SeqAccessDeserializer::new(items))?;
        Self::read(&value)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(entries))?;
        Self::read(&value)
    }
}
