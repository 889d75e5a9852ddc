//! Fields that nobody promised: the SDK reads them where they are what it expects, and depends on none (contract §9).

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
use crate::resource::FormFields;

/// Takes an optional field's value, once. What is not of its type is kept with the unknown fields.
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

/// What can be the type of an optional field.
pub(crate) trait LenientField<'de>: Sized {
    /// The next value, and what it is where it is something else.
    fn take<A: MapAccess<'de>>(map: &mut A) -> Result<(Self, Option<Box<RawValue>>), A::Error>;
}

/// Kept raw, whatever it is.
impl<'de> LenientField<'de> for FormFields {
    fn take<A: MapAccess<'de>>(map: &mut A) -> Result<(Self, Option<Box<RawValue>>), A::Error> {
        Ok((map.next_value()?, None))
    }
}

impl<'de, T: Deserialize<'de>> LenientField<'de> for Option<T> {
    fn take<A: MapAccess<'de>>(map: &mut A) -> Result<(Self, Option<Box<RawValue>>), A::Error> {
        map.next_value_seed(LenientSeed(PhantomData))
    }
}

/// A list of which an item is something else is kept as a whole.
impl<'de, T: Deserialize<'de>> LenientField<'de> for Vec<T> {
    fn take<A: MapAccess<'de>>(map: &mut A) -> Result<(Self, Option<Box<RawValue>>), A::Error> {
        let (items, other) = map.next_value_seed(LenientSeed(PhantomData))?;
        Ok((Option::unwrap_or_default(items), other))
    }
}

/// Reads in one pass; only what is no text is put together before it is offered to the type.
struct LenientSeed<T>(PhantomData<T>);

type Taken<T> = (Option<T>, Option<Box<RawValue>>);

impl<'de, T: Deserialize<'de>> LenientSeed<T> {
    fn offer<E: Error>(value: Value) -> Result<Taken<T>, E> {
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
        Self::offer(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Taken<T>, E> {
        Self::offer(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Taken<T>, E> {
        Self::offer(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Taken<T>, E> {
        Self::offer(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Taken<T>, E> {
        match T::deserialize(value.into_deserializer()) {
            Ok(value) => Ok((Some(value), None)),
            Err::<_, E>(_) => Self::keep(&value),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Taken<T>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(items)).and_then(Self::offer)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Taken<T>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(entries)).and_then(Self::offer)
    }
}

#[cfg(test)]
mod tests {
    use crate::resource::Participant;

    const STRANGE: [&str; 9] = [
        "5",
        "-5",
        "1.5",
        "true",
        "[]",
        r#"["a",{"b":[1]}]"#,
        "{}",
        r#"{"en":"x","n":[null]}"#,
        r#""soon""#,
    ];

    #[test]
    fn a23_what_nobody_promised_may_be_of_another_type() {
        for value in STRANGE {
            let json = format!(
                r#"{{"id":"p","application_status":"approved","last_reviewed_at":{value},"name":"Ada"}}"#
            );
            let participant: Participant = serde_json::from_str(&json).unwrap();
            assert_eq!(participant.last_reviewed_at, None, "{value}");
            assert_eq!(participant.name.as_deref(), Some("Ada"), "{value}");
            assert_eq!(participant.extra().json("last_reviewed_at"), Some(value));
            let written = serde_json::to_string(&participant).unwrap();
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&written).unwrap(),
                serde_json::from_str::<serde_json::Value>(&json).unwrap()
            );
        }
    }

    #[test]
    fn a23_what_is_promised_may_not() {
        for value in STRANGE.into_iter().filter(|value| !value.starts_with('"')) {
            let json = format!(r#"{{"id":{value},"application_status":"approved"}}"#);
            assert!(serde_json::from_str::<Participant>(&json).is_err(), "{value}");
        }
    }

    #[test]
    fn what_is_no_json_is_an_error_wherever_it_stands() {
        for value in ["[1", "{\"a\":}", "{\"a\" 1}", "nul", "\"\\x\"", "[1,]"] {
            let json = format!(r#"{{"id":"p","application_status":"approved","name":{value}}}"#);
            assert!(serde_json::from_str::<Participant>(&json).is_err(), "{value}");
        }
    }

    #[test]
    fn a_field_that_comes_twice_is_an_error_in_any_type() {
        for value in STRANGE {
            let json =
                format!(r#"{{"id":"p","application_status":"approved","name":{value},"name":{value}}}"#);
            let error = serde_json::from_str::<Participant>(&json).unwrap_err();
            assert!(error.to_string().contains("duplicate field `name`"), "{error}");
        }
    }
}
