//! Structs that the platform may extend (contract §9): promised fields are required, other fields are optional, and
//! unknown fields are kept.

mod lenient;

pub(crate) use self::lenient::{LenientField, Mismatch, set_lenient};

use std::fmt;

use serde::{
    Deserialize, Serialize,
    de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor},
};
use serde_json::value::to_raw_value;

use crate::tolerant_json::RawJson;

/// The fields that this version of the SDK does not know, and the raw values of optional fields that could not be taken over as
/// they came: of another type than expected, a number out of range, nested too deeply, half a surrogate pair, or one of several
/// values of the same field. All are kept as the text that came, which is JSON unless the platform wrote something else, such as
/// `NaN`.
#[derive(Clone, Default)]
pub struct Extra(Vec<(Box<str>, RawJson)>);

impl Extra {
    /// The text of one field.
    pub fn json(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(candidate, _)| *candidate == name)
            .map(|(_, json)| json)
    }

    /// Each name with its text, in the order of the original.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, value.text()))
    }

    pub(crate) fn raw(&self) -> impl Iterator<Item = (&str, &RawJson)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    pub(crate) fn push(&mut self, name: Box<str>, value: RawJson) {
        self.0.push((name, value));
    }

    /// Keeps a value that a later one of the same field replaces.
    fn push_replaced(&mut self, name: &'static str, value: &impl Serialize) {
        if let Ok(value) = to_raw_value(value) {
            self.push(name.into(), RawJson::new(value));
        }
    }
}

/// Shows the names only, because values can be personal data.
impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Extra {}

/// The name of a field.
pub(crate) enum Field {
    Known(&'static str),
    Unknown(Box<str>),
}

/// Reads the name of a field. It holds the known names.
pub(crate) struct FieldOf(pub(crate) &'static [&'static str]);

impl<'de> DeserializeSeed<'de> for FieldOf {
    type Value = Field;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldOf {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Field, E> {
        let known = self.0.iter().find(|name| **name == text);
        Ok(known.map_or_else(|| Field::Unknown(text.into()), |name| Field::Known(name)))
    }
}

/// Reads the value of a required field. Of several values the last counts, as in other JSON libraries.
pub(crate) fn set<'de, T: Deserialize<'de> + Serialize, A: MapAccess<'de>>(
    place: &mut Option<T>,
    name: &'static str,
    map: &mut A,
    extra: &mut Extra,
) -> Result<(), A::Error> {
    if let Some(earlier) = place.replace(map.next_value()?) {
        extra.push_replaced(name, &earlier);
    }
    Ok(())
}

/// Defines a struct with `Deserialize` and `Serialize` by these rules.
///
/// The literal behind a field's name is its name on the wire. An optional field that is absent or has its default value is
/// not written. The value behind a field's type is the one of `example()`, for users' tests.
macro_rules! record {
    ($(#[$attribute:meta])* $name:ident {
        required {
            $($(#[$r_attribute:meta])* $r_vis:vis $required:ident $($r_wire:literal)? : $r_type:ty = $r_example:expr,)*
        }
        optional {
            $($(#[$o_attribute:meta])* $o_vis:vis $optional:ident : $o_type:ty $(= $o_example:expr)?,)*
        }
    }) => {
        $(#[$attribute])*
        #[non_exhaustive]
        pub struct $name {
            $($(#[$r_attribute])* $r_vis $required: $r_type,)*
            $($(#[$o_attribute])* $o_vis $optional: $o_type,)*
            extra: $crate::record::Extra,
        }

        impl $name {
            /// The fields that this version of the SDK does not know, and the raw values of optional fields that could
            /// not be taken over as they came. They survive a round trip, unless the field itself is present.
            pub fn extra(&self) -> &$crate::record::Extra {
                &self.extra
            }
        }

        #[cfg(any(test, feature = "test-util"))]
        impl $name {
            /// An example with plausible values, for tests.
            pub fn example() -> Self {
                Self {
                    $($required: <$r_type>::from($r_example),)*
                    $($optional: $crate::record::example!($o_type $(, $o_example)?),)*
                    extra: $crate::record::Extra::default(),
                }
            }

            $(
                #[doc = concat!("Sets `", stringify!($required), "`, for tests.")]
                #[must_use]
                $r_vis fn $required(mut self, $required: impl Into<$r_type>) -> Self {
                    self.$required = $required.into();
                    self
                }
            )*

            $(
                #[doc = concat!("Sets `", stringify!($optional), "`, for tests.")]
                #[must_use]
                $o_vis fn $optional(
                    mut self,
                    $optional: impl Into<<$o_type as $crate::record::OptionalField>::Value>,
                ) -> Self {
                    self.$optional = $crate::record::OptionalField::present($optional.into());
                    self
                }
            )*
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                const NAMES: &[&str] = &[
                    $($crate::record::wire!($required $($r_wire)?),)*
                    $($crate::record::wire!($optional),)*
                ];

                struct Fields;

                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("an object (", stringify!($name), ")"))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        use $crate::record::{Extra, Field, FieldOf, wire};
                        $(let mut $required: Option<$r_type> = None;)*
                        $(let mut $optional: Option<$o_type> = None;)*
                        let mut extra = Extra::default();
                        while let Some(field) = map.next_key_seed(FieldOf(NAMES))? {
                            match field {
                                $(Field::Known(name) if name == wire!($required $($r_wire)?) => {
                                    $crate::record::set(&mut $required, name, &mut map, &mut extra)?;
                                })*
                                $(Field::Known(name) if name == wire!($optional) => {
                                    $crate::record::set_lenient(&mut $optional, name, &mut map, &mut extra)?;
                                })*
                                Field::Known(name) => extra.push(name.into(), map.next_value()?),
                                Field::Unknown(name) => extra.push(name, map.next_value()?),
                            }
                        }
                        Ok($name {
                            $($required: $required.ok_or_else(|| {
                                serde::de::Error::missing_field(wire!($required $($r_wire)?))
                            })?,)*
                            $($optional: $optional.unwrap_or_default(),)*
                            extra,
                        })
                    }
                }

                deserializer.deserialize_map(Fields)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(None)?;
                $(map.serialize_entry($crate::record::wire!($required $($r_wire)?), &self.$required)?;)*
                $(if self.$optional != <$o_type>::default() {
                    map.serialize_entry($crate::record::wire!($optional), &self.$optional)?;
                })*
                for (name, value) in self.extra.raw() {
                    let is_written = match name {
                        $(name if name == $crate::record::wire!($required $($r_wire)?) => true,)*
                        $(name if name == $crate::record::wire!($optional) => self.$optional != <$o_type>::default(),)*
                        _ => false,
                    };
                    if !is_written {
                        map.serialize_entry(name, value)?;
                    }
                }
                map.end()
            }
        }
    };
}

/// The value of an optional field in an example.
#[cfg(any(test, feature = "test-util"))]
macro_rules! example {
    ($type:ty) => {
        <$type>::default()
    };
    ($type:ty, $example:expr) => {
        <$type as $crate::record::OptionalField>::present($example.into())
    };
}

/// The type of an optional field of a resource: a setter takes its [`Value`](Self::Value).
#[cfg(any(test, feature = "test-util"))]
pub trait OptionalField {
    /// What the field holds if it is present.
    type Value;

    /// The field with this value.
    fn present(value: Self::Value) -> Self;
}

#[cfg(any(test, feature = "test-util"))]
impl<T> OptionalField for Option<T> {
    type Value = T;

    fn present(value: T) -> Self {
        Some(value)
    }
}

#[cfg(any(test, feature = "test-util"))]
impl<T> OptionalField for Vec<T> {
    type Value = Self;

    fn present(value: Self) -> Self {
        value
    }
}

/// The name of a field on the wire.
macro_rules! wire {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}

#[cfg(any(test, feature = "test-util"))]
pub(crate) use example;
pub(crate) use {record, wire};
