//! An envelope and its data in a single pass over the text.
//!
//! Two passes, one for the envelope and one for its data, read the data twice, and nearly all of a large body is data. A
//! single pass needs a known type before the data, as the platform writes it, and text without errors. All other bodies
//! are left to two passes, which name what is wrong.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, Visitor},
};

use super::{
    Envelope, EnvelopeWithData,
    raw_data::{RawData, SharedBody},
};
use crate::{
    EventType,
    kind::Kind,
    record::{Extra, Field, FieldOf, set},
};

const NAMES: &[&str] = &["id", "type", "occurred_at", "event_id", "organization_id", "data"];

/// `None` if a single pass is not possible.
pub(super) fn read<K: Kind>(body: &SharedBody) -> Option<EnvelopeWithData<K::Data>> {
    let mut reader = serde_json::Deserializer::from_slice((**body).as_ref());
    let read = reader.deserialize_map(SinglePass::<K>(body, PhantomData)).ok()?;
    reader.end().ok()?;
    Some(read)
}

struct SinglePass<'b, K>(&'b SharedBody, PhantomData<K>);

impl<'de, K: Kind> Visitor<'de> for SinglePass<'_, K> {
    type Value = EnvelopeWithData<K::Data>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an envelope")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut id, mut event_type, mut occurred_at) = (None, None, None);
        let (mut event_id, mut organization_id, mut data) = (None, None, None);
        let mut extra = Extra::default();
        while let Some(field) = map.next_key_seed(FieldOf(NAMES))? {
            match field {
                Field::Known("id") => set(&mut id, "id", &mut map, &mut extra)?,
                // The data before was read by the type before.
                Field::Known("type") if data.is_some() => {
                    return Err(A::Error::custom("not in a single pass"));
                }
                Field::Known("type") => set(&mut event_type, "type", &mut map, &mut extra)?,
                Field::Known("occurred_at") => set(&mut occurred_at, "occurred_at", &mut map, &mut extra)?,
                Field::Known("event_id") => set(&mut event_id, "event_id", &mut map, &mut extra)?,
                Field::Known("organization_id") => {
                    set(&mut organization_id, "organization_id", &mut map, &mut extra)?;
                }
                Field::Known(_) => {
                    // Data of an unknown type is skipped, so nothing would check that it is UTF-8.
                    let known = event_type
                        .as_ref()
                        .filter(|event_type| data.is_none() && !matches!(event_type, EventType::Other(_)));
                    let event_type = known.ok_or_else(|| A::Error::custom("not in a single pass"))?;
                    data = Some(map.next_value_seed(Data::<K>(event_type, PhantomData))?);
                }
                Field::Unknown(name) => extra.push(name, map.next_value()?),
            }
        }
        let missing = A::Error::missing_field;
        let envelope = Envelope {
            id: id.ok_or_else(|| missing("id"))?,
            event_type: event_type.ok_or_else(|| missing("type"))?,
            occurred_at: occurred_at.ok_or_else(|| missing("occurred_at"))?,
            event_id: event_id.ok_or_else(|| missing("event_id"))?,
            organization_id: organization_id.ok_or_else(|| missing("organization_id"))?,
            raw_data: RawData::within(self.0.clone()),
            extra,
        };
        let data = data.ok_or_else(|| missing("data"))?;
        Ok(EnvelopeWithData { envelope, data })
    }
}

struct Data<'t, K>(&'t EventType, PhantomData<K>);

impl<'de, K: Kind> DeserializeSeed<'de> for Data<'_, K> {
    type Value = K::Data;

    fn deserialize<D: Deserializer<'de>>(self, data: D) -> Result<K::Data, D::Error> {
        if !K::accepts(self.0) {
            return Err(D::Error::custom("the webhook is of another type"));
        }
        K::read(self.0, data)
    }
}
