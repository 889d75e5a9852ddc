//! [`WithJson`]: a value beside the JSON that it was read from.

use std::fmt;

use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error};

use crate::tolerant_json::{self, RawJson};

/// A value, and its JSON text as it came. For callers that keep the original beside what they understand of it.
///
/// ```
/// use revento_core::{WithJson, resource::Location};
///
/// let location: WithJson<Location> = serde_json::from_str(r#"{"id":"loc_1", "floor":2}"#)?;
/// assert_eq!(location.value.id.as_str(), "loc_1");
/// assert_eq!(location.json(), r#"{"id":"loc_1", "floor":2}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct WithJson<T> {
    /// The value.
    pub value: T,
    json: RawJson,
}

impl<T> WithJson<T> {
    /// The JSON text. It is valid JSON: a part that is not, such as `NaN`, is `null`.
    pub fn json(&self) -> &str {
        self.json.json()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for WithJson<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = RawJson::deserialize(deserializer)?;
        match tolerant_json::read(json.text().as_bytes()) {
            Ok(value) => Ok(Self { value, json }),
            Err(error) => Err(D::Error::custom(error)),
        }
    }
}

/// Shows the size of the JSON only, because it contains personal data.
impl<T: fmt::Debug> fmt::Debug for WithJson<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithJson")
            .field("value", &self.value)
            .field("json_bytes", &self.json().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Page, resource::Participant};

    #[test]
    fn an_item_keeps_its_text_and_a_bad_one_hides_no_other() {
        let body = br#"{"data":[{"id":"p1","application_status":"approved","x":[1, 2]},{"id":"p2"},
            {"id":"p3","application_status":"approved","y":NaN}],"has_more":false}"#;
        let page = Page::<WithJson<Participant>>::read(body).unwrap();
        let texts: Vec<_> = page.data.iter().map(WithJson::json).collect();
        assert_eq!(
            texts,
            [
                r#"{"id":"p1","application_status":"approved","x":[1, 2]}"#,
                r#"{"id":"p3","application_status":"approved","y":null}"#
            ]
        );
        assert_eq!(page.bad_items.len(), 1);
        assert_eq!(page.bad_items[0].id(), Some("p2"));
        let said = page.bad_items[0].to_string();
        assert!(said.contains("application_status"), "{said}");
    }
}
