//! Records that the platform may extend: what is promised is required, what is not is optional, and
//! what this version does not know is kept (contract §9).

mod lenient;

use std::fmt;

use serde::{
    Deserialize,
    de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The fields of a record that this version of the SDK does not know, as they came, and those that the contract
/// does not promise and that came in another form than this version expects.
#[derive(Clone, Default)]
pub struct Extra(Vec<(Box<str>, Box<RawValue>)>);

impl Extra {
    /// The JSON text of one of them.
    pub fn json(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(candidate, _)| *candidate == name)
            .map(|(_, json)| json)
    }

    /// Each name with its JSON text, in the order they came in.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, value.get()))
    }

    pub(crate) fn raw(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    pub(crate) fn push(&mut self, name: Box<str>, value: Box<RawValue>) {
        self.0.push((name, value));
    }
}

/// Values may be personal: only the names are shown.
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

/// A field's name, known or not.
pub(crate) enum Field {
    Known(&'static str),
    Unknown(Box<str>),
}

/// Reads a name against the known ones.
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

/// Takes a field's value, once.
pub(crate) fn set<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    place: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    if place.is_some() {
        return Err(de::Error::duplicate_field(name));
    }
    *place = Some(map.next_value()?);
    Ok(())
}

/// Defines a struct with `Deserialize` and `Serialize` by these rules.
///
/// A field's name on the wire is its own, or the literal behind it. An optional field that is absent or
/// has its default value is left out when written.
macro_rules! record {
    ($(#[$attribute:meta])* $name:ident {
        required { $($(#[$r_attribute:meta])* $r_vis:vis $required:ident $($r_wire:literal)? : $r_type:ty,)* }
        optional { $($(#[$o_attribute:meta])* $o_vis:vis $optional:ident : $o_type:ty,)* }
    }) => {
        $(#[$attribute])*
        #[non_exhaustive]
        pub struct $name {
            $($(#[$r_attribute])* $r_vis $required: $r_type,)*
            $($(#[$o_attribute])* $o_vis $optional: $o_type,)*
            extra: $crate::record::Extra,
        }

        impl $name {
            /// The fields that this version of the SDK does not know, and optional ones that came in another
            /// form than it expects; they survive a round trip.
            pub fn extra(&self) -> &$crate::record::Extra {
                &self.extra
            }
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
                                    $crate::record::set(&mut $required, name, &mut map)?;
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
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    };
}

/// A field's name on the wire.
macro_rules! wire {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}

pub(crate) use {lenient::set_lenient, record, wire};
