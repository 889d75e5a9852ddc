//! The data of an envelope as JSON text: kept apart, or found in the body when somebody asks.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A body that several hold.
pub(crate) type SharedBody = Arc<dyn AsRef<[u8]> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Snapshot {
    raw: OnceLock<Box<RawValue>>,
    /// Where it is found, if it was not looked for yet.
    within: Option<SharedBody>,
}

impl Snapshot {
    /// Of a body that was read to its end without an error.
    pub(super) fn within(body: SharedBody) -> Self {
        Self {
            raw: OnceLock::new(),
            within: Some(body),
        }
    }

    pub(super) fn raw(&self) -> &RawValue {
        self.raw.get_or_init(|| {
            let body = self.within.as_ref().map(|body| (**body).as_ref());
            find(body.unwrap_or_default()).unwrap_or_else(|| RawValue::NULL.to_owned())
        })
    }
}

fn find(body: &[u8]) -> Option<Box<RawValue>> {
    #[derive(Deserialize)]
    struct Only<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }

    let Only { data } = serde_json::from_slice(body).ok()?;
    Some(data.to_owned())
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self {
            raw: OnceLock::from(raw),
            within: None,
        })
    }
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw().serialize(serializer)
    }
}
