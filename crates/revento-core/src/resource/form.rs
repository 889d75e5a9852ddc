//! The answers to an organizer's own form.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::value::RawValue;

/// `custom_form_fields`: a free-form object, kept as raw JSON until asked for.
#[derive(Clone, Default)]
pub struct FormFields(Option<Box<RawValue>>);

impl FormFields {
    /// The answers as a type of the caller's own.
    ///
    /// # Errors
    /// When the object does not fit the type; the error names the place.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ParseFormError> {
        serde_json::from_str(self.as_json()).map_err(ParseFormError)
    }

    /// The answers as JSON text, `{}` where there are none.
    pub fn as_json(&self) -> &str {
        self.0.as_ref().map_or("{}", |raw| raw.get())
    }
}

/// The answers do not fit the type that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the answers do not fit the type ({0}): make optional what an organizer can take off the form")]
pub struct ParseFormError(#[source] serde_json::Error);

/// Answers are personal data: only their size is shown.
impl std::fmt::Debug for FormFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FormFields({} bytes)", self.as_json().len())
    }
}

impl PartialEq for FormFields {
    fn eq(&self, other: &Self) -> bool {
        self.as_json() == other.as_json()
    }
}

impl<'de> Deserialize<'de> for FormFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self((raw.get() != "null").then_some(raw)))
    }
}

/// As it came; `{}` where there are none.
impl Serialize for FormFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(raw) => raw.serialize(serializer),
            None => serializer.collect_map::<&str, &str, _>([]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Answers {
        favorite_track: Option<String>,
    }

    #[test]
    fn answers_are_read_into_the_callers_type() {
        let fields: FormFields = serde_json::from_str(r#"{"favorite_track":"systems","x":[1]}"#).unwrap();
        assert_eq!(
            fields.parse::<Answers>().unwrap().favorite_track.as_deref(),
            Some("systems")
        );
        assert_eq!(format!("{fields:?}"), "FormFields(36 bytes)");
    }

    #[test]
    fn no_answers_are_an_empty_object() {
        assert_eq!(FormFields::default().as_json(), "{}");
        assert_eq!(
            serde_json::from_str::<FormFields>("null").unwrap().as_json(),
            "{}"
        );
    }
}
