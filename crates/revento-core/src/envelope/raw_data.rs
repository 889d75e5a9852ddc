//! The data of an envelope as JSON text: kept apart, or found in the body on demand.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::tolerant_json::RawJson;

/// A body with shared ownership.
pub(super) type SharedBody = Arc<dyn AsRef<[u8]> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct RawData {
    json: OnceLock<RawJson>,
    /// The body that holds the text, if it was not searched yet.
    body: Option<SharedBody>,
}

impl RawData {
    /// The data within a body that was read to its end without an error.
    pub(super) fn within(body: SharedBody) -> Self {
        Self {
            json: OnceLock::new(),
            body: Some(body),
        }
    }

    pub(super) fn get(&self) -> &str {
        self.raw().json()
    }

    fn raw(&self) -> &RawJson {
        self.json.get_or_init(|| {
            let body = self.body.as_ref().map(|body| (**body).as_ref());
            find(body.unwrap_or_default()).unwrap_or_else(|| RawJson::new(RawValue::NULL.to_owned()))
        })
    }
}

fn find(body: &[u8]) -> Option<RawJson> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }

    let Body { data } = serde_json::from_slice(body).ok()?;
    Some(RawJson::new(data.to_owned()))
}

#[cfg(any(test, feature = "test-util"))]
impl RawData {
    /// An empty object.
    pub(super) fn empty() -> Self {
        Self::of(&serde_json::Map::new())
    }

    /// Data that can be written as JSON, otherwise `null`.
    pub(super) fn of(data: &impl Serialize) -> Self {
        let json = serde_json::value::to_raw_value(data).unwrap_or_else(|_| RawValue::NULL.to_owned());
        Self {
            json: OnceLock::from(RawJson::new(json)),
            body: None,
        }
    }
}

impl<'de> Deserialize<'de> for RawData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = RawJson::deserialize(deserializer)?;
        Ok(Self {
            json: OnceLock::from(json),
            body: None,
        })
    }
}

impl Serialize for RawData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw().serialize(serializer)
    }
}
