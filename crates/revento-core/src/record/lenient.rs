//! Optional fields: a value of another type than expected is kept raw and is no error (contract §9).

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Serialize,
    de::{
        DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

use super::Extra;

/// Reads the value of an optional field. A value of another type goes to the unknown fields. A second value is an error.
pub(crate) fn set_lenient<'de, T: LenientField<'de>, A: MapAccess<'de>>(
    place: &mut Option<T>,
    name: &'static str,
    map: &mut A,
    extra: &mut Extra,
) -> Result<(), A::Error> {
    if place.is_some() {
        return Err(Error::duplicate_field(name));
    }
    let (value, other) = T::take(map)?;
    *place = Some(value);
    if let Some(other) = other {
        extra.push(name.into(), other);
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
        map.next_value_seed(LenientSeed(PhantomData))
    }
}

/// If one item has another type, the whole list is kept raw.
impl<'de, T: Deserialize<'de>> LenientField<'de> for Vec<T> {
    fn take<A: MapAccess<'de>>(map: &mut A) -> Result<(Self, Mismatch), A::Error> {
        let (items, other) = map.next_value_seed(LenientSeed(PhantomData))?;
        Ok((Option::unwrap_or_default(items), other))
    }
}

/// Reads text in one pass. Other values are first read as [`Value`] and then as `T`.
struct LenientSeed<T>(PhantomData<T>);

/// The raw value, if it has another type than expected.
pub(crate) type Mismatch = Option<Box<RawValue>>;

type Taken<T> = (Option<T>, Mismatch);

impl<'de, T: Deserialize<'de>> LenientSeed<T> {
    fn read<E: Error>(value: Value) -> Result<Taken<T>, E> {
        match T::deserialize(value.clone()) {
            Ok(value) => Ok((Some(value), None)),
            Err(_) => Self::keep(&value),
        }
    }

    fn keep<E: Error>(value: &impl Serialize) -> Result<Taken<T>, E> {
        to_raw_value(value)
            .map(|raw| (None, Some(raw)))
            .map_err(Error::custom)
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for LenientSeed<T> {
    type Value = Taken<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Taken<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for LenientSeed<T> {
    type Value = Taken<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Taken<T>, E> {
        Ok((None, None))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Taken<T>, E> {
        Self::read(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Taken<T>, E> {
        Self::read(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Taken<T>, E> {
        Self::read(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Taken<T>, E> {
        Self::read(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Taken<T>, E> {
        match T::deserialize(value.into_deserializer()) {
            Ok(value) => Ok((Some(value), None)),
            Err::<_, E>(_) => Self::keep(&value),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Taken<T>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(items)).and_then(Self::read)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Taken<T>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(entries)).and_then(Self::read)
    }
}
