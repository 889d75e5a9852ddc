//! JSON text that is kept as it came.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};
use serde_json::value::RawValue;

use super::value::{RAW_TEXT, Value};

/// The text of a value as it came, and the same as JSON: a part that is not JSON, such as `NaN`, is `null` there.
#[derive(Clone)]
pub(crate) struct RawJson {
    json: Box<RawValue>,
    /// The text, if it is not JSON.
    text: Option<Box<str>>,
}

impl RawJson {
    pub(crate) fn new(json: Box<RawValue>) -> Self {
        Self { json, text: None }
    }

    pub(crate) fn from_text(text: &str) -> Self {
        if let Ok(json) = RawValue::from_string(text.to_owned()) {
            return Self::new(json);
        }
        let mended = mended(Value::new(text)).and_then(|json| RawValue::from_string(json).ok());
        Self {
            json: mended.unwrap_or_else(|| RawValue::NULL.to_owned()),
            text: Some(text.into()),
        }
    }

    /// The text as it came.
    pub(crate) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_else(|| self.json())
    }

    /// The text as JSON.
    pub(crate) fn json(&self) -> &str {
        self.json.get()
    }
}

/// The value as JSON, with `null` for its illegible parts; `None` if nothing of it is legible.
fn mended(value: Value<'_>) -> Option<String> {
    let text = value.text();
    let join = |parts: Vec<String>| parts.join(",");
    let part = |value| mended(value).unwrap_or_else(|| "null".to_owned());
    match text.as_bytes() {
        [b'{', ..] => {
            let members = value.members().ok()?.into_iter();
            let member =
                |(name, value)| Some(format!("{}:{}", serde_json::to_string(&name).ok()?, part(value)));
            let members = members.map(member).collect::<Option<_>>()?;
            Some(format!("{{{}}}", join(members)))
        }
        [b'[', ..] => {
            let elements = value.elements().ok()?.into_iter().map(part).collect();
            Some(format!("[{}]", join(elements)))
        }
        [b'"', ..] => serde_json::to_string(&String::deserialize(value).ok()?).ok(),
        _ => serde_json::from_str::<&RawValue>(text)
            .ok()
            .map(|_| text.to_owned()),
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = RawJson;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<RawJson, D::Error> {
                Box::<RawValue>::deserialize(deserializer).map(RawJson::new)
            }

            fn visit_bytes<E: Error>(self, text: &[u8]) -> Result<RawJson, E> {
                Ok(RawJson::from_text(&String::from_utf8_lossy(text)))
            }
        }

        deserializer.deserialize_newtype_struct(RAW_TEXT, Text)
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}
